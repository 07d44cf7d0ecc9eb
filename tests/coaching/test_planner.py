"""When the model is asked, about what first, and what becomes of the question before. On a clock by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from coaching.coach import Coach
from coaching.llm.base import CardRequest, CardText
from coaching.planner import MIN_GAP_MS, TURN_GAP_MS, WAIT_MS, WAITING_KEPT, Ask, Planner
from coaching.types import Card, CardAction, Channel, Component, Lane, Line, Signal, SignalKind, Usage
from coaching.virtual_time import run
from tenants.members.help_modes import HelpMode
from tests.coaching.fakes import MATERIAL, Sink, line

NO_PLAYS = replace(MATERIAL, plays=())
QUESTION = "What happens to our data if we leave after a year?"
OBJECTION = "Honestly that is too expensive for us."
RIVAL = "We are also looking at Quantor right now."
TALK = "Our people spend most of the morning on the phone with the old list"


def signal(kind: SignalKind = SignalKind.OBJECTION, topic: str = "price", end_ms: int = 1_000) -> Signal:
    return Signal(f"c{end_ms}-{kind.value}", kind, topic, Channel.CUSTOMER, 0.9, "words", end_ms - 500, end_ms)


def ended(text: str, **more: Any) -> Line:
    return replace(line(text, **more), ends_turn=True)


def asked_now(planner: Planner, ask: Ask | None, now_ms: int) -> Ask:
    assert ask is not None
    planner.asked(ask, now_ms)
    return ask


def test_what_comes_within_four_seconds_waits_and_is_asked_when_they_are_over() -> None:
    planner = Planner()
    asked_now(planner, planner.choose([signal()], line(OBJECTION), 1_000), 1_000)
    late = signal(SignalKind.COMPETITOR, "Quantor", 3_000)
    assert planner.choose([late], line(RIVAL, utterance=2), 3_000) is None
    assert planner.due(1_000 + MIN_GAP_MS - 1) is None
    ask = asked_now(planner, planner.due(1_000 + MIN_GAP_MS), 5_000)
    assert ask.signal is late
    assert planner.due(20_000) is None, "once"


def test_what_waited_too_long_is_stale_and_is_not_asked() -> None:
    planner = Planner()
    asked_now(planner, planner.choose([signal()], line(OBJECTION), 1_000), 1_000)
    assert planner.choose([signal(SignalKind.COMPETITOR, "Quantor", 2_000)], line(RIVAL), 2_000) is None
    assert planner.due(2_000 + WAIT_MS + 501) is None


def test_the_end_of_the_turn_asks_about_what_was_worth_most_in_it_and_is_its_moment() -> None:
    planner = Planner()
    asked_now(planner, planner.choose([signal(SignalKind.QUESTION, "proof", 500)], line(QUESTION), 500), 500)
    planner.choose([signal(end_ms=1_500)], line(OBJECTION), 1_500)
    planner.choose([signal(SignalKind.PRICE, "discount", 3_000)], line("Any discount then?"), 3_000)
    ask = planner.end_turn(12_000, 11_800)
    assert ask is not None
    assert ask.signal.kind is SignalKind.OBJECTION
    assert ask.at_ms == 11_800
    assert planner.end_turn(13_000, 12_900) is None, "the turn is over"


def test_the_end_of_a_turn_does_not_go_back_to_what_was_said_half_a_minute_before() -> None:
    planner = Planner()
    planner.wait(Ask(signal(end_ms=1_000), line(OBJECTION), is_speculative=False))
    assert planner.end_turn(31_001, 31_001) is None


def test_a_turn_that_ends_within_the_four_seconds_is_asked_about_after_them() -> None:
    planner = Planner()
    asked_now(planner, planner.choose([signal()], line(OBJECTION), 1_000), 1_000)
    planner.choose([signal(SignalKind.COMPETITOR, "Quantor", 2_000)], line(RIVAL), 2_000)
    assert planner.end_turn(4_000, 4_000) is None
    ask = planner.due(5_000)
    assert ask is not None
    assert ask.at_ms == 4_000


def test_once_the_rep_answers_nothing_of_the_turn_waits_any_more() -> None:
    planner = Planner()
    asked_now(planner, planner.choose([signal()], line(OBJECTION), 1_000), 1_000)
    planner.choose([signal(SignalKind.COMPETITOR, "Quantor", 3_000)], line(RIVAL), 3_000)
    planner.note(line("I see.", channel=Channel.REP))
    assert planner.due(5_000) is not None, "two words are no answer"
    planner.note(line("Let me tell you how we differ.", channel=Channel.REP))
    assert planner.due(5_000) is None


def test_more_than_eight_never_wait_and_the_least_worth_goes() -> None:
    planner = Planner()
    for number in range(WAITING_KEPT + 4):
        kind = SignalKind.OBJECTION if number == 0 else SignalKind.QUESTION
        planner.wait(Ask(signal(kind, f"t{number}", 1_000 + number), line(OBJECTION), is_speculative=False))
    left = []
    while (ask := planner.due(1_500)) is not None:
        left.append(ask.signal)
        planner.dropped(ask)
    assert len(left) == WAITING_KEPT
    assert left[0].kind is SignalKind.OBJECTION


@pytest.mark.parametrize(
    ("is_mono", "text", "since_ms", "is_asked"),
    [
        (False, TALK, TURN_GAP_MS, True),
        (False, TALK, TURN_GAP_MS - 1, False),
        (False, "Yes, that is right.", TURN_GAP_MS, False),
        (True, TALK, TURN_GAP_MS, False),
    ],
)
def test_a_long_turn_without_a_signal_is_asked_about_now_and_then(
    is_mono: bool, text: str, since_ms: int, is_asked: bool
) -> None:
    planner = Planner(is_mono=is_mono)
    asked_now(planner, planner.choose([signal()], line(OBJECTION), 1_000), 1_000)
    planner.note(line("Compared with what, if I may ask?", channel=Channel.REP))
    planner.note(line(text, utterance=2))
    ask = planner.end_turn(1_000 + since_ms, 1_000 + since_ms)
    assert (ask is not None and ask.is_whole_turn) is is_asked


@dataclass
class Slow:
    """A model that takes `first_s` to its first words and `more_s` to the end; keeps what it was asked."""

    first_s: float = 0.5
    more_s: float = 0.2
    say: str = "What are you comparing us with?"
    name: str = "slow"
    provider: str = "tests"
    asked: list[CardRequest] = field(default_factory=list)
    in_flight: int = 0
    most: int = 0
    given_up: int = 0

    async def warm_up(self) -> None:
        """Nothing to open."""

    async def stream_card(self, request: CardRequest) -> AsyncGenerator[CardText | Usage]:
        self.asked.append(request)
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        try:
            await asyncio.sleep(self.first_s)
            yield CardText(" ".join(self.say.split()[:4]))
            await asyncio.sleep(self.more_s)
            yield CardText(self.say, title="Help", is_complete=True)
            yield Usage(Component.MODEL, self.provider, self.name, "input_tokens", 100)
        except (asyncio.CancelledError, GeneratorExit):
            self.given_up += 1
            raise
        finally:
            await asyncio.sleep(0.05)  # a vendor's connection does not close at once
            self.in_flight -= 1


class Call:
    """A coach on a clock that jumps; `at` moves it to a second of the call."""

    def __init__(self, model: Slow, material: Any = NO_PLAYS) -> None:
        self.model, self.sink = model, Sink()
        self._loop = asyncio.get_running_loop()
        self.coach = Coach(call_id="c", material=material, model=model, sink=self.sink, clock=self._loop.time)

    async def at(self, second: float) -> None:
        await asyncio.sleep(second - self._loop.time())

    async def hear(self, second: float, text: str, **more: Any) -> None:
        """A final whose last word ends at this second."""
        await self.at(second)
        length = len(text.split()) * 300
        said = line(text, start_ms=round(second * 1_000) - length + 50, **more)
        self.coach.hear(said)

    async def tick(self, second: float) -> None:
        await self.at(second)
        self.coach.tick(round(second * 1_000), dict.fromkeys(Channel, round(second * 1_000)))

    def about(self, number: int) -> str:
        return self.model.asked[number].messages[-1][1].partition("</call>")[2]

    @property
    def cards(self) -> list[Card]:
        return [card for card in self.sink.cards if card.lane is Lane.MODEL]


def on_virtual_time(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    run(story())


def test_an_objection_overtakes_a_question_in_flight_and_its_tokens_are_waste() -> None:
    async def story() -> None:
        call = Call(Slow(first_s=1.4))
        await call.hear(5, QUESTION)
        await call.hear(6, OBJECTION, utterance=2)
        await call.at(9)
        assert [("objection" in call.about(n)) for n in range(2)] == [False, True]
        assert call.model.given_up == 1
        assert call.model.most == 1, "at most one in flight, the one before has let go first"
        assert [card.topic for card in call.cards] == ["price"]
        waste = [entry for entry in call.sink.entries if entry.is_waste]
        assert {entry.unit for entry in waste} == {"input_tokens"}, "no word of it had come"
        assert all(entry.is_estimate for entry in waste)
        await call.coach.aclose()

    on_virtual_time(story)


def test_a_question_does_not_overtake_an_objection_and_waits_for_it() -> None:
    async def story() -> None:
        call = Call(Slow(first_s=1.0), replace(NO_PLAYS, settings={"seconds_between_cards": 3}))
        await call.hear(5, OBJECTION)
        await call.at(5.5)
        call.coach.hear(replace(line(QUESTION, start_ms=4_900, utterance=2), ends_turn=True))
        for second in range(6, 12):
            await call.tick(second)
        assert call.model.given_up == 0
        assert len(call.model.asked) == 2
        assert "objection" in call.about(0)
        assert "question" in call.about(1)
        await call.coach.aclose()

    on_virtual_time(story)


def test_a_card_whose_words_are_on_the_screen_is_not_taken_back_for_another() -> None:
    async def story() -> None:
        call = Call(Slow(first_s=0.3, more_s=2))
        await call.hear(5, RIVAL)
        await call.at(6)
        assert call.sink.texts, "its first words are visible"
        await call.hear(6.5, OBJECTION, utterance=2)
        await call.at(9)
        assert call.model.given_up == 0
        assert [card.topic for card in call.cards] == ["quantor"]
        assert not any(say == "" for _, say in call.sink.texts)
        await call.coach.aclose()

    on_virtual_time(story)


def test_a_question_about_words_that_changed_yields_to_anything() -> None:
    async def story() -> None:
        call = Call(Slow(first_s=1.4))
        await call.at(5)
        call.coach.hear(line("Honestly that is too expensive for", start_ms=3_000, is_final=False))
        await call.at(5.4)
        call.coach.hear(line("Honestly that is two expansive forms.", start_ms=3_000))
        await call.hear(6, QUESTION, utterance=2)
        await call.at(9)
        assert call.model.given_up == 1
        assert "question" in call.about(1)
        assert len(call.cards) == 1
        await call.coach.aclose()

    on_virtual_time(story)


def test_hanging_up_while_one_request_takes_another_s_place_leaves_nothing_behind() -> None:
    async def story() -> None:
        call = Call(Slow(first_s=1.4))
        await call.hear(5, QUESTION)
        await call.hear(6, OBJECTION, utterance=2)
        await call.coach.aclose()
        assert call.model.in_flight == 0
        assert call.cards == []
        assert len(asyncio.all_tasks()) == 1

    on_virtual_time(story)


@pytest.mark.parametrize("is_marker", [False, True])
def test_the_end_of_a_long_turn_asks_the_model_once(is_marker: bool) -> None:
    """The end of a turn comes with its last final, or later in a line without text."""

    async def story() -> None:
        call = Call(Slow())
        await call.at(10)
        call.coach.hear(replace(line(TALK, start_ms=5_500), ends_turn=not is_marker))
        await call.at(11)
        if is_marker:
            assert call.model.asked == [], "nothing was found in it"
            call.coach.hear(replace(line("", start_ms=11_000, is_final=False, utterance=9), ends_turn=True))
        await call.at(13)
        assert len(call.model.asked) == 1
        assert "finished" in call.about(0)
        card = call.cards[0]
        assert card.signal_id is None
        assert card.trigger_end_ms == (11_000 if is_marker else 5_500 + len(TALK.split()) * 300 - 50)
        assert call.sink.signals == [], "an ask about a turn is no signal"
        await call.coach.aclose()

    on_virtual_time(story)


def test_a_turn_that_the_rep_answered_meanwhile_gets_no_card() -> None:
    async def story() -> None:
        call = Call(Slow(first_s=1.2))
        await call.at(10)
        call.coach.hear(ended(TALK, start_ms=5_500))
        await call.hear(10.9, "Tell me more about that list, please.", channel=Channel.REP, utterance=2)
        await call.at(14)
        assert len(call.model.asked) == 1
        assert call.cards == []
        await call.coach.aclose()

    on_virtual_time(story)


def test_the_rep_s_end_of_turn_asks_nothing() -> None:
    async def story() -> None:
        call = Call(Slow())
        await call.at(10)
        call.coach.hear(ended(TALK, start_ms=5_500, channel=Channel.REP))
        await call.at(12)
        assert call.model.asked == []
        await call.coach.aclose()

    on_virtual_time(story)


def test_the_model_is_not_asked_for_a_card_that_could_not_be_seen() -> None:
    async def story() -> None:
        call = Call(Slow())
        await call.hear(5, OBJECTION)
        await call.hear(12, RIVAL, utterance=2)
        await call.at(15)
        assert len(call.model.asked) == 1, "twenty seconds lie between cards"
        await call.hear(30, RIVAL, utterance=3)
        await call.at(33)
        assert [card.topic for card in call.cards] == ["price", "quantor"]
        await call.coach.aclose()

    on_virtual_time(story)


def test_a_play_and_the_model_do_not_both_speak_on_a_subject_within_a_minute() -> None:
    async def story() -> None:
        call = Call(Slow(first_s=5), MATERIAL)
        await call.hear(5, OBJECTION)
        assert [card.lane for card in call.sink.cards] == [Lane.INSTANT], "the model is too late to take its place"
        await call.hear(35, "Still, we can not afford that price.", utterance=2)
        await call.at(40)
        assert len(call.sink.cards) == 1
        assert len(call.model.asked) == 1
        await call.hear(66, "Still, we can not afford that price.", utterance=3)
        await call.at(70)
        assert len(call.sink.cards) == 2
        await call.coach.aclose()

    on_virtual_time(story)


def test_a_dismissed_topic_is_not_even_asked_about() -> None:
    async def story() -> None:
        call = Call(Slow())
        await call.hear(5, OBJECTION)
        await call.at(7)
        call.coach.act(call.cards[0].id, CardAction.DISMISSED)
        await call.hear(100, OBJECTION, utterance=2)
        await call.at(103)
        assert len(call.model.asked) == 1
        await call.coach.aclose()

    on_virtual_time(story)


def test_a_silent_coach_asks_nothing_and_what_is_in_flight_is_not_shown() -> None:
    async def story() -> None:
        call = Call(Slow(first_s=1.0))
        await call.hear(5, OBJECTION)
        call.coach.set_help_mode(HelpMode.SILENT)
        await call.hear(40, RIVAL, utterance=2)
        await call.at(43)
        assert len(call.model.asked) == 1
        assert call.sink.cards == []
        assert all(entry.is_waste for entry in call.sink.entries)
        call.coach.set_help_mode(HelpMode.KEY_MOMENTS)
        await call.hear(80, QUESTION, utterance=3)
        await call.at(90)
        call.coach.hear(ended(TALK, start_ms=85_500, utterance=4))
        await call.hear(120, OBJECTION, utterance=5)
        await call.at(123)
        assert len(call.model.asked) == 2, "neither questions nor whole turns are key moments"
        assert [card.topic for card in call.cards] == ["price"]
        await call.coach.aclose()

    on_virtual_time(story)
