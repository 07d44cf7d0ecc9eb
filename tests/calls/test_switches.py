"""The policy's switches are obeyed by the code that they name."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from calls import consumers
from calls.live import registry as registry_module
from calls.live.registry import registry
from calls.live.threads import in_thread
from calls.models import Report
from calls.reports import write_report
from coaching.types import Channel
from tenants.context import Business, business_scope
from tenants.house.models import Policy
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.talking import say_hello, speak, wait_until
from tests.conftest import ClientFor, MakeMember
from tests.reports.written import ended_call
from tests.speech.fakes import ScriptedTurn

TURNS = (ScriptedTurn(Channel.CUSTOMER, 300, 900, "honestly this is too expensive for us"),)
LINE = {"channel": "rep", "text": "hello", "start_ms": 0, "end_ms": 500, "is_final": True, "utterance": 1}


async def set_policy(business: Business, **changes: Any) -> None:
    def run() -> None:
        with business_scope(business):
            Policy.objects.update(**changes)

    await in_thread(run)()


@pytest.mark.parametrize("is_allowed", [True, False])
async def test_a_model_is_asked_only_where_model_cards_are_on(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, monkeypatch: pytest.MonkeyPatch, is_allowed: bool
) -> None:
    asked = list[str]()
    monkeypatch.setattr(registry_module, "get_card_model", lambda *_: asked.append("model"))
    await set_policy(acme, allow_model_cards=is_allowed)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
    await rep.post(f"/api/calls/{call_id}/end")
    assert bool(asked) is is_allowed


@pytest.mark.parametrize(("is_allowed", "taken"), [(True, 1), (False, 0)])
async def test_lines_of_the_browser_are_taken_only_where_that_is_on(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, is_allowed: bool, taken: int
) -> None:
    hears(is_deaf=True)
    await set_policy(acme, allow_browser_speech=is_allowed)
    rep = await caller("rep")
    call_id = await rep.start_call()
    assert (await rep.post(f"/api/calls/{call_id}/lines", {"lines": [LINE]}))[1] == {"taken": taken}
    await rep.post(f"/api/calls/{call_id}/end")
    assert [row.kind for row in await rep.log(call_id)].count("line") == taken


@pytest.mark.parametrize("is_allowed", [True, False])
async def test_the_browser_is_asked_to_hear_before_it_has_said_anything_and_only_where_that_is_on(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, is_allowed: bool
) -> None:
    hears(is_deaf=True)
    await set_policy(acme, allow_browser_speech=is_allowed)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        state = await audio.until(lambda message: message["type"] == "state" and message["rung"] == "recording")
        assert state["wants_browser_speech"] is is_allowed
        if is_allowed:
            await rep.post(f"/api/calls/{call_id}/lines", {"lines": [LINE]})
            state = await audio.until(lambda message: message["type"] == "state" and message["rung"] != "recording")
            assert (state["rung"], state["wants_browser_speech"]) == ("browser_speech", True)
    await rep.post(f"/api/calls/{call_id}/end")


async def test_where_an_engine_hears_the_browser_is_not_asked(
    live: None, hears: Hears, caller: MakeCaller, acme: Business
) -> None:
    hears(*TURNS)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        speak(audio, 1)
        await audio.until(lambda message: message["type"] == "ack")
    await rep.post(f"/api/calls/{call_id}/end")
    states = [row.payload for row in await rep.log(call_id) if row.kind == "state"]
    assert not any(state["wants_browser_speech"] for state in states)


@pytest.mark.parametrize("is_allowed", [True, False])
async def test_a_service_that_does_not_answer_brings_the_browser_in_and_its_next_word_sends_it_away(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, is_allowed: bool
) -> None:
    engine = hears(ScriptedTurn(Channel.REP, 100, 500, "hello there"), ScriptedTurn(Channel.REP, 9_000, 9_400, "later"))
    assert engine is not None
    await set_policy(acme, allow_browser_speech=is_allowed)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio, rep.events(call_id) as events:
        await say_hello(audio)
        end = speak(audio, 1)
        await events.until_kind("line")
        engine.streams[0].is_mute = True
        told = asyncio.ensure_future(events.until_kind("state"))
        while not told.done():
            end = speak(audio, 0.1, first_sample=end)
            await asyncio.sleep(0.1)
        state = told.result()["payload"]
        assert (state["parts"]["speech"], state["wants_browser_speech"]) == ("full", is_allowed)
        line = {**LINE, "start_ms": 1_200, "end_ms": 1_600}
        assert (await rep.post(f"/api/calls/{call_id}/lines", {"lines": [line]}))[1] == {"taken": int(is_allowed)}
        if is_allowed:
            assert (await events.until_kind("state"))["payload"]["parts"]["speech"] == "browser_speech"
        engine.streams[0].is_mute = False
        speak(audio, 0.2, first_sample=end)
        state = (await events.until_kind("state"))["payload"]
        assert (state["parts"]["speech"], state["wants_browser_speech"]) == ("full", False)
    await rep.post(f"/api/calls/{call_id}/end")
    assert len(engine.streams) == 1


async def test_what_is_to_be_blanked_out_reaches_the_speech_service(
    live: None, hears: Hears, caller: MakeCaller, acme: Business
) -> None:
    engine = hears(*TURNS)
    assert engine is not None
    await set_policy(acme, redact=["pci", "ssn"])
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        speak(audio, 1)
        await wait_until(lambda: engine.streams)
    await rep.post(f"/api/calls/{call_id}/end")
    assert engine.streams[0].spec.redact == ("pci", "ssn")


async def test_who_watches_is_sent_away_when_watching_is_switched_off(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "CHECK_EVERY_S", 0.1)
    rep, manager = await caller("rep"), await caller("manager")
    call_id = await rep.start_call()
    async with rep.events(call_id) as own, manager.events(call_id) as board:
        await board.until_kind("call_started")
        await set_policy(acme, allow_live_watching=False)
        closed = await board.closed()
        assert (closed.code, "not watched live" in closed.reason) == (4403, True)
        assert (await manager.get(f"/api/calls/{call_id}/events"))[0] == 403
        assert (await own.until_kind("call_started"))["seq"] == 1
    await rep.post(f"/api/calls/{call_id}/end")
    assert (await manager.get(f"/api/calls/{call_id}/events"))[0] == 200
    await asyncio.sleep(0)
    assert registry.get(acme, (await rep.row(call_id)).id) is None


@pytest.mark.parametrize("is_allowed", [True, False])
def test_the_board_is_empty_where_nobody_may_watch(
    rolled_back: None, member: MakeMember, client_for: ClientFor, is_allowed: bool
) -> None:
    from calls.services import create_call
    from tenants.members.refs import MemberRef

    Policy.objects.update(allow_live_watching=is_allowed)
    create_call(member=MemberRef.from_member(member("rep")), channels=2, customer="Initech")
    page = client_for(member("manager")).get("/live/").content.decode()
    assert ("Initech" in page) is is_allowed
    assert ("Calls are not watched here" in page) is not is_allowed


@pytest.mark.parametrize("is_on", [True, False])
def test_the_customers_mood_is_worked_out_only_where_that_is_on(
    rolled_back: None, member: MakeMember, is_on: bool
) -> None:
    Policy.objects.update(customer_sentiment=is_on)
    call = ended_call(member("rep"))
    write_report(call.pk)
    figures = Report.objects.get(call=call).figures
    assert ("sentiment" in figures["figures"]) is is_on
    assert any(name.startswith("sentiment") for name in figures["figures"]) is is_on
    if not is_on:
        assert figures["moods"] == []
