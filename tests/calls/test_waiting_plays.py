"""Plays that wait, in a running session: its clock drives them, and only what the engine has heard counts as unsaid."""

from __future__ import annotations

import uuid

import pytest

from calls.live import opening
from coaching import playbook_versions
from coaching.models import Play
from coaching.types import Channel
from tenants.context import Business
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.talking import FRAME_SAMPLES, frame, say_hello, speak
from tests.e2e.house import in_business
from tests.speech.fakes import ScriptedTurn

HELLO = ScriptedTurn(Channel.REP, 300, 1_200, "thanks for taking the time today")
AGENDA = ScriptedTurn(Channel.REP, 300, 1_200, "let me tell you the agenda for today")


def publish(within_s: int) -> None:
    for key, within, patterns in (("agenda", within_s, "agenda for today"), ("later", within_s + 1, "")):
        Play.objects.create(
            key=key,
            title=key,
            kind="next_step",
            topic=key,
            channel="rep",
            say=f"Say {key}.",
            trigger="not_said" if patterns else "elapsed",
            patterns=patterns,
            within_s=within,
            cooldown_s=0,
        )
    playbook_versions.publish()


@pytest.mark.parametrize(("turn", "first"), [(HELLO, "agenda"), (AGENDA, "later")])
async def test_a_card_comes_when_something_was_not_said_and_none_when_it_was(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, turn: ScriptedTurn, first: str
) -> None:
    await in_business(acme, lambda: publish(within_s=2))
    hears(turn)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        for number in range(45):
            audio.send(frame(number * FRAME_SAMPLES, value=0))
        card = await events.until_kind("card")
        assert card["payload"]["play"] == first
        assert card["payload"]["playbook_version"] == 1
        assert card["payload"]["lane"] == "instant"


async def test_who_takes_a_call_over_knows_what_was_said_before(
    live: None, hears: Hears, caller: MakeCaller, acme: Business
) -> None:
    await in_business(acme, lambda: publish(within_s=600))
    hears(AGENDA)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        end = speak(audio, 4)
        await events.until_kind("line")
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)

    def take_over() -> set[str]:
        call = opening.open_call(uuid.UUID(call_id))
        assert call.past.course is not None
        due = call.past.course.due(610_000, dict.fromkeys(Channel, 610_000))
        return {each.play.key for each in due}

    assert await in_business(acme, take_over) == {"later"}
