"""A model card is looked at twice: when its first words come, and before the finished card is published."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from coaching.coach import Coach
from coaching.llm.base import CardText
from coaching.types import CardAction, Channel, Lane, Material
from tests.coaching.fakes import MATERIAL, Clock, ScriptedModel, Sink, line, until

OBJECTION = "Honestly that is too expensive for us."
CARD = CardText("Acme costs $49 per seat and month.", title="Price", source_key="seat-price", is_complete=True)
PIECES = ("Acme costs $49",)
NO_PLAYS = replace(MATERIAL, plays=())


class Half:
    """A coach whose model has said its first words and waits with the rest."""

    def __init__(self, material: Material = MATERIAL, card: CardText = CARD) -> None:
        self.sink, self.clock, self.go_on = Sink(), Clock(), asyncio.Event()
        self.model = ScriptedModel(card, PIECES, middle=self.go_on)
        self.coach = Coach(call_id="c", material=material, model=self.model, sink=self.sink, clock=self.clock)

    async def grown(self) -> None:
        await until(lambda: self.sink.texts)

    async def ended(self) -> None:
        self.go_on.set()
        await until(lambda: self.coach.is_idle)

    @property
    def lanes(self) -> list[Lane]:
        return [card.lane for card in self.sink.cards]


@pytest.fixture
async def half() -> AsyncIterator[Half]:
    story = Half()
    yield story
    await story.coach.aclose()


@pytest.fixture
async def alone() -> AsyncIterator[Half]:
    """No play answers: the model card comes in its own right."""
    story = Half(NO_PLAYS)
    yield story
    await story.coach.aclose()


def was_taken_back(story: Half) -> bool:
    return story.sink.texts[-1][1] == "" and all(entry.is_waste for entry in story.sink.entries)


async def test_it_is_published_when_nothing_changed(half: Half) -> None:
    half.coach.hear(line(OBJECTION))
    await half.grown()
    await half.ended()
    assert half.lanes == [Lane.INSTANT, Lane.MODEL]
    assert half.coach.model_outcomes == {"shown": 1}


async def test_words_that_changed_while_it_grew_take_it_back(half: Half) -> None:
    half.coach.hear(line("Honestly that is too expensive for", is_final=False))
    await half.grown()
    half.coach.hear(line("Honestly that is two expansive forms."))
    await half.ended()
    assert half.lanes == [Lane.INSTANT]
    assert was_taken_back(half)
    assert half.coach.model_outcomes == {"stale": 1}


async def test_a_rep_who_began_to_speak_keeps_the_instant_card(half: Half) -> None:
    half.coach.hear(line(OBJECTION))
    await half.grown()
    half.coach.note_speaking(Channel.REP, True, 3_000)
    half.clock.pass_s(1)
    await half.ended()
    assert half.lanes == [Lane.INSTANT]
    assert was_taken_back(half)
    assert half.coach.model_outcomes == {"held_back": 1}


async def test_a_card_of_its_own_waits_until_the_rep_stops(alone: Half) -> None:
    alone.coach.hear(line(OBJECTION))
    await alone.grown()
    alone.coach.note_speaking(Channel.REP, True, 3_000)
    alone.clock.pass_s(1)
    await alone.ended()
    assert alone.lanes == []
    assert alone.sink.texts[-1][1] == "", "nothing changes under the rep's eyes while the rep speaks"
    alone.coach.note_speaking(Channel.REP, False, 4_500)
    assert alone.lanes == [Lane.MODEL]


async def test_a_topic_sent_away_while_it_grew_stays_away(half: Half) -> None:
    half.coach.hear(line(OBJECTION))
    await half.grown()
    half.coach.act(half.sink.cards[0].id, CardAction.DISMISSED)
    await half.ended()
    assert half.lanes == [Lane.INSTANT]
    assert was_taken_back(half)
    assert half.coach.model_outcomes == {"away": 1}


async def test_a_title_and_a_reason_without_ground_are_left_out_and_counted() -> None:
    lying = replace(CARD, why="Customers save 40 % in month one", title="90% off today")
    story = Half(card=lying)
    story.coach.hear(line(OBJECTION))
    await story.ended()
    card = story.sink.cards[-1]
    assert (card.lane, card.say, card.why, card.title) == (Lane.MODEL, CARD.say, "", "Price")
    assert story.coach.model_outcomes == {"shown": 1, "cut": 2}
    await story.coach.aclose()


async def test_a_growing_text_stops_where_its_ground_ends() -> None:
    lying = replace(CARD, say="Acme costs $49 per seat and connects to everything you have.")
    story = Half(card=lying)
    story.model.pieces = ("Acme costs $49 per seat and", "Acme costs $49 per seat and connects to everything you")
    story.coach.hear(line(OBJECTION))
    await story.ended()
    assert all("connects" not in text for _, text in story.sink.texts)
    assert story.coach.model_outcomes["questioned"] == 1
    assert story.sink.cards[-1].say.endswith("?")
    await story.coach.aclose()
