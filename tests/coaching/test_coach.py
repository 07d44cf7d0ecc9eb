"""The coach as the live session uses it: lines in, signals, moments and cards out."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from coaching.coach import Coach
from coaching.llm.base import CardText, ModelError
from coaching.types import CardAction, Channel, Lane, MomentState, SignalKind
from tests.coaching.fakes import MATERIAL, Clock, ScriptedModel, Sink, line, until

GROUNDED = CardText(
    "Acme costs $49 per seat and month.", "A fact.", "objection", "Price", "seat-price", is_complete=True
)
PIECES = ("Acme costs", "Acme costs $49 per", "Acme costs $49 per seat and month.")
OBJECTION = "Honestly that is too expensive for us."


def coach_for(sink: Sink, clock: Clock, model: ScriptedModel | None = None, is_mono: bool = False) -> Coach:
    return Coach(call_id="call-1", material=MATERIAL, model=model, sink=sink, clock=clock, is_mono=is_mono)


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_an_objection_in_an_interim_shows_its_play_at_once(sink: Sink, clock: Clock) -> None:
    coach = coach_for(sink, clock)
    coach.hear(line("Honestly that is too expensive for", is_final=False))
    assert [card.lane for card in sink.cards] == [Lane.INSTANT]
    card = sink.cards[0]
    assert card.say == "What are you comparing us with?"
    assert card.source is not None
    assert card.source.key == "price"
    assert card.trigger_end_ms == 4 * 300 + 250, "the end of the word “expensive”"
    await coach.aclose()


async def test_growing_interims_and_the_final_are_one_signal_and_one_card(sink: Sink, clock: Clock) -> None:
    coach = coach_for(sink, clock)
    words = OBJECTION.split()
    for count in range(1, len(words) + 1):
        coach.hear(line(" ".join(words[:count]), is_final=False))
    coach.hear(line(OBJECTION))
    objections = [signal for signal in sink.signals if signal.kind is SignalKind.OBJECTION]
    assert len(objections) == 1
    assert objections[0].is_interim
    assert len(sink.cards) == 1
    assert [moment.state for moment in sink.moments] == [MomentState.RAISED]
    assert sink.moments[0].quote == OBJECTION
    await coach.aclose()


async def test_the_rep_quoting_an_objection_is_none(sink: Sink, clock: Clock) -> None:
    coach = coach_for(sink, clock)
    coach.hear(line(OBJECTION, channel=Channel.REP))
    assert sink.signals == []
    assert sink.cards == []
    await coach.aclose()


async def test_recovered_lines_are_remembered_and_make_no_card(sink: Sink, clock: Clock) -> None:
    coach = coach_for(sink, clock, ScriptedModel(GROUNDED, PIECES))
    coach.hear(line(OBJECTION, recovered=True))
    assert sink.signals
    assert sink.moments
    assert sink.cards == []
    await coach.aclose()


async def test_one_channel_for_both_still_hears_the_customer(sink: Sink, clock: Clock) -> None:
    coach = coach_for(sink, clock, is_mono=True)
    coach.note_speaking(Channel.REP, True, 0)
    coach.hear(line(OBJECTION, channel=Channel.REP))
    assert len(sink.cards) == 1
    await coach.aclose()


async def test_a_card_waits_while_the_rep_speaks_and_comes_when_the_rep_stops(sink: Sink, clock: Clock) -> None:
    coach = coach_for(sink, clock)
    coach.note_speaking(Channel.REP, True, 0)
    coach.hear(line(OBJECTION))
    assert sink.cards == []
    coach.note_speaking(Channel.REP, False, 3_000)
    assert len(sink.cards) == 1
    await coach.aclose()


async def test_a_card_that_waited_three_seconds_is_late_and_dropped(sink: Sink, clock: Clock) -> None:
    coach = coach_for(sink, clock)
    coach.note_speaking(Channel.REP, True, 0)
    coach.hear(line(OBJECTION))
    clock.pass_s(3.1)
    coach.note_speaking(Channel.REP, False, 6_000)
    assert sink.cards == []
    await coach.aclose()


async def test_a_dismissed_topic_stays_away_for_the_call(sink: Sink, clock: Clock) -> None:
    coach = coach_for(sink, clock)
    coach.hear(line(OBJECTION))
    coach.act(sink.cards[0].id, CardAction.DISMISSED)
    coach.hear(line(OBJECTION, start_ms=1_200_000, utterance=2))
    assert len(sink.cards) == 1
    await coach.aclose()


async def test_the_model_card_takes_the_instant_cards_place(sink: Sink, clock: Clock) -> None:
    model = ScriptedModel(GROUNDED, PIECES)
    coach = coach_for(sink, clock, model)
    coach.hear(line(OBJECTION))
    assert [card.lane for card in sink.cards] == [Lane.INSTANT]
    await until(lambda: len(sink.cards) == 2)
    card = sink.cards[1]
    assert card.lane is Lane.MODEL
    assert card.replaces == sink.cards[0].id
    assert card.source is not None
    assert card.source.key == "seat-price"
    assert sink.texts[0][0] == card.id
    await until(lambda: sink.entries)
    assert not sink.entries[0].is_waste
    await coach.aclose()


async def test_a_model_asked_on_an_interim_that_changed_is_discarded_and_metered_as_waste(
    sink: Sink, clock: Clock
) -> None:
    gate = asyncio.Event()
    model = ScriptedModel(GROUNDED, PIECES, gate=gate)
    coach = coach_for(sink, clock, model)
    coach.hear(line("Honestly that is too expensive for", is_final=False))
    await until(lambda: model.asked)
    coach.hear(line("Honestly that is two expansive forms."))
    gate.set()
    await until(lambda: sink.entries)
    assert [card.lane for card in sink.cards] == [Lane.INSTANT]
    assert all(entry.is_waste and entry.is_estimate for entry in sink.entries)
    await coach.aclose()


async def test_a_late_model_card_is_not_shown_and_the_light_says_tips(sink: Sink, clock: Clock) -> None:
    model = ScriptedModel(GROUNDED, PIECES, gate=asyncio.Event())
    coach = coach_for(sink, clock, model)
    coach.hear(line(OBJECTION))
    await until(lambda: sink.rungs)
    assert sink.rungs[0][0] == "tips"
    assert [card.lane for card in sink.cards] == [Lane.INSTANT]
    assert all(entry.is_waste for entry in sink.entries)
    await coach.aclose()


async def test_an_invented_price_becomes_a_question_once_words_were_visible(sink: Sink, clock: Clock) -> None:
    invented = replace(GROUNDED, say="Acme costs only $20 per seat.")
    model = ScriptedModel(invented, ("Acme costs only", "Acme costs only $20 per seat"))
    coach = coach_for(sink, clock, model)
    coach.hear(line(OBJECTION))
    await until(lambda: len(sink.cards) == 2)
    assert "20" not in sink.cards[1].say
    assert sink.cards[1].say.endswith("?")
    assert sink.cards[1].source is None
    assert not any("20" in text for _, text in sink.texts)
    await coach.aclose()


async def test_a_model_that_breaks_midway_withdraws_its_words(sink: Sink, clock: Clock) -> None:
    middle = asyncio.Event()
    model = ScriptedModel(GROUNDED, ("Acme costs less",), middle=middle)
    coach = coach_for(sink, clock, model)
    coach.hear(line(OBJECTION))
    await until(lambda: sink.texts)
    await coach.aclose()
    assert sink.texts[-1] == (sink.texts[0][0], "")
    assert [card.lane for card in sink.cards] == [Lane.INSTANT]
    assert all(entry.is_waste for entry in sink.entries)
    assert model.closed == 1


async def test_a_refused_key_says_so_and_the_call_goes_on(sink: Sink, clock: Clock) -> None:
    model = ScriptedModel(GROUNDED, error=ModelError("refused", retryable=False))
    coach = coach_for(sink, clock, model)
    await coach.warm_up()
    assert sink.rungs[0][0] == "tips"
    assert "key" in sink.rungs[0][1]
    coach.hear(line(OBJECTION))
    assert len(sink.cards) == 1
    await coach.aclose()


async def test_without_a_model_the_cards_come_from_the_playbook_and_the_light_says_so(sink: Sink, clock: Clock) -> None:
    coach = coach_for(sink, clock)
    await coach.warm_up()
    assert sink.rungs == [("tips", "No language model is connected: cards come from the playbook.")]
    await coach.aclose()


async def test_what_nobody_answered_is_open_at_hang_up(sink: Sink, clock: Clock) -> None:
    coach = coach_for(sink, clock)
    coach.hear(line(OBJECTION))
    coach.hang_up()
    assert [moment.state for moment in sink.moments] == [MomentState.RAISED, MomentState.OPEN]
    await coach.aclose()


async def test_a_call_taken_over_keeps_its_budget_and_its_moments(sink: Sink, clock: Clock) -> None:
    first = coach_for(sink, clock)
    first.hear(line(OBJECTION))
    second_sink = Sink()
    second = coach_for(second_sink, clock)
    second.restore([line(OBJECTION)], sink.moments, sink.cards)
    assert second_sink.cards == []
    assert second_sink.moments == []
    second.hear(line("Still, it is too expensive.", start_ms=9_000, utterance=2))
    assert second_sink.cards == []
    second.hear(line("What matters is the return you get on that price.", start_ms=11_000, channel=Channel.REP))
    assert [moment.state for moment in second_sink.moments] == [MomentState.HANDLED]
    await first.aclose()
    await second.aclose()


async def test_hearing_a_line_takes_less_than_a_millisecond(sink: Sink, clock: Clock) -> None:
    coach = coach_for(sink, clock)
    texts = [OBJECTION, "We already use SalesBeam for that and it works fine.", "Let me write that down for a second."]
    started = time.perf_counter()
    for number in range(300):
        coach.hear(line(texts[number % 3], start_ms=number * 3_000, utterance=number))
    per_line_ms = (time.perf_counter() - started) / 300 * 1_000
    assert per_line_ms < 3, "typically 0.4 ms; the bound leaves room for a busy machine"
    await coach.aclose()
