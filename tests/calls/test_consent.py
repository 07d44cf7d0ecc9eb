"""Consent on a real call: nothing of a customer who has not agreed reaches engine, storage, log or bill."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from calls.live.recording import read_samples, relative_path
from calls.live.registry import registry
from calls.live.threads import in_thread
from calls.models import Call, CallConsent, CallInbox
from coaching.types import Channel
from tenants.context import Business, business_scope
from tenants.house.models import Policy
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.faults import PostgresAway
from tests.calls.talking import Caller, Socket, frame, say_hello, speak, wait_until
from tests.speech.fakes import ScriptedProvider, ScriptedTurn

pytestmark = pytest.mark.sockets

REP, CUSTOMER = 700, 9_000
FRAME = 1_600
TURNS = (
    ScriptedTurn(Channel.REP, 200, 900, "may i turn on my assistant for this call"),
    ScriptedTurn(Channel.CUSTOMER, 1_200, 1_900, "honestly this is too expensive for us"),
    ScriptedTurn(Channel.REP, 2_200, 2_900, "what would be a fair price then"),
    ScriptedTurn(Channel.CUSTOMER, 3_200, 3_900, "half of it would be fine"),
)
Found = TypeVar("Found")


def both_speak(socket: Socket, seconds: float, *, first_sample: int = 0) -> int:
    """Frames with a level for each side that can be told apart; returns the next sample."""
    wave = b"".join(struct.pack("<hh", REP * sign, CUSTOMER * sign) for sign in [1, 1, -1, -1] * (FRAME // 4))
    for _ in range(round(seconds * 10)):
        socket.send(struct.pack("<Q", first_sample) + wave)
        first_sample += FRAME
    return first_sample


def sides(pcm: list[bytes], channels: int = 2) -> list[int]:
    """The loudest sample of each side."""
    values = np.frombuffer(b"".join(pcm), dtype="<i2").reshape(-1, channels)
    return [int(side) for side in np.abs(values.astype(int)).max(axis=0)] if len(values) else [0] * channels


def engine_of(made: ScriptedProvider | None) -> ScriptedProvider:
    assert made is not None
    return made


def forwarded(engine: ScriptedProvider) -> list[bytes]:
    """All audio that left for the engine, on either lane."""
    return [pcm for stream in engine.streams for pcm in stream.pcm] + engine.transcribed_pcm


async def stored(caller: Caller, call_id: str, root: Path, channels: int = 2) -> list[bytes]:
    row = await caller.row(call_id)
    path = root / "audio" / relative_path(caller.business.id, row.id)
    return [read_samples(path, channels, 0, 1 << 20)]


async def in_database(business: Business, work: Callable[[], Found]) -> Found:
    def run() -> Found:
        with business_scope(business):
            return work()

    return await in_thread(run)()


async def acked(audio: Socket, samples: int) -> None:
    await audio.until(lambda message: message["type"] == "ack" and message["samples"] >= samples)


async def spoken(caller: Caller, call_id: str) -> list[str]:
    return [row.payload["text"] for row in await caller.log(call_id) if row.kind == "line"]


@pytest.fixture
async def postgres_away(committed_db: None) -> AsyncIterator[PostgresAway]:
    fault = PostgresAway()
    yield fault
    await asyncio.to_thread(fault.back)


async def test_before_the_answer_nothing_is_heard_kept_or_metered_and_yet_all_is_acknowledged(
    live: None, hears: Hears, caller: MakeCaller, tmp_path: Path
) -> None:
    engine = engine_of(hears(*TURNS))
    rep = await caller("rep")
    call_id = await rep.start_call(place="US-CA")
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        state = await audio.until(lambda message: message["type"] == "state")
        assert state["audio"] == "Not heard and not kept: the customer has not agreed."
        end = both_speak(audio, 4)
        await acked(audio, end)
    await rep.post(f"/api/calls/{call_id}/end")
    assert forwarded(engine) == []
    assert sides(await stored(rep, call_id, tmp_path)) == [0, 0]
    log = await rep.log(call_id)
    assert {row.kind for row in log} <= {"call_started", "state", "usage", "call_ended"}
    assert sum(row.payload["quantity"] for row in log if row.kind == "usage") == 0
    assert (await rep.row(call_id)).acked_samples == end
    assert log[-1].payload["duration_ms"] == 4_000


async def test_from_the_yes_on_both_are_heard(live: None, hears: Hears, caller: MakeCaller, tmp_path: Path) -> None:
    engine = engine_of(hears(*TURNS))
    rep = await caller("rep")
    call_id = await rep.start_call(place="US-CA")
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        middle = both_speak(audio, 2)
        await acked(audio, middle)
        status, answer = await rep.post(f"/api/calls/{call_id}/consent", {"answer": "yes"})
        assert (status, answer["answer"], answer["hears"]) == (200, "yes", "all")
        end = both_speak(audio, 3, first_sample=middle)
        await events.until(lambda one: one.get("kind") == "line" and one["payload"]["channel"] == "customer")
        given = next(one["payload"] for one in events.events() if one["kind"] == "consent")
        await acked(audio, end)
    await rep.post(f"/api/calls/{call_id}/end")
    assert given["hears"] == "all"
    assert (given["mode"], given["place"], given["language"]) == ("ask", "US-CA", "en")
    assert given["wording"].endswith("Is that all right with you?")
    assert await spoken(rep, call_id) == [TURNS[2].text, TURNS[3].text]
    assert sides(forwarded(engine)) == [REP, CUSTOMER]
    assert min(first for first, _ in engine.streams[0].sent) == middle
    kept = (await stored(rep, call_id, tmp_path))[0]
    assert sides([kept[: middle * 4]]) == [0, 0]
    assert sides([kept[middle * 4 :]]) == [REP, CUSTOMER]


@pytest.mark.parametrize("is_kept", [True, False])
async def test_of_a_customer_who_said_no_not_one_sample_is_forwarded_or_kept(
    live: None, hears: Hears, caller: MakeCaller, tmp_path: Path, acme: Business, is_kept: bool
) -> None:
    engine = engine_of(hears(*TURNS))
    rep = await caller("rep")
    await in_database(acme, lambda: Policy.objects.update(keep_recording=is_kept))
    call_id = await rep.start_call(place="US-CA")
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        start = both_speak(audio, 1)
        await rep.post(f"/api/calls/{call_id}/consent", {"answer": "no"})
        end = both_speak(audio, 4, first_sample=start)
        await acked(audio, end)
        while "consent" not in [one["kind"] for one in events.events()]:
            await events.receive()
    assert (await rep.post(f"/api/calls/{call_id}/consent", {"answer": "yes"}))[0] == 409
    await rep.post(f"/api/calls/{call_id}/end")
    assert sides(forwarded(engine)) == [REP, 0]
    assert sides(await stored(rep, call_id, tmp_path)) == ([REP, 0] if is_kept else [0, 0])
    assert await spoken(rep, call_id) == [TURNS[2].text]
    assert not [row for row in await rep.log(call_id) if row.kind == "gap"]


async def test_a_no_on_a_call_with_one_channel_ends_all_hearing(
    live: None, hears: Hears, caller: MakeCaller, tmp_path: Path
) -> None:
    engine = engine_of(hears(*TURNS))
    rep = await caller("rep")
    call_id = await rep.start_call(place="US-CA", channels=1)
    await rep.post(f"/api/calls/{call_id}/consent", {"answer": "no"})
    async with rep.audio(call_id) as audio:
        await say_hello(audio, channels=1)
        end = speak(audio, 3, channels=1)
        await acked(audio, end)
    await rep.post(f"/api/calls/{call_id}/end")
    assert forwarded(engine) == []
    assert sides(await stored(rep, call_id, tmp_path, channels=1), channels=1) == [0]


async def test_a_withdrawal_works_at_once_also_for_what_was_said_just_before(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    engine = engine_of(hears(*TURNS))
    rep = await caller("rep")
    call_id = await rep.start_call(place="US-CA", consent="yes")
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        middle = both_speak(audio, 3.5)
        await events.until(lambda one: one.get("type") == "interim" and one["start_ms"] == 3_200)
        status, answer = await rep.post(f"/api/calls/{call_id}/consent", {"answer": "withdrawn"})
        assert (status, answer["hears"]) == (200, "rep")
        before = len(forwarded(engine))
        end = both_speak(audio, 1.5, first_sample=middle)
        await acked(audio, end)
        await events.until(lambda one: one.get("type") == "interim" and one["text"] == "")
    await rep.post(f"/api/calls/{call_id}/end")
    assert sides(forwarded(engine)[before:]) == [REP, 0]
    assert await spoken(rep, call_id) == [turn.text for turn in TURNS[:3]]


async def test_after_a_take_over_the_door_stands_as_before(live: None, hears: Hears, caller: MakeCaller) -> None:
    engine = engine_of(hears(*TURNS))
    rep = await caller("rep")
    call_id = await rep.start_call(place="US-CA")
    await rep.post(f"/api/calls/{call_id}/consent", {"answer": "no"})
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        middle = both_speak(audio, 1)
        await acked(audio, middle)
    await registry.move()
    registry.is_moving = False
    async with rep.audio(call_id) as audio:
        ready = await say_hello(audio, resume=middle)
        assert (ready["epoch"], ready["next_sample"]) == (2, middle)
        await acked(audio, both_speak(audio, 4, first_sample=middle))
    await rep.post(f"/api/calls/{call_id}/end")
    assert sides(forwarded(engine)) == [REP, 0]
    assert not [line for line in await spoken(rep, call_id) if line in {TURNS[1].text, TURNS[3].text}]


async def test_an_answer_left_in_the_inbox_is_logged_by_the_next_owner(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    """The owner went away between the answer and its log: the door knows it from the call, the log from the inbox."""
    engine_of(hears(*TURNS))
    rep = await caller("rep")
    call_id = await rep.start_call(place="US-CA")
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        await acked(audio, both_speak(audio, 1))
    await registry.move()
    registry.is_moving = False
    await rep.post(f"/api/calls/{call_id}/consent", {"answer": "yes"})
    assert await in_database(rep.business, CallInbox.objects.count) == 1
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        assert (await events.until_kind("consent"))["payload"]["answer"] == "yes"
        both_speak(audio, 4, first_sample=16_000)
        await events.until_kind("line")
    await rep.post(f"/api/calls/{call_id}/end")
    assert [row.kind for row in await rep.log(call_id)].count("consent") == 1


async def test_while_the_database_is_away_a_yes_is_not_given_and_says_so(
    live: None, hears: Hears, caller: MakeCaller, postgres_away: PostgresAway
) -> None:
    engine = engine_of(hears(*TURNS))
    rep = await caller("rep")
    call_id = await rep.start_call(place="US-CA")
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        await acked(audio, both_speak(audio, 1))
        await asyncio.to_thread(postgres_away.away)
        status, answer = await rep.post(f"/api/calls/{call_id}/consent", {"answer": "yes"})
        assert (status, answer["code"]) == (503, "not_recorded")
        assert "not recorded" in answer["message"]
        both_speak(audio, 2, first_sample=16_000)
        await asyncio.to_thread(postgres_away.back)
        await acked(audio, 48_000)
        assert forwarded(engine) == []
        assert (await rep.row(call_id)).consent_answer == ""
        assert (await rep.post(f"/api/calls/{call_id}/consent", {"answer": "yes"}))[0] == 200
        both_speak(audio, 1, first_sample=48_000)
        await wait_until(lambda: forwarded(engine))
    await rep.post(f"/api/calls/{call_id}/end")


async def test_audio_by_http_passes_the_same_door(live: None, hears: Hears, caller: MakeCaller, tmp_path: Path) -> None:
    engine = engine_of(hears(*TURNS))
    rep = await caller("rep")
    call_id = await rep.start_call(place="US-CA")
    pcm = frame(0, 16_000)[8:]
    status, answer = await rep.post(f"/api/calls/{call_id}/audio?first_sample=0", raw=pcm)
    assert (status, answer["next_sample"]) == (200, 16_000)
    await rep.post(f"/api/calls/{call_id}/consent", {"answer": "no"})
    await rep.post(f"/api/calls/{call_id}/audio?first_sample=16000", raw=pcm)
    await wait_until(lambda: forwarded(engine))
    await rep.post(f"/api/calls/{call_id}/end")
    assert sides(forwarded(engine)) == [3_000, 0]
    assert sides(await stored(rep, call_id, tmp_path)) == [3_000, 0]


async def test_lines_of_the_browser_obey_the_answer(live: None, hears: Hears, caller: MakeCaller) -> None:
    hears(is_deaf=True)
    rep = await caller("rep")

    def line(number: int, channel: str) -> dict[str, Any]:
        at = {"start_ms": 0, "end_ms": 500, "is_final": True, "utterance": number}
        return {"channel": channel, "text": f"{channel} line {number}", **at}

    call_id = await rep.start_call(place="US-CA")
    path = f"/api/calls/{call_id}/lines"
    assert (await rep.post(path, {"lines": [line(1, "rep")]}))[1] == {"taken": 0}
    await rep.post(f"/api/calls/{call_id}/consent", {"answer": "no"})
    await rep.post(path, {"lines": [line(2, "customer"), line(3, "rep")]})
    await rep.post(f"/api/calls/{call_id}/end")
    assert await spoken(rep, call_id) == ["rep line 3"]


async def test_the_check_before_a_call_hears_nobody_while_a_call_may_not_be_heard(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call(place="US-CA")
    status, answer = await rep.post("/api/preflight", raw=b"\1\0" * 1_600)
    assert (status, answer["code"]) == (409, "consent_needed")
    await rep.post(f"/api/calls/{call_id}/end")
    assert (await rep.post("/api/preflight", raw=b"\1\0" * 1_600))[1].get("code") != "consent_needed"


async def test_who_recorded_what_when_and_in_which_words_is_kept(live: None, hears: Hears, caller: MakeCaller) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call(place=["US-NY", "DE"])
    for answer in ("yes", "yes", "withdrawn"):
        assert (await rep.post(f"/api/calls/{call_id}/consent", {"answer": answer}))[0] == 200
    rows = await in_database(rep.business, lambda: list(CallConsent.objects.all()))
    assert [row.answer for row in rows] == ["yes", "withdrawn"]
    assert {(row.mode, row.place, row.given_by) for row in rows} == {("ask", "US-NY,DE", "customer")}
    call = await rep.row(call_id)
    assert (call.consent_answer, call.consent_at) == ("withdrawn", rows[1].recorded_at)
    assert {row.recorded_by_id for row in rows} == {call.member_id}
    assert [row.payload["answer"] for row in await rep.log(call_id) if row.kind == "consent"] == ["yes", "withdrawn"]


@pytest.mark.parametrize(
    ("place", "mode", "hears_first", "answers"),
    [
        ("US-NY", "one_party", "all", ["stayed", "yes", "no", "withdrawn"]),
        ("GB", "announce", "nobody", ["stayed", "yes", "no", "withdrawn"]),
        ("US-CA", "ask", "nobody", ["yes", "no", "withdrawn"]),
        ("unknown", "ask", "nobody", ["yes", "no", "withdrawn"]),
    ],
)
async def test_the_new_call_says_what_it_needs(
    live: None, hears: Hears, caller: MakeCaller, place: str, mode: str, hears_first: str, answers: list[str]
) -> None:
    rep = await caller("rep")
    status, created = await rep.post("/api/calls", {"place": place})
    found = created["consent"]
    assert (status, found["mode"], found["hears"], found["answers"]) == (201, mode, hears_first, answers)


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        ("/api/calls", {"place": "Atlantis"}, 400),
        ("/api/calls", {"place": ["DE"] * 9}, 400),
        ("/api/calls", {"place": 5}, 400),
        ("/api/calls", {"consent": "perhaps"}, 400),
        ("/api/calls", {"place": "US-CA", "consent": "stayed"}, 409),
        ("{call}/consent", {"answer": ""}, 400),
        ("{call}/consent", {"answer": "stayed"}, 409),
        ("{call}/consent", {"answer": "yes", "by": "me"}, 400),
        ("{call}/consent", {}, 400),
    ],
)
async def test_an_answer_that_makes_no_sense_is_refused(
    live: None, hears: Hears, caller: MakeCaller, path: str, content: dict[str, Any], status: int
) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call(place="US-CA")
    found, answer = await rep.post(path.replace("{call}", f"/api/calls/{call_id}"), content)
    assert (found, bool(answer["message"])) == (status, True)
    assert (await rep.row(call_id)).consent_answer == ""


async def test_nobody_but_the_person_on_the_call_records_an_answer(
    live: None, hears: Hears, caller: MakeCaller, globex: Business
) -> None:
    rep, manager = await caller("rep"), await caller("manager")
    stranger = await caller("manager", business=globex)
    call_id = await rep.start_call(place="US-CA")
    path = f"/api/calls/{call_id}/consent"
    assert (await manager.post(path, {"answer": "yes"}))[0] == 403
    assert (await stranger.post(path, {"answer": "yes"}))[0] == 404
    await rep.post(f"/api/calls/{call_id}/end")
    assert (await rep.post(path, {"answer": "yes"}))[0] == 409
    assert (await rep.row(call_id)).consent_answer == ""
    assert await in_database(rep.business, CallConsent.objects.count) == 0


async def test_a_change_of_the_policy_leaves_open_calls_as_they_began(
    live: None, hears: Hears, caller: MakeCaller, acme: Business
) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    await in_database(acme, lambda: Policy.objects.update(home_place="US-CA"))
    assert (await rep.get(f"/api/calls/{call_id}"))[1]["consent"]["mode"] == "one_party"
    assert (await rep.get(f"/api/calls/{await rep.start_call()}"))[1]["consent"]["mode"] == "ask"
    assert await in_database(acme, lambda: Call.objects.filter(place="US-NY").count()) == 2
