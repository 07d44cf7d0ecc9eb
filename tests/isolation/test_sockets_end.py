"""A right that ends takes its open sockets and waiting polls along within 10 s, at the real timer."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tenants.context import Business, business_scope
from tenants.members.models import ApiKey, Member
from tests.calls.talking import HELLO
from tests.conftest import ClientFor, MakeMember
from tests.server import Server

pytestmark = [pytest.mark.sockets, pytest.mark.usefixtures("committed_db")]

WITHIN_S = 10.0
SESSION = "session"


@pytest.fixture(scope="module")
def server(businesses: dict[str, Business]) -> Iterator[Server]:
    with Server(SPEECH_PROVIDER="none") as running:
        yield running


@pytest.fixture
def rep(member: MakeMember) -> Member:
    return member("rep", name="Ada")


@pytest.fixture
def cookie(rep: Member, client_for: ClientFor) -> str:
    return str(client_for(rep).cookies[SESSION].value)


async def call_of(acme: Business, rep: Member, server: Server) -> str:
    """Started by a program of hers, so that this needs no CSRF token."""

    def issue() -> str:
        with business_scope(acme):
            return ApiKey.issue(member=rep, name="test")[1]

    secret = await sync_to_async(issue)()
    host, port = server.address
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False, timeout=30) as http:
        made = await http.post(
            "/api/calls",
            json={"channels": 2},
            headers={"Host": f"acme.localhost:{port}", "Authorization": f"Bearer {secret}"},
        )
    assert made.status_code == 201, made.text
    return str(uuid.UUID(made.json()["id"]))


def opened(server: Server, call: str, kind: str, cookie: str) -> Any:
    host, port = server.address
    return connect(
        f"ws://acme.localhost:{port}/ws/calls/{call}/{kind}",
        host=host,
        port=port,
        origin=f"http://acme.localhost:{port}",  # type: ignore[arg-type]
        additional_headers={"Cookie": f"{SESSION}={cookie}"},
        proxy=None,
    )


async def closed_with(socket: ClientConnection) -> int:
    """Reads until the server closes."""
    with suppress(ConnectionClosed):
        while True:
            await socket.recv()
    assert socket.close_code is not None
    return socket.close_code


class Poll:
    """Asks again and again, as a browser does, until the answer is no list of events: `ended` is its status."""

    def __init__(self, server: Server, call: str, cookie: str) -> None:
        host, port = server.address
        self._path = f"http://{host}:{port}/api/calls/{call}/events"
        self._headers = {"Host": f"acme.localhost:{port}", "Cookie": f"{SESSION}={cookie}"}
        self._has_all = asyncio.Event()
        self.ended = asyncio.create_task(self._ask_on())

    async def ask(self, after: int, *, wait: int) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            return await http.get(self._path, params={"after": after, "wait": wait}, headers=self._headers)

    async def waits(self) -> None:
        """Returns when the server holds a question back: one that came after it was answered."""
        await asyncio.wait_for(self._has_all.wait(), 20)
        assert (await self.ask(0, wait=0)).status_code == 200
        assert not self.ended.done()

    async def _ask_on(self) -> int:
        after = 0
        while True:
            answer = await self.ask(after, wait=25)
            if answer.status_code != 200:
                return answer.status_code
            after = answer.json()["last"]
            self._has_all.set()


@pytest.mark.parametrize("end", ["disabled", "signed out", "other roles"])
async def test_everything_open_ends_within_ten_seconds(
    acme: Business, rep: Member, cookie: str, client_for: ClientFor, server: Server, end: str
) -> None:
    def take_away() -> None:
        with business_scope(acme):
            if end == "disabled":
                Member.objects.filter(pk=rep.pk).update(is_active=False)
            elif end == "other roles":
                Member.objects.filter(pk=rep.pk).update(roles=["billing"])
            else:
                client = client_for(None)
                client.cookies[SESSION] = cookie
                client.post("/sign-out/")

    call = await call_of(acme, rep, server)
    async with opened(server, call, "audio", cookie) as audio, opened(server, call, "events", cookie) as events:
        await audio.send(json.dumps(HELLO))
        assert json.loads(await asyncio.wait_for(audio.recv(), 20))["type"] == "ready"
        poll = Poll(server, call, cookie)
        await poll.waits()
        await sync_to_async(take_away)()
        began = time.monotonic()
        ends = await asyncio.wait_for(
            asyncio.gather(closed_with(audio), closed_with(events), poll.ended), timeout=3 * WITHIN_S
        )
        took = time.monotonic() - began
    expected = [403, 401] if end == "other roles" else [401]
    *closed, polled = ends
    assert closed == [4401, 4401]
    assert polled in expected
    assert took < WITHIN_S
