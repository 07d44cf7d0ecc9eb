"""Live audio first, older audio beside it: the coach hears the present, and nothing of the past is lost."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta
from pathlib import Path

import pytest

from calls import speech
from calls.live.audio import ON_ITS_WAY, Frame, FrameCursor
from calls.live.backlog import Backlog, Spans
from calls.live.recording import Recorder, relative_path
from calls.live.registry import registry
from calls.live.repair_lane import Missing, without
from calls.models import Call, Gap
from calls.speech.base import Gap as SpeechGap
from coaching.types import Channel
from tenants.context import Business
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.talking import Closed, say_hello, speak, wait_until
from tests.calls.test_late_audio import in_business, pcm, reported, send
from tests.calls.test_switches import set_policy
from tests.speech.fakes import ScriptedProvider, ScriptedTurn

OLD = ScriptedTurn(Channel.CUSTOMER, 2_500, 4_000, "honestly this is too expensive for us")
NEW = ScriptedTurn(Channel.CUSTOMER, 8_300, 9_500, "this is too expensive for our team")
TWO_S, EIGHT_S, TEN_S = 32_000, 128_000, 160_000


def test_spans_join_split_and_say_how_far_they_reach() -> None:
    spans = Spans()
    spans.add(10, 20)
    spans.add(30, 40)
    assert (spans.first, spans.through(10), spans.through(5)) == (10, 20, 5)
    spans.add(20, 30)
    assert spans.through(12) == 40
    spans.remove(15, 25)
    assert spans.within(0, 100) == [(10, 15), (25, 40)]
    spans.remove(0, 100)
    assert spans.first is None


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_order_every_sample_is_taken_once(seed: int) -> None:
    order = random.Random(seed)
    cursor, backlog, taken = FrameCursor(1), Backlog(1), dict[int, int]()
    frames = [Frame(order.randrange(0, 200), bytes(2 * order.randrange(1, 40))) for _ in range(200)]
    for one in [*frames, Frame(0, bytes(600))]:
        pieces = backlog.take(one)
        live = cursor.accept(one)
        if live is not None:
            if live.hole:
                backlog.open(live.first_sample - live.hole, live.first_sample)
            pieces.append(live)
        for piece in pieces:
            assert len(piece.pcm) == 2 * piece.samples
            for sample in range(piece.first_sample, piece.end_sample):
                taken[sample] = taken.get(sample, 0) + 1
    assert backlog.oldest is None
    assert taken == dict.fromkeys(range(cursor.next_sample), 1)


def test_a_long_hole_is_whole_in_parts() -> None:
    backlog = Backlog(1)
    assert backlog.open(0, 70 * 16_000) == [(0, 30_000), (30_000, 60_000), (60_000, 70_000)]
    backlog.take(Frame(0, bytes(2 * 16_000 * 45)))
    assert backlog.complete() == [(0, 30_000)]
    backlog.take(Frame(16_000 * 45, bytes(2 * 16_000 * 30)))
    assert backlog.complete() == [(30_000, 60_000), (60_000, 70_000)]
    assert backlog.complete() == []


async def test_the_stored_mark_stops_at_a_hole_until_it_is_filled_or_given_up(tmp_path: Path) -> None:
    marks = list[int]()
    recorder = Recorder(tmp_path / "a.pcm", 1, stored=0, on_stored=marks.append, on_trouble=lambda _: None)
    for first in (0, 3, 4):
        recorder.add(first, bytes(2))
    await recorder.flush()
    recorder.add(1, bytes(2))
    await recorder.flush()
    recorder.add(2, bytes(2))
    await recorder.flush()
    recorder.pass_over(5, 7)
    recorder.add(7, bytes(2))
    await recorder.flush()
    assert marks == [1, 2, 5, 8]


@pytest.mark.sockets
@pytest.mark.parametrize("is_kept", [True, False])
async def test_live_audio_is_heard_at_once_and_the_rest_recovered_without_a_card(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, tmp_path: Path, is_kept: bool
) -> None:
    await set_policy(acme, keep_recording=is_kept)
    engine = hears(NEW)
    assert engine is not None
    rep = await caller("rep")
    call_id = await rep.start_call()
    await age(acme, call_id)
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio, backlog=True)
        speak(audio, 2)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == TWO_S)
        # The scripted stream does not know holes: what lies in one only the second lane is to hear.
        engine.script = (OLD, NEW)
        # Six seconds were said without a network; now the present comes first.
        speak(audio, 2, first_sample=EIGHT_S)
        line = await events.until_kind("line")
        assert (line["payload"]["text"], line["payload"]["recovered"]) == (NEW.text, False)
        assert max(one["samples"] for one in audio.messages if one["type"] == "ack") == TWO_S
        gap = next(one for one in events.events() if one["kind"] == "gap")
        assert gap["payload"] == {"start_ms": 2_000, "end_ms": 8_000, "reason": ON_ITS_WAY}
        speak(audio, 6, first_sample=TWO_S)
        line = await events.until_kind("line")
        assert (line["payload"]["text"], line["payload"]["recovered"]) == (OLD.text, True)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == TEN_S)
    await rep.post(f"/api/calls/{call_id}/end")
    log = await rep.log(call_id)
    triggers = [row.payload["trigger_end_ms"] for row in log if row.kind == "card"]
    assert [at for at in triggers if at < 8_000] == []
    gaps = await in_business(acme, lambda: list(Gap.objects.filter(call_id=call_id)))
    assert [one.repaired_at is not None for one in gaps] == [True]
    path = tmp_path / "audio" / relative_path(acme.id, uuid.UUID(call_id))
    assert path.exists() is is_kept
    if is_kept:
        assert path.read_bytes() == pcm(10)


@pytest.mark.sockets
async def test_an_engine_that_was_away_meanwhile_does_not_take_what_is_on_its_way_for_silence(
    live: None, hears: Hears, caller: MakeCaller, acme: Business
) -> None:
    """Its gap is told once it hears again, behind the jump, and reaches over it."""
    engine = hears(NEW)
    assert engine is not None
    rep = await caller("rep")
    call_id = await rep.start_call()
    await age(acme, call_id)
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio, backlog=True)
        speak(audio, 2)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == TWO_S)
        engine.script = (OLD, NEW)
        speak(audio, 2, first_sample=EIGHT_S)
        await events.until_kind("line")
        [session] = registry.sessions.values()
        for channel in Channel:
            session._listening.missed(SpeechGap(channel, 1_000, 9_000, "The engine was away."))
        await events.until_kind("usage")
        told = [
            (one["payload"]["start_ms"], one["payload"]["end_ms"]) for one in events.events() if one["kind"] == "gap"
        ]
        assert told == [(2_000, 8_000), (1_000, 2_000), (8_000, 9_000)]
        await wait_until(lambda: not session._listening._repair or not session._listening._repair._waiting)
        end = speak(audio, 1, first_sample=TEN_S)
        await wait_until(lambda: session._listening.settled_ms(Channel.REP) >= 10_500)
        await audio.until(lambda message: message["type"] == "ack")
        assert max(one["samples"] for one in audio.messages if one["type"] == "ack") == TWO_S
        speak(audio, 6, first_sample=TWO_S)
        line = await events.until(lambda one: one.get("kind") == "line" and one["payload"]["text"] == OLD.text)
        assert line["payload"]["recovered"]
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)
    await rep.post(f"/api/calls/{call_id}/end")
    texts = [row.payload["text"] for row in await rep.log(call_id) if row.kind == "line"]
    assert sorted(texts) == sorted([OLD.text, NEW.text])
    gaps = await in_business(acme, lambda: list(Gap.objects.filter(call_id=call_id)))
    assert [one.repaired_at is not None for one in gaps] == [True] * 3


def test_a_gap_without_what_is_on_its_way() -> None:
    missing = Missing(1_000, 9_000, "away", {Channel.REP: (1_000, 9_000), Channel.CUSTOMER: (4_000, 9_000)})
    assert without(missing, []) == [missing]
    before, behind = without(missing, [(2_000, 3_000), (3_500, 8_000)])[0::2]
    assert (before.start_ms, before.end_ms, before.by_channel) == (1_000, 2_000, {Channel.REP: (1_000, 2_000)})
    assert (behind.start_ms, behind.end_ms) == (8_000, 9_000)
    assert without(missing, [(0, 10_000)]) == []


@pytest.mark.sockets
async def test_a_new_owner_waits_for_what_is_missing(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, tmp_path: Path
) -> None:
    """The process that saw the jump goes away before the rest has come."""
    hears(OLD, NEW)
    rep = await caller("rep")
    call_id = await rep.start_call()
    await age(acme, call_id)
    async with rep.audio(call_id) as audio:
        await say_hello(audio, backlog=True)
        speak(audio, 2)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == TWO_S)
        speak(audio, 2, first_sample=EIGHT_S)
        session = registry.get(acme, uuid.UUID(call_id))
        assert session is not None
        await wait_until(lambda: session.next_sample == TEN_S)
        await session.let_go()
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        ready = await say_hello(audio, backlog=True, resume=TWO_S)
        assert ready["next_sample"] == TWO_S
        speak(audio, 8, first_sample=TWO_S)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == TEN_S)
        await rep.post(f"/api/calls/{call_id}/end")
        await events.until_kind("call_ended")
    path = tmp_path / "audio" / relative_path(acme.id, uuid.UUID(call_id))
    assert path.read_bytes() == pcm(10)


@pytest.mark.sockets
async def test_hung_up_with_a_hole_the_rest_is_taken_late(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hears(NEW)
    monkeypatch.setattr(speech, "get_provider", lambda: ScriptedProvider((OLD, NEW)))
    rep = await caller("rep")
    call_id = await rep.start_call()
    await age(acme, call_id)
    async with rep.audio(call_id) as audio:
        await say_hello(audio, backlog=True)
        speak(audio, 2)
        speak(audio, 2, first_sample=EIGHT_S)
        session = registry.get(acme, uuid.UUID(call_id))
        assert session is not None
        await wait_until(lambda: session.next_sample == TEN_S)
        await rep.post(f"/api/calls/{call_id}/end")
    assert await send(rep, call_id, TWO_S, pcm(8)) == (200, {"ack": TEN_S, "next_sample": TEN_S})
    report = await reported(rep, call_id)
    lines = [row.payload["text"] for row in await rep.log(call_id) if row.kind == "line"]
    assert sorted(lines) == sorted([OLD.text, NEW.text])
    assert report.coverage == 1
    path = tmp_path / "audio" / relative_path(acme.id, uuid.UUID(call_id))
    assert path.read_bytes() == pcm(10)


@pytest.mark.sockets
async def test_a_client_that_does_not_promise_the_rest_is_not_waited_for(
    live: None, hears: Hears, caller: MakeCaller, acme: Business
) -> None:
    hears(NEW)
    rep = await caller("rep")
    call_id = await rep.start_call()
    await age(acme, call_id)
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        speak(audio, 2)
        speak(audio, 2, first_sample=EIGHT_S)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == TEN_S)


@pytest.mark.sockets
async def test_hello_says_backlog_by_yes_or_no(live: None, hears: Hears, caller: MakeCaller) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        with pytest.raises(Closed) as refused:
            await say_hello(audio, backlog="perhaps")
    assert refused.value.code == 4400


async def age(business: Business, call_id: str) -> None:
    """The call began a while ago: audio of ten seconds is not of the future."""

    def run() -> None:
        call = Call.objects.get(pk=call_id)
        Call.objects.filter(pk=call_id).update(started_at=call.started_at - timedelta(seconds=60))

    await in_business(business, run)
