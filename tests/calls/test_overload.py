"""Too much of anything is refused in words, by code, and costs nobody else anything."""

from __future__ import annotations

import asyncio
import socket as sockets
import uuid
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from calls.live.pace import BURST, Pace, TooFast, pace, socket_count
from calls.live.registry import registry
from tenants.context import Business
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.talking import Caller, Socket, say_hello, wait_until
from tests.server import Server


async def closes(socket: Socket) -> tuple[int, str]:
    async with socket as audio:
        audio.send({"type": "hello", "protocol": 1, "encoding": "linear16", "sample_rate": 16_000, "channels": 2,
                    "resume": 0})  # fmt: skip
        closed = await audio.closed()
        return closed.code, closed.reason


async def test_a_full_process_says_so_and_has_room_again(
    live: None, hears: Hears, caller: MakeCaller, settings: Settings
) -> None:
    settings.LIVE_CALLS_MAX = 1
    rep, colleague = await caller("rep"), await caller("rep")
    first, second = await rep.start_call(), await colleague.start_call()
    async with rep.audio(first) as audio:
        await say_hello(audio)
        assert await closes(colleague.audio(second)) == (
            1013,
            "This server is full: try again in a moment. Your browser keeps the audio until then.",
        )
        status, answer = await colleague.post("/api/calls", {"channels": 1})
        assert (status, answer["code"]) == (503, "server_full")
        # Who is in may come back.
        async with rep.audio(first) as again:
            await say_hello(again)
    assert (await rep.post(f"/api/calls/{first}/end"))[0] == 200
    async with colleague.audio(second) as audio:
        await say_hello(audio)


async def test_one_business_does_not_take_the_room_of_another(
    live: None, hears: Hears, caller: MakeCaller, settings: Settings, businesses: dict[str, Business]
) -> None:
    settings.LIVE_CALLS_PER_BUSINESS = 1
    rep, colleague = await caller("rep"), await caller("rep")
    stranger = await caller("rep", business=businesses["globex"])
    call_id, other = await rep.start_call(), await colleague.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        status, answer = await colleague.post(f"/api/calls/{other}/audio?first_sample=0", raw=b"\0" * 6_400)
        assert (status, answer["code"]) == (429, "too_many_calls")
        assert (await closes(colleague.audio(other)))[0] == 4429
        async with stranger.audio(await stranger.start_call()) as theirs:
            await say_hello(theirs)


async def test_one_member_has_so_many_sockets_and_no_more(
    live: None, hears: Hears, caller: MakeCaller, settings: Settings, businesses: dict[str, Business]
) -> None:
    settings.SOCKETS_PER_MEMBER = 2
    rep, stranger = await caller("rep"), await caller("rep", business=businesses["globex"])
    call_id = await rep.start_call()
    async with rep.events(call_id) as one, rep.events(call_id) as two:
        await one.receive()
        await two.receive()
        async with rep.events(call_id) as three:
            assert (await three.closed()).code == 4429
        async with stranger.events(await stranger.start_call()) as theirs:
            assert (await theirs.receive())["seq"] == 1
    async with rep.events(call_id) as again:
        assert (await again.receive())["seq"] == 1
    assert not socket_count._open


@pytest.fixture
def unpaced() -> Iterator[None]:
    yield
    pace._left.clear()


async def test_a_flood_of_actions_closes_the_socket_and_not_the_call(
    live: None, hears: Hears, caller: MakeCaller, unpaced: None
) -> None:
    rep, manager = await caller("rep"), await caller("manager")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio, manager.events(call_id) as board:
        await say_hello(audio)
        for _ in range(BURST + 5):
            board.send({"type": "note", "text": "again"})
        closed = await board.closed()
        assert (closed.code, closed.reason) == (4429, "Too many messages at once: wait a moment.")
        status, answer = await manager.post(f"/api/calls/{call_id}/actions", {"type": "note", "text": "and again"})
        assert (status, answer["code"]) == (429, "too_fast")
        session = registry.get(rep.business, uuid.UUID(call_id))
        assert session is not None
        await wait_until(lambda: session.log.is_clean)
    assert [row.kind for row in await rep.log(call_id)].count("note") == BURST


async def test_what_is_said_again_since_its_answer_was_lost_counts_once(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    rep, manager = await caller("rep"), await caller("manager")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio, rep.events(call_id) as events, manager.events(call_id) as board:
        await say_hello(audio)
        board.send({"type": "note", "text": "Ask who signs."})
        card = (await events.until_kind("card"))["payload"]["id"]
        for _ in range(3):
            events.send({"type": "pinned", "card_id": card})
            events.send({"type": "painted", "card_id": card, "latency_ms": 40})
        events.send({"type": "used", "card_id": card})
        await events.until(lambda one: one.get("payload", {}).get("action") == "used")
    done = [one["payload"]["action"] for one in events.events() if one["kind"] == "card_action"]
    assert sorted(done) == ["painted", "pinned", "used"]


def test_pace_comes_back_with_time() -> None:
    now = [0.0]
    tempo = Pace(lambda: now[0])
    for _ in range(BURST):
        tempo.spend((1, 1))
    with pytest.raises(TooFast):
        tempo.spend((1, 1))
    tempo.spend((1, 2))
    now[0] = 1.0
    for _ in range(4):
        tempo.spend((1, 1))


@pytest.mark.sockets
async def test_a_reader_who_does_not_read_is_let_go(committed_db: None, caller: MakeCaller) -> None:
    """Its window stays shut while the log grows: the server keeps a megabyte for it, not all of it."""
    from tests.calls.programs import Client, closed, line

    with Server(SPEECH_PROVIDER="none") as server:
        rep = await caller("rep")
        client = Client(server, rep)
        call_id = await client.start_call()
        deaf = sockets.socket()
        deaf.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4_096)
        deaf.setblocking(False)
        await asyncio.get_running_loop().sock_connect(deaf, server.address)
        await asyncio.get_running_loop().sock_sendall(deaf, handshake(rep, server.port, call_id))
        async with client.events(call_id) as reads:
            reading = asyncio.create_task(closed(reads))
            while 'salespilot_sockets_open{socket="events"} 2.0' not in (await client.get("/metrics")).text:  # noqa: ASYNC110 - another process counts
                await asyncio.sleep(0.05)
            text = {"text": "so much to say " * 30}
            for number in range(200):
                spoken = [{**line(one), **text, "utterance": number * 20 + one} for one in range(20)]
                answer = await client.post(f"/api/calls/{call_id}/lines", {"lines": spoken})
                assert answer.status_code == 200, answer.text
                if 'salespilot_sockets_open{socket="events"} 1.0' in (await client.get("/metrics")).text:
                    break
            else:
                pytest.fail("the reader who does not read was kept")
            # Who reads is still there.
            assert not reading.done()
            await reads.close()
            assert (await reading)[0] == 1000
        deaf.close()


def handshake(rep: Caller, port: int, call_id: str) -> bytes:
    return (
        f"GET /ws/calls/{call_id}/events?after=0 HTTP/1.1\r\nHost: {rep.host}:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {rep.key}\r\n\r\n"
    ).encode()
