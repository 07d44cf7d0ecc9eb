"""A business that is erased while one of its calls runs: the call ends in order, its sockets with it."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tenants.context import Business, business_scope
from tenants.members.models import ApiKey, Member
from tests.calls.talking import FRAME_SAMPLES, HELLO, frame
from tests.erasure.commands import files_with, manage, rows_with
from tests.erasure.conftest import SCHEMA
from tests.isolation.test_sockets_end import closed_with
from tests.server import Server

pytestmark = pytest.mark.sockets


@pytest.fixture(scope="module")
def server(businesses: dict[str, Business]) -> Iterator[Server]:
    with Server(SPEECH_PROVIDER="none") as running:
        yield running


class Program:
    """A program of a rep, by key."""

    def __init__(self, server: Server, business: Business, canary: str) -> None:
        self.host, self.port = server.address
        self.name = f"{canary}.localhost:{self.port}"
        with business_scope(business):
            rep = Member.objects.create_member(email=f"{canary}-rep@example.com", name=f"{canary} Rep", roles=["rep"])
            self.key = ApiKey.issue(member=rep, name="test")[1]

    async def request(self, method: str, path: str, content: Any = None) -> httpx.Response:
        headers = {"Host": self.name, "Authorization": f"Bearer {self.key}"}
        async with httpx.AsyncClient(base_url=f"http://{self.host}:{self.port}", trust_env=False, timeout=30) as http:
            return await http.request(method, path, json=content, headers=headers)

    def socket(self, call: str, kind: str) -> Any:
        return connect(
            f"ws://{self.name}/ws/calls/{call}/{kind}",
            host=self.host,
            port=self.port,
            additional_headers={"Authorization": f"Bearer {self.key}"},
            proxy=None,
        )


async def talk(audio: Any) -> None:
    """A tenth of a second of sound each second, until the server closes."""
    with suppress(ConnectionClosed):
        for first in itertools.count(0, FRAME_SAMPLES):
            await audio.send(frame(first))
            await asyncio.sleep(1)


@pytest.mark.timeout(240)
async def test_a_call_that_runs_ends_in_order_and_nobody_gets_in_any_more(
    fresh: Business, canary: str, server: Server
) -> None:
    program = await sync_to_async(Program)(server, fresh, canary)
    made = await program.request("POST", "/api/calls", {"channels": 2})
    assert made.status_code == 201, made.text
    call = made.json()["id"]
    async with program.socket(call, "audio") as audio, program.socket(call, "events") as events:
        await audio.send(json.dumps(HELLO))
        assert json.loads(await asyncio.wait_for(audio.recv(), 20))["type"] == "ready"
        talking = asyncio.create_task(talk(audio))
        refused = await sync_to_async(manage, thread_sensitive=False)("erase_business", SCHEMA, "--yes", SCHEMA)
        assert refused.returncode == 1
        assert "--end-calls" in refused.stderr
        erasing = asyncio.create_task(
            sync_to_async(manage, thread_sensitive=False)("erase_business", SCHEMA, "--yes", SCHEMA, "--end-calls")
        )
        ends = await asyncio.wait_for(asyncio.gather(closed_with(audio), closed_with(events)), 60)
        done = await erasing
        await talking
    assert done.returncode == 0, done.stderr
    assert "Ending 1 calls." in done.stdout
    # Hung up in order, or signed out, whichever came first.
    assert set(ends) <= {4403, 4401}
    assert (await program.request("GET", f"/api/calls/{call}")).status_code == 404
    assert rows_with(canary) == []
    assert files_with(canary) == []
