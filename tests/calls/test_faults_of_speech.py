"""Faults of ours and of the engines, in whole calls of this process: what was said is in the log all the same."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from calls import refusals
from calls.live import registry as registry_module
from calls.live.registry import registry
from calls.live.threads import in_thread
from calls.redaction import WITHHELD, CleanLine, Redactor
from calls.redaction.redactor import Redacted
from calls.speech.base import SpeechError, StreamSpec
from calls.speech.fallback import FallbackProvider
from coaching.coach import Coach
from coaching.types import Channel, Line, Usage
from tenants.context import Business, business_scope
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.talking import Caller, say_hello, speak, wait_until
from tests.calls.test_switches import set_policy
from tests.conftest import ClientFor, MakeMember
from tests.speech.fakes import ScriptedProvider, ScriptedTurn

TURNS = (
    ScriptedTurn(Channel.CUSTOMER, 300, 900, "honestly this is too expensive"),
    ScriptedTurn(Channel.REP, 1_200, 1_800, "let me show you something"),
)


async def lines(rep: Caller, call_id: str) -> list[str]:
    return [row.payload["text"] for row in await rep.log(call_id) if row.kind == "line"]


async def spoken(rep: Caller) -> list[str]:
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        speak(audio, 3)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] >= 32_000)
        states = [message for message in audio.messages if message["type"] == "state"]
        assert {state["rung"] for state in states} <= {"full", "tips"}
    await rep.post(f"/api/calls/{call_id}/end")
    return await lines(rep, call_id)


async def test_a_coach_that_fails_on_a_phrase_costs_no_line(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = hears(*TURNS)
    assert engine is not None
    hear = Coach.hear

    def fails(self: Coach, line: CleanLine) -> None:
        if "expensive" in line.text:
            raise KeyError(line.text)
        hear(self, line)

    monkeypatch.setattr(Coach, "hear", fails)
    assert await spoken(await caller("rep")) == [turn.text for turn in TURNS]
    assert len(engine.streams) == 1


async def test_a_phrase_that_can_not_be_cleaned_stays_unseen_and_the_next_is_heard(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = hears(*TURNS)
    assert engine is not None
    hear = Redactor.hear

    def fails(self: Redactor, line: Line) -> Redacted:
        if "expensive" in line.text:
            raise KeyError(line.text)
        return hear(self, line)

    monkeypatch.setattr(Redactor, "hear", fails)
    assert await spoken(await caller("rep")) == [WITHHELD, TURNS[1].text]
    assert len(engine.streams) == 1
    assert "expensive" not in caplog.text


class Unlucky(ScriptedProvider):
    """Its recorded spans always fail."""

    async def transcribe(self, spec: StreamSpec, first_sample: int, pcm: bytes) -> tuple[list[Line], list[Usage]]:
        raise SpeechError("away", retryable=True)


async def test_a_second_owner_of_a_call_that_is_not_recorded_hears_the_gap_again_and_nothing_twice(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first owner's engine is mute for the customer's turn; the client keeps that audio and sends it again."""
    await set_policy(acme, keep_recording=False)
    first = Unlucky(TURNS[1:])
    monkeypatch.setattr(registry_module, "speech_provider", lambda: first)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        await wait_until(lambda: first.streams)
        first.streams[0].is_up = False
        speak(audio, 1)
        await wait_until(lambda: sum(samples for _, samples in first.streams[0].sent) >= 16_000)
        first.streams[0].go_up()
        speak(audio, 2, first_sample=16_000)
        await wait_until(lambda: sum(samples for _, samples in first.streams[0].sent) >= 48_000)
        session = registry.get(acme, uuid.UUID(call_id))
        assert session is not None
        await session.let_go()
    acked = (await rep.row(call_id)).acked_samples
    assert acked < 16_000, "the gap holds the ack"
    second = ScriptedProvider(TURNS)
    monkeypatch.setattr(registry_module, "speech_provider", lambda: second)
    async with rep.audio(call_id) as audio:
        ready = await say_hello(audio)
        assert ready["next_sample"] == acked
        speak(audio, 4, first_sample=acked)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] >= 48_000)
    await rep.post(f"/api/calls/{call_id}/end")
    assert sorted(await lines(rep, call_id)) == sorted(turn.text for turn in TURNS)


async def test_a_refused_key_is_told_to_the_admins_of_that_business_until_it_is_mended(
    live: None, caller: MakeCaller, acme: Business, globex: Business, monkeypatch: pytest.MonkeyPatch,
    member: MakeMember, client_for: ClientFor,
) -> None:  # fmt: skip
    first, second = ScriptedProvider(TURNS, name="deepgram"), ScriptedProvider(TURNS, name="local")
    first.open_errors = [SpeechError("Deepgram refused the key", retryable=False)]
    monkeypatch.setattr(registry_module, "speech_provider", lambda: FallbackProvider(first, second))
    rep = await caller("rep")

    def overviews() -> dict[str, bool]:
        found = {}
        for business in (acme, globex):
            with business_scope(business):
                admin = client_for(member("admin", business=business))
            found[business.schema_name] = "Deepgram refused the key" in admin.get("/admin/").content.decode()
        return found

    await refused_call(rep, acme)
    assert await in_thread(overviews)() == {"acme": True, "globex": False}
    await spoken(rep)
    await wait_until_mended(acme)
    assert await in_thread(overviews)() == {"acme": False, "globex": False}


async def refused_call(rep: Caller, business: Business) -> None:
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        speak(audio, 1)
        await told(business, is_told=True)
    await rep.post(f"/api/calls/{call_id}/end")


async def wait_until_mended(business: Business) -> None:
    await told(business, is_told=False)


async def told(business: Business, *, is_told: bool) -> None:
    def reasons() -> list[str]:
        with business_scope(business):
            return refusals.reasons()

    async with asyncio.timeout(20):
        while bool(await in_thread(reasons)()) is not is_told:  # noqa: ASYNC110 -- another process may tell it
            await asyncio.sleep(0.05)
