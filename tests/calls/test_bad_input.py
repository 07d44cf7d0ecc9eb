"""Bad input and wrong people: each has its close code and a reason, the call goes on and its log stays whole."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from coaching.types import Channel
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.talking import HELLO, Caller, Closed, Socket, frame, say_hello, speak
from tests.speech.fakes import ScriptedTurn

pytestmark = pytest.mark.sockets

TURN = ScriptedTurn(Channel.REP, 300, 1_200, "let us go on as if nothing happened")


async def call_goes_on(rep: Caller, call_id: str, resume: int) -> None:
    """Connects again, is heard, hangs up: the log has no hole and the line in it."""
    async with rep.audio(call_id) as audio:
        ready = await say_hello(audio, resume=resume)
        end = speak(audio, 3, first_sample=ready["next_sample"])
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)
    status, _ = await rep.post(f"/api/calls/{call_id}/end")
    assert status == 200
    log = await rep.log(call_id)
    assert log[-1].kind == "call_ended"
    assert [row.payload["text"] for row in log if row.kind == "line"] == [TURN.text]


def is_readable(closed: Closed) -> bool:
    return closed.reason.endswith(".") and len(closed.reason.encode()) <= 123


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"", 4400),
        (b"\0\0\0", 4400),
        (b"\0" * 8, 4400),
        (frame(0)[:-1], 4400),
        (frame(0)[:-2], 4400),
        (b"\xff" * 8 + b"\0" * 64, 4400),
        (frame(0, 16_001), 4413),
        (b"\0" * 70_000, 4413),
        (b"\0" * 10_000_000, 4413),
        (frame(60 * 16_000), 4429),
        ("hello again", 4400),
        (HELLO, 4400),
        ({"type": "dance"}, 4400),
    ],
    ids=[
        "empty", "header too short", "no samples", "odd bytes", "half a pair", "position", "over a second",
        "over 64 KB", "10 MB", "from the future", "text", "second hello", "unknown kind",
    ],
)  # fmt: skip
async def test_what_is_no_frame_closes_the_socket_and_not_the_call(
    live: None, hears: Hears, caller: MakeCaller, message: Any, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    hears(TURN)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        audio.send(frame(0))
        audio.send(message)
        closed = await audio.closed()
        assert closed.code == code
        assert is_readable(closed)
        assert audio.messages[-1] == {"type": "error", "code": code, "message": closed.reason}
    await call_goes_on(rep, call_id, resume=0)
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(
    "first",
    [
        frame(0), b"", "", "hello", "[]", {"type": "ready"}, {**HELLO, "protocol": 9}, {**HELLO, "channels": 7},
        {**HELLO, "channels": 1}, {**HELLO, "sample_rate": 44_100}, {**HELLO, "language": "en"},
    ],
)  # fmt: skip
async def test_what_is_no_hello_closes_the_socket(
    live: None, hears: Hears, caller: MakeCaller, first: Any, caplog: pytest.LogCaptureFixture
) -> None:
    hears(TURN)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        audio.send(first)
        closed = await audio.closed()
        assert closed.code == 4400
        assert is_readable(closed)
    await call_goes_on(rep, call_id, resume=0)
    assert not [record for record in caplog.records if record.exc_info]


async def test_frames_that_overlap_or_come_late_are_heard_once(live: None, hears: Hears, caller: MakeCaller) -> None:
    engine = hears(TURN)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        for first in (0, 0, 800, 1_600, 0, 2_400, 4_000):
            audio.send(frame(first))
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == 5_600)
    assert engine is not None
    assert engine.streams[0].sent == [(0, 1_600), (1_600, 800), (2_400, 800), (3_200, 800), (4_000, 1_600)]


async def test_a_hole_is_seen_and_told(live: None, hears: Hears, caller: MakeCaller) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        audio.send(frame(0))
        audio.send(frame(32_000))
        gap = await events.until_kind("gap")
        assert (gap["payload"]["start_ms"], gap["payload"]["end_ms"]) == (100, 2_000)


async def test_a_recording_sent_faster_than_it_is_heard_is_told_to_wait(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call(source="replay", channels=1)
    async with rep.audio(call_id) as audio:
        await say_hello(audio, channels=1)
        for second in range(90):
            audio.send(frame(second * 16_000, 16_000, channels=1))
        closed = await audio.closed()
        assert closed.code == 4429
        assert is_readable(closed)


@pytest.mark.parametrize(
    "message",
    [
        "no json", "[]", {"type": "dance"}, {"type": "used"}, {"type": "used", "card_id": "c", "more": 1},
        {"type": "painted", "card_id": "c"}, b"\0" * 100, "x" * 9_000,
    ],
)  # fmt: skip
async def test_an_unknown_message_closes_the_events_socket_in_words(
    live: None, hears: Hears, caller: MakeCaller, message: Any, caplog: pytest.LogCaptureFixture
) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.events(call_id) as events:
        events.send(message)
        closed = await events.closed()
        assert closed.code == 4400
        assert is_readable(closed)
        assert events.messages[-1]["type"] == "error"
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "99999999999", "%C2%B2", ""])
async def test_a_cursor_that_is_no_number_is_refused(live: None, hears: Hears, caller: MakeCaller, after: str) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.events(call_id, after=after) as events:
        if after == "":
            assert (await events.receive())["seq"] == 1
            return
        assert (await events.closed()).code == 4400


async def test_the_wrong_person_for_a_message_is_told_and_stays(live: None, hears: Hears, caller: MakeCaller) -> None:
    rep, manager = await caller("rep"), await caller("manager")
    call_id = await rep.start_call()
    async with rep.events(call_id) as events, manager.events(call_id) as board:
        events.send({"type": "note", "text": "to myself"})
        assert (await events.until(lambda one: one["type"] == "error"))["code"] == 4403
        board.send({"type": "used", "card_id": "c"})
        assert (await board.until(lambda one: one["type"] == "error"))["code"] == 4403
        board.send({"type": "painted", "card_id": "c", "latency_ms": 1})
        assert (await board.until(lambda one: one["type"] == "error"))["code"] == 4403
    assert [row.kind for row in await rep.log(call_id)] == ["call_started"]


async def closes(socket: Socket) -> Closed:
    async with socket:
        socket.send(HELLO)
        return await socket.closed()


@pytest.mark.parametrize("role", ["rep", "manager", "admin", "billing"])
async def test_a_stranger_from_another_business_finds_nothing(
    live: None, hears: Hears, caller: MakeCaller, globex: Any, role: str
) -> None:
    rep = await caller("rep")
    stranger = await caller(role, business=globex)
    call_id = await rep.start_call()
    for socket in (stranger.audio(call_id), stranger.events(call_id)):
        closed = await closes(socket)
        assert closed.code == 4404
        assert is_readable(closed)
    base = f"/api/calls/{call_id}"
    assert (await stranger.get(base))[0] == 404
    assert (await stranger.get(f"{base}/events?after=0"))[0] == 404
    assert (await stranger.post(f"{base}/end"))[0] == 404
    assert (await stranger.post(f"{base}/audio?first_sample=0", raw=b"\0" * 64))[0] == 404
    assert (await stranger.post(f"{base}/lines", {"lines": []}))[0] == 404
    assert (await stranger.post(f"{base}/actions", {"type": "used", "card_id": "c"}))[0] in {403, 404}
    assert [row.kind for row in await rep.log(call_id)] == ["call_started"]


async def test_a_strangers_key_opens_no_socket_of_this_business(
    live: None, hears: Hears, caller: MakeCaller, globex: Any
) -> None:
    rep, stranger = await caller("rep"), await caller("rep", business=globex)
    call_id = await rep.start_call()
    socket = rep.events(call_id)
    socket.headers = [(b"host", rep.host.encode()), (b"authorization", f"Bearer {stranger.key}".encode())]
    assert (await closes(socket)).code == 4401


@pytest.mark.parametrize("role", ["rep", "billing"])
async def test_a_colleague_may_neither_feed_nor_see_the_call(
    live: None, hears: Hears, caller: MakeCaller, role: str
) -> None:
    rep, colleague = await caller("rep"), await caller(role)
    call_id = await rep.start_call()
    for socket in (colleague.audio(call_id), colleague.events(call_id)):
        closed = await closes(socket)
        assert closed.code == 4403
        assert is_readable(closed)
    for path in (f"/api/calls/{call_id}", f"/api/calls/{call_id}/events"):
        status, answer = await colleague.get(path)
        assert (status, answer["code"]) == (403, "not_allowed")


async def test_a_manager_watches_but_does_not_feed(live: None, hears: Hears, caller: MakeCaller) -> None:
    rep, manager = await caller("rep"), await caller("manager")
    call_id = await rep.start_call()
    assert (await closes(manager.audio(call_id))).code == 4403
    async with manager.events(call_id) as board:
        assert (await board.receive())["kind"] == "call_started"
    assert (await manager.post(f"/api/calls/{call_id}/end"))[0] == 403


async def test_an_ended_call_takes_nothing_live_and_still_tells_its_log(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    assert (await rep.post(f"/api/calls/{call_id}/end"))[0] == 200
    assert (await rep.post(f"/api/calls/{call_id}/end"))[0] == 200
    closed = await closes(rep.audio(call_id))
    assert (closed.code, closed.reason) == (4403, "This call has ended.")
    async with rep.events(call_id) as events:
        assert [(await events.receive())["kind"] for _ in range(2)] == ["call_started", "call_ended"]
    line = {"channel": "rep", "text": "hello", "start_ms": 0, "end_ms": 500, "is_final": True, "utterance": 1}
    status, answer = await rep.post(f"/api/calls/{call_id}/lines", {"lines": [line]})
    assert (status, answer["code"]) == (409, "call_ended")
    status, answer = await rep.get(f"/api/calls/{call_id}/events?after=2&wait=0")
    assert answer == {"events": [], "last": 2}


async def test_a_call_that_never_was_is_4404(live: None, hears: Hears, caller: MakeCaller) -> None:
    rep = await caller("rep")
    assert (await closes(rep.audio(str(uuid.uuid4())))).code == 4404
    socket = rep.audio("not-a-call")
    assert (await closes(socket)).code == 4404


@pytest.mark.parametrize(
    ("path", "content", "raw", "status"),
    [
        ("/api/calls", {"channels": 3}, None, 400),
        ("/api/calls", {"channels": 0}, None, 400),
        ("/api/calls", {"channels": "two"}, None, 400),
        ("/api/calls", {"channel": 2}, None, 400),
        ("/api/calls", {"customer": 5}, None, 400),
        ("/api/calls", {"customer": "x" * 121}, None, 400),
        ("/api/calls", {"source": "moon"}, None, 400),
        ("/api/calls", None, b"{", 400),
        ("/api/calls", None, b"\xff\xfe", 400),
        ("/api/calls", None, b"[1]", 400),
        ("{call}/audio", None, b"\0" * 64, 400),
        ("{call}/audio?first_sample=x", None, b"\0" * 64, 400),
        ("{call}/audio?first_sample=0", None, b"\0" * 63, 400),
        ("{call}/audio?first_sample=0", None, b"\0" * 62, 400),
        ("{call}/audio?first_sample=0", None, b"", 400),
        ("{call}/audio?first_sample=0", None, b"\0" * 1_100_000, 413),
        ("{call}/audio?first_sample=999999999", None, b"\0" * 64, 429),
        ("{call}/lines", {"lines": 5}, None, 400),
        ("{call}/lines", {"lines": [{"text": "x"}]}, None, 400),
        ("{call}/lines", {"words": []}, None, 400),
        ("{call}/actions", {"type": "dance"}, None, 400),
        ("{call}/actions", {"type": "note", "text": "me"}, None, 403),
        ("/api/preflight", None, b"", 400),
        ("/api/preflight", None, b"\0" * 7, 400),
        ("/api/preflight", None, b"\0" * 200_000, 413),
    ],
)
async def test_the_api_says_what_to_do_with_a_bad_request(
    live: None, hears: Hears, caller: MakeCaller, path: str, content: Any, raw: bytes | None, status: int
) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    found, answer = await rep.post(path.replace("{call}", f"/api/calls/{call_id}"), content, raw=raw)
    assert (found, set(answer)) == (status, {"code", "message"})
    assert len(answer["message"]) > 10


async def test_without_a_key_the_api_answers_401(live: None, hears: Hears, caller: MakeCaller) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    stranger = Caller(rep.business, "sp_" + "x" * 40)
    for status, answer in (await stranger.get(f"/api/calls/{call_id}"), await stranger.post("/api/calls")):
        assert status == 401
        assert set(answer) == {"code", "message"}
