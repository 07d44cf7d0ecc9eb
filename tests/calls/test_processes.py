"""Several real processes: a killed owner, a move, wake-ups and mail between two servers, close codes on the wire."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import uuid
from collections.abc import Iterator
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from calls.live.threads import in_thread
from calls.models import Call, CallEvent
from calls.services import claim_epoch
from tenants.context import Business, business_scope
from tests.calls.conftest import MakeCaller
from tests.calls.programs import WITHIN_S, Client, closed, hello, line, speak, until
from tests.calls.talking import Caller
from tests.server import Server

pytestmark = pytest.mark.sockets


@pytest.fixture
def doomed(committed_db: None) -> Iterator[Server]:
    """A server that does not outlive its test."""
    with Server(SPEECH_PROVIDER="none") as running:
        yield running


@pytest.fixture(scope="module")
def server(businesses: dict[str, Business]) -> Iterator[Server]:
    with Server(SPEECH_PROVIDER="none") as running:
        yield running


@pytest.fixture(scope="module")
def second(businesses: dict[str, Business]) -> Iterator[Server]:
    with Server(SPEECH_PROVIDER="none") as running:
        yield running


@pytest.fixture
async def rep(caller: MakeCaller) -> Caller:
    return await caller("rep")


async def test_a_killed_owner_is_followed_by_another_and_nothing_acknowledged_is_lost(
    doomed: Server, second: Server, rep: Caller
) -> None:
    first_client, second_client = Client(doomed, rep), Client(second, rep)
    call_id = await first_client.start_call()
    async with first_client.audio(call_id) as audio:
        assert (await hello(audio))["epoch"] == 1
        await speak(audio, 3)
        assert (
            await first_client.post(f"/api/calls/{call_id}/lines", {"lines": [line(1), line(2)]})
        ).status_code == 200
        acked = 0
        while acked < 48_000:
            acked = (await until(audio, type="ack"))["samples"]
        await rep_has_lines(rep, call_id, 2)
        doomed.kill("web")
        assert (await closed(audio))[0] == 1006
    async with second_client.audio(call_id) as audio, second_client.events(call_id) as events:
        ready = await hello(audio, resume=acked)
        assert ready == {"type": "ready", "epoch": 2, "next_sample": acked}
        await speak(audio, 1, first_sample=acked)
        assert (await second_client.post(f"/api/calls/{call_id}/lines", {"lines": [line(3)]})).json() == {"taken": 1}
        texts: list[str] = []
        while len(texts) < 3:
            texts.append((await until(events, kind="line"))["payload"]["text"])
        assert texts == ["line number 1", "line number 2", "line number 3"]
        await second_client.post(f"/api/calls/{call_id}/end")
        await until(events, kind="call_ended")
    assert [row.payload["text"] for row in await rep.log(call_id) if row.kind == "line"] == texts


async def rep_has_lines(rep: Caller, call_id: str, count: int) -> None:
    def read() -> int:
        with business_scope(rep.business):
            return CallEvent.objects.filter(call_id=call_id, kind="line").count()

    async with asyncio.timeout(WITHIN_S):
        while await in_thread(read)() < count:  # noqa: ASYNC110 - another process writes them
            await asyncio.sleep(0.05)


async def test_a_server_that_stops_sends_its_calls_to_another(doomed: Server, second: Server, rep: Caller) -> None:
    client = Client(doomed, rep)
    call_id = await client.start_call()
    async with client.audio(call_id) as audio:
        await hello(audio)
        end = await speak(audio, 2)
        os.kill(doomed.pid("web"), signal.SIGTERM)
        assert await closed(audio) == (1012, "Moving: reconnect at once.")
    moved = Client(second, rep)
    async with moved.audio(call_id) as audio:
        ready = await hello(audio)
        assert ready == {"type": "ready", "epoch": 2, "next_sample": end}
    assert "Traceback" not in doomed.output()


async def test_a_claim_from_elsewhere_closes_the_stale_owners_socket(server: Server, rep: Caller) -> None:
    client = Client(server, rep)
    call_id = await client.start_call()

    def claim() -> int:
        with business_scope(rep.business):
            return claim_epoch(uuid.UUID(call_id))

    async with client.audio(call_id) as audio:
        await hello(audio)
        await speak(audio, 1)
        await until(audio, type="ack", samples=16_000)
        assert await in_thread(claim)() == 2
        code, reason = await closed(audio)
        assert code == 4409
        assert reason


async def test_a_manager_at_another_server_sees_the_log_and_reaches_the_rep(
    server: Server, second: Server, rep: Caller, caller: MakeCaller
) -> None:
    client, board = Client(server, rep), Client(second, await caller("manager"))
    call_id = await client.start_call()
    async with client.audio(call_id) as audio, client.events(call_id) as events, board.events(call_id) as watching:
        await hello(audio)
        await client.post(f"/api/calls/{call_id}/lines", {"lines": [line(1)]})
        assert (await until(watching, kind="line"))["payload"]["text"] == "line number 1"
        await watching.send(json.dumps({"type": "note", "text": "Ask who signs."}))
        assert (await until(events, kind="note"))["payload"]["text"] == "Ask who signs."
        assert (await until(watching, kind="card"))["payload"]["lane"] == "manager"
        answer = await Client(second, rep).post(f"/api/calls/{call_id}/end")
        assert answer.json()["state"] == "ended"
        await until(events, kind="call_ended")
        await until(watching, kind="call_ended")
    log = await rep.log(call_id)
    assert [row.kind for row in log].count("call_ended") == 1
    assert log[-1].kind == "call_ended"


@pytest.mark.parametrize(
    ("message", "code"), [(b"\0" * 10_000_000, 4413), (b"\0" * 100_000, 4413), (b"\0" * 9, 4400), ("text", 4400)]
)
async def test_real_close_frames_carry_code_and_reason(
    server: Server, rep: Caller, message: bytes | str, code: int
) -> None:
    client = Client(server, rep)
    call_id = await client.start_call()
    async with client.audio(call_id) as audio:
        await hello(audio)
        with suppress(ConnectionClosed):
            await audio.send(message)
        found = await closed(audio)
        assert found[0] == code
        assert found[1].endswith(".")
    async with client.audio(call_id) as audio:
        await hello(audio)
        await speak(audio, 1)
        await until(audio, type="ack", samples=16_000)
    assert "Traceback" not in server.output()


async def test_on_uvicorn_too_a_call_runs_and_closes_with_reasons(committed_db: None, caller: MakeCaller) -> None:
    with Server(web_server="uvicorn", SPEECH_PROVIDER="none") as server:
        client = Client(server, await caller("rep"))
        call_id = await client.start_call()
        async with client.audio(call_id) as audio:
            await hello(audio)
            await speak(audio, 1)
            await until(audio, type="ack", samples=16_000)
            await audio.send("text")
            assert (await closed(audio))[0] == 4400
        assert "Traceback" not in server.output()


async def test_frames_are_answered_while_the_database_sleeps(server: Server, rep: Caller) -> None:
    """A query that holds the call's row stalls its acks, but neither its sockets nor anybody's screen."""
    client = Client(server, rep)
    call_id = await client.start_call()
    release = asyncio.Event()
    locked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold() -> None:
        from django.db import transaction

        with business_scope(rep.business), transaction.atomic():
            list(Call.objects.select_for_update().filter(pk=call_id))
            loop.call_soon_threadsafe(locked.set)
            asyncio.run_coroutine_threadsafe(release.wait(), loop).result(WITHIN_S)

    async with client.audio(call_id) as audio, client.events(call_id) as events:
        await hello(audio)
        await until(events, type="event", seq=1)
        holding = asyncio.ensure_future(in_thread(hold)())
        await locked.wait()
        began = loop.time()
        await speak(audio, 1)
        await until(events, type="meters")
        assert loop.time() - began < 2.0
        release.set()
        await holding
        await until(audio, type="ack", samples=16_000)
