"""A call from start to end through the public API and both sockets, in one process."""

from __future__ import annotations

import asyncio
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest

from calls import services
from calls.events import Kind
from calls.live.recording import relative_path
from calls.live.registry import registry
from calls.models import CallState, ReportState
from coaching.types import Channel
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.talking import frame, say_hello, speak, wait_until
from tests.speech.fakes import ScriptedTurn

pytestmark = pytest.mark.sockets

TURNS = (
    ScriptedTurn(Channel.REP, 300, 1_200, "thanks for taking the time today"),
    ScriptedTurn(Channel.CUSTOMER, 1_500, 3_000, "honestly this is too expensive for us"),
)


async def test_both_sides_are_heard_saved_acknowledged_and_reported(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    engine = hears(*TURNS)
    rep = await caller("rep")
    call_id = await rep.start_call(customer="Initech")
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        ready = await say_hello(audio)
        assert ready == {"type": "ready", "epoch": 1, "next_sample": 0}
        end = speak(audio, 5)
        while len([one for one in events.events() if one["kind"] == "line"]) < 2:
            await events.receive()
        interims = [one for one in events.messages if one["type"] == "interim"]
        assert {one["channel"] for one in interims} == {"rep", "customer"}
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)
        status, answer = await rep.post(f"/api/calls/{call_id}/end")
        assert (status, answer["state"]) == (200, "ended")
        ended = await events.until_kind("call_ended")
        assert ended["payload"] == {"reason": "hung_up", "duration_ms": 5_000, "epoch": 2}
        assert (await audio.closed()).code == 4403

    assert [one["seq"] for one in events.events()] == list(range(1, ended["seq"] + 1))
    log = await rep.log(call_id)
    assert [(row.seq, row.kind) for row in log] == [(one["seq"], one["kind"]) for one in events.events()]
    assert [row.payload["text"] for row in log if row.kind == "line"] == [turn.text for turn in TURNS]
    assert any(row.kind == "usage" for row in log)
    assert engine is not None
    assert engine.streams[-1].is_finished
    row = await rep.row(call_id)
    assert (row.state, row.report_state, row.last_seq) == (CallState.ENDED, ReportState.DUE, len(log))
    assert row.acked_samples == end


async def test_a_card_reaches_the_screen_and_its_use_the_log(live: None, hears: Hears, caller: MakeCaller) -> None:
    hears(*TURNS)
    rep = await caller("rep")
    manager = await caller("manager")
    call_id = await rep.start_call()
    async with rep.events(call_id) as events, rep.audio(call_id) as audio, manager.events(call_id) as board:
        await say_hello(audio)
        speak(audio, 1)
        await events.until_kind("state")
        board.send({"type": "note", "text": "Offer the yearly plan."})
        card = await events.until_kind("card")
        assert card["payload"]["lane"] == "manager"
        assert card["payload"]["say"] == "Offer the yearly plan."
        events.send({"type": "painted", "card_id": card["payload"]["id"], "latency_ms": 120})
        events.send({"type": "used", "card_id": card["payload"]["id"]})
        painted = await board.until_kind("card_action")
        assert painted["payload"]["latency_ms"] == 120
        used = await board.until_kind("card_action")
        assert used["payload"]["action"] == "used"


async def test_a_dropped_socket_resumes_where_the_server_stands(live: None, hears: Hears, caller: MakeCaller) -> None:
    hears(*TURNS)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        speak(audio, 2)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] > 0)
    async with rep.audio(call_id) as audio:
        ready = await say_hello(audio, resume=16_000)
        assert ready == {"type": "ready", "epoch": 1, "next_sample": 32_000}
        end = speak(audio, 4, first_sample=16_000)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)
    await rep.post(f"/api/calls/{call_id}/end")
    lines = [row.payload["text"] for row in await rep.log(call_id) if row.kind == "line"]
    assert lines == [turn.text for turn in TURNS]


async def test_events_after_a_cursor_come_without_hole_or_duplicate(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    hears(*TURNS)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        speak(audio, 2)
        async with rep.events(call_id) as events:
            line = await events.until_kind("line")
        async with rep.events(call_id, after=line["seq"]) as events:
            speak(audio, 3, first_sample=32_000)
            while "line" not in [one["kind"] for one in events.events()]:
                await events.receive()
            numbers = [one["seq"] for one in events.events()]
            assert numbers == list(range(line["seq"] + 1, numbers[-1] + 1))


async def test_nothing_takes_the_number_of_the_end(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something happens while the end is written: a reader who has seen it would never be told of the end."""
    hears()
    rep = await caller("rep")
    call_id = await rep.start_call()
    end_call, loop = services.end_call, asyncio.get_running_loop()

    def end_while_something_happens(*args: Any, **options: Any) -> bool:
        [session] = registry.sessions.values()
        happened = threading.Event()
        loop.call_soon_threadsafe(session.append, Kind.NOTE, {"text": "too late"})
        loop.call_soon_threadsafe(happened.set)
        assert happened.wait(20)
        return end_call(*args, **options)

    monkeypatch.setattr(services, "end_call", end_while_something_happens)
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        assert (await rep.post(f"/api/calls/{call_id}/end"))[0] == 200
        await events.until_kind("call_ended")
    log = await rep.log(call_id)
    assert [(row.seq, row.kind) for row in log] == [(one["seq"], one["kind"]) for one in events.events()]
    assert "note" not in [row.kind for row in log]


async def test_polling_sees_the_same_log(live: None, hears: Hears, caller: MakeCaller) -> None:
    hears(*TURNS)
    rep = await caller("rep")
    call_id = await rep.start_call()
    pcm = b"\1\0" * 2 * 16_000
    for second in range(5):
        status, answer = await rep.post(f"/api/calls/{call_id}/audio?first_sample={second * 16_000}", raw=pcm)
        assert (status, answer["next_sample"]) == (200, (second + 1) * 16_000)
    last, events = 0, list[dict[str, Any]]()
    while "line" not in [one["kind"] for one in events]:
        status, answer = await rep.get(f"/api/calls/{call_id}/events?after={last}&wait=5")
        assert status == 200
        events += answer["events"]
        last = answer["last"]
    assert [one["seq"] for one in events] == list(range(1, last + 1))
    assert "polling" in [one["payload"]["rung"] for one in events if one["kind"] == "state"]
    await rep.post(f"/api/calls/{call_id}/end")
    status, answer = await rep.get(f"/api/calls/{call_id}/events?after={last}")
    assert answer["events"][-1]["kind"] == "call_ended"
    assert answer["last"] == (await rep.row(call_id)).last_seq


async def test_a_poll_without_news_comes_back_empty(live: None, hears: Hears, caller: MakeCaller) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    status, answer = await rep.get(f"/api/calls/{call_id}/events?after=1&wait=1")
    assert (status, answer) == (200, {"events": [], "last": 1})


async def test_the_browsers_own_recognition_feeds_the_same_pipeline(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    hears(is_deaf=True)
    rep = await caller("rep")
    call_id = await rep.start_call()
    line = {
        "channel": "customer", "text": "that is too expensive", "start_ms": 100, "end_ms": 900,
        "confidence": 0.8, "is_final": True, "utterance": 1,
    }  # fmt: skip
    status, answer = await rep.post(f"/api/calls/{call_id}/lines", {"lines": [line, line]})
    assert (status, answer) == (200, {"taken": 2})
    await rep.post(f"/api/calls/{call_id}/end")
    log = await rep.log(call_id)
    assert [row.payload["text"] for row in log if row.kind == "line"] == ["that is too expensive"]
    assert [row.payload["provider"] for row in log if row.kind == "line"] == ["browser"]


async def test_a_second_tab_takes_over_and_the_first_is_told(live: None, hears: Hears, caller: MakeCaller) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as first, rep.audio(call_id) as second:
        await say_hello(first)
        await say_hello(second)
        closed = await first.closed()
        assert closed.code == 4409
        assert closed.reason
        end = speak(second, 2)
        await second.until(lambda message: message["type"] == "ack" and message["samples"] == end)


async def test_silence_of_the_client_is_told_as_offline(live: None, hears: Hears, caller: MakeCaller) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.events(call_id) as events:
        async with rep.audio(call_id) as audio:
            await say_hello(audio)
            speak(audio, 1)
        state = await events.until(lambda one: one.get("payload", {}).get("rung") == "offline")
        assert "browser" in state["payload"]["audio"]


async def test_a_recording_is_kept_byte_by_byte(live: None, hears: Hears, caller: MakeCaller, tmp_path: Path) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        end = speak(audio, 3)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)
    path = tmp_path / "audio" / relative_path(rep.business.id, uuid.UUID(call_id))
    expected = b"".join(frame(first)[8:] for first in range(0, end, 1_600))
    await wait_until(lambda: path.exists() and path.read_bytes() == expected)
