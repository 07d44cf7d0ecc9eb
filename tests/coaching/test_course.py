"""Plays that wait for time, for silence or for their turn, in a coach whose clock is turned by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from coaching.coach import Coach
from coaching.ears import recalled
from coaching.types import Channel, Match, Play, SignalKind, Subject, Trigger
from tests.coaching.fakes import MATERIAL, PRICE_PLAY, Clock, Sink, line

REP, CUSTOMER = Channel.REP, Channel.CUSTOMER
PRICE = Subject(SignalKind.PRICE)
QUIET = {"seconds_between_cards": 0, "cards_per_10_minutes": 100}


def play(key: str = "agenda", **given: Any) -> Play:
    usual: dict[str, Any] = {"channel": REP, "priority": 40, "cooldown_s": 0}
    return Play(key, SignalKind.NEXT_STEP, key, key.capitalize(), f"Say {key}.", "Why.", **(usual | given))


AGENDA = play(trigger=Trigger.NOT_SAID, patterns=("agenda for today", "what we want to cover"), within_s=60)


class Room:
    """A coach in a call whose time passes when told; what is said is heard at once."""

    def __init__(self, *plays: Play, is_mono: bool = False, settings: dict[str, int] | None = None) -> None:
        self.sink, self.clock = Sink(), Clock()
        self.material = replace(MATERIAL, plays=plays, settings=settings or QUIET)
        self.coach = self.join(is_mono=is_mono)
        self.fired: list[str] = []
        self.now_s = 0.0
        self._utterance = 0

    def join(self, *, is_mono: bool = False) -> Coach:
        return Coach(
            call_id="call",
            material=self.material,
            model=None,
            sink=self.sink,
            clock=self.clock,
            is_mono=is_mono,
            fired=lambda cue: None if cue.stands_back else self.fired.append(cue.play.key),
        )

    def wait(self, seconds: float, *, heard_s: float | None = None, deaf: bool = False) -> None:
        """Time passes, with a tick each second. `heard_s`: only so much of the call is transcribed."""
        for _ in range(round(seconds)):
            self.now_s += 1
            self.clock.pass_s(1)
            now_ms = round(self.now_s * 1_000)
            known_ms = now_ms if heard_s is None else round(heard_s * 1_000)
            self.coach.tick(now_ms, {} if deaf else dict.fromkeys(Channel, known_ms))

    def hear(self, text: str, channel: Channel = CUSTOMER, **given: Any) -> None:
        self._utterance += 1
        said = line(text, start_ms=round(self.now_s * 1_000), channel=channel, utterance=self._utterance, **given)
        self.coach.hear(said)
        if not said.recovered:
            self.now_s = max(self.now_s, said.end_ms / 1_000)

    @property
    def shown(self) -> list[str]:
        return [card.play for card in self.sink.cards]


@pytest.fixture(autouse=True)
def _loop() -> Iterator[None]:
    """A card that is held needs a loop for its timer."""
    loop = asyncio.new_event_loop()
    asyncio.events._set_running_loop(loop)
    yield
    asyncio.events._set_running_loop(None)
    loop.close()


def test_what_was_not_said_in_time_makes_a_card() -> None:
    room = Room(AGENDA)
    room.wait(59)
    assert room.shown == []
    room.wait(1)
    assert room.shown == ["agenda"]
    room.wait(300)
    assert room.shown == ["agenda"]


def test_what_was_said_in_time_makes_none() -> None:
    room = Room(AGENDA)
    room.wait(10)
    room.hear("Let me tell you what we want to cover today.", REP)
    room.wait(120)
    assert room.shown == []


def test_it_counts_only_from_the_speaker_who_should_say_it() -> None:
    room = Room(AGENDA)
    room.hear("What is the agenda for today?", CUSTOMER)
    room.wait(61)
    assert room.shown == ["agenda"]


def test_with_one_channel_for_both_anybody_may_have_said_it() -> None:
    room = Room(AGENDA, is_mono=True)
    room.hear("What is the agenda for today?", CUSTOMER)
    room.wait(61)
    assert room.shown == []


def test_said_with_a_not_before_it_does_not_count_as_said() -> None:
    room = Room(AGENDA)
    room.hear("I have not got an agenda for today.", REP)
    room.wait(61)
    assert room.shown == ["agenda"]


def test_an_interim_is_enough_to_stay_quiet() -> None:
    room = Room(AGENDA)
    room.wait(58)
    room.hear("so the agenda for today", REP, is_final=False)
    room.wait(30)
    assert room.shown == []


def test_a_phrase_that_is_only_waited_for_is_no_signal() -> None:
    room = Room(AGENDA)
    room.hear("The agenda for today is short.", REP)
    assert room.sink.signals == []


def test_a_signal_can_be_what_is_missing() -> None:
    missing = play(
        "step", trigger=Trigger.NOT_SAID, signals=(Subject(SignalKind.NEXT_STEP),), within_s=60, channel=None
    )
    agreed, open_ = Room(missing), Room(missing)
    agreed.hear("Let's set up a call on Tuesday.", CUSTOMER)
    for room in (agreed, open_):
        room.wait(61)
    assert agreed.shown == []
    assert open_.shown == ["step"]


def test_nothing_counts_as_unsaid_before_its_words_are_known() -> None:
    room = Room(AGENDA)
    room.wait(70, heard_s=49)
    assert room.shown == []
    room.wait(1)
    assert room.shown == ["agenda"]


def test_what_a_repair_brings_late_counts_as_said() -> None:
    room = Room(AGENDA)
    room.wait(70, heard_s=49)
    room.coach.hear(line("Here is our agenda for today.", start_ms=50_000, channel=REP, recovered=True))
    room.wait(20)
    assert room.shown == []


def test_while_nobody_may_be_heard_no_time_runs_against_the_rep() -> None:
    room = Room(AGENDA)
    room.wait(120, deaf=True)
    room.wait(59)
    assert room.shown == []
    room.wait(2)
    assert room.shown == ["agenda"]


def test_absence_after_something_starts_anew_each_time_it_comes_up() -> None:
    asked = play("decider", trigger=Trigger.NOT_SAID, patterns=("who else decides",), since=PRICE, within_s=30)
    room = Room(asked)
    room.wait(100)
    assert room.shown == []
    room.hear("How much does it cost?")
    room.wait(31)
    assert room.shown == ["decider"]
    room.wait(100)
    room.hear("And what is your pricing for ten people?")
    room.hear("Good question, who else decides about it?", REP)
    room.wait(60)
    assert room.shown == ["decider"]
    room.hear("Remind me, how much does it cost?")
    room.wait(40)
    assert room.shown == ["decider", "decider"]


def test_time_alone_can_make_a_card() -> None:
    room = Room(play("halftime", trigger=Trigger.ELAPSED, within_s=90))
    room.hear("How much does it cost?")
    room.wait(85)
    assert room.shown == []
    room.wait(6)
    assert room.shown == ["halftime"]


def test_time_can_run_from_something_that_came_up() -> None:
    room = Room(play("recap", trigger=Trigger.ELAPSED, since=PRICE, within_s=20, channel=None))
    room.wait(30)
    room.hear("How much does it cost?")
    room.wait(15)
    assert room.shown == []
    room.wait(8)
    assert room.shown == ["recap"]


@pytest.mark.parametrize(("order", "expected"), [("before", ["early"]), ("after", ["late"])])
def test_a_play_keeps_to_the_order_of_the_call(order: str, expected: list[str]) -> None:
    early = play("early", channel=CUSTOMER, patterns=("pilot project",), before=PRICE)
    late = play("late", channel=CUSTOMER, patterns=("pilot project",), after=PRICE)
    room = Room(early, late)
    if order == "after":
        room.hear("How much does it cost?")
        room.wait(5)
    room.hear("Could we do a pilot project?")
    assert room.shown == expected


def test_price_said_in_the_same_breath_comes_after() -> None:
    room = Room(play("early", channel=CUSTOMER, patterns=("pilot project",), before=PRICE))
    room.hear("Could we do a pilot project, and how much does it cost?")
    assert room.shown == ["early"]


def test_a_play_keeps_to_its_minutes() -> None:
    room = Room(play("late", channel=CUSTOMER, patterns=("pilot project",), from_s=60, until_s=120))
    room.hear("Could we do a pilot project?")
    assert room.shown == []
    room.wait(70)
    room.hear("Could we do a pilot project?")
    assert room.shown == ["late"]
    room.wait(60)
    room.hear("Could we do a pilot project?")
    assert room.shown == ["late"]


def test_what_waits_for_time_waits_for_its_turn_too() -> None:
    room = Room(play("recap", trigger=Trigger.ELAPSED, within_s=10, after=PRICE))
    room.wait(100)
    assert room.shown == []
    room.hear("How much does it cost?")
    room.wait(2)
    assert room.shown == ["recap"]


def test_once_in_a_call_means_once() -> None:
    room = Room(replace(PRICE_PLAY, once_per_call=True, cooldown_s=0))
    room.hear("That is too expensive for us.")
    room.wait(100)
    room.hear("Still, that is too expensive for us.")
    assert room.shown == ["price"]


def test_the_next_best_play_answers_when_the_best_has_had_its_once() -> None:
    other = replace(PRICE_PLAY, key="other", patterns=(), priority=10, cooldown_s=0)
    room = Room(replace(PRICE_PLAY, once_per_call=True, cooldown_s=0), other)
    room.hear("That is too expensive for us.")
    room.wait(100)
    room.hear("Still, that is too expensive for us.")
    assert room.shown == ["price", "other"]


def test_a_play_that_needs_both_waits_for_the_phrase_and_the_signal() -> None:
    both = play(
        "bundle", channel=CUSTOMER, patterns=("pilot project",), signals=(Subject(SignalKind.PRICE),), match=Match.ALL
    )
    room = Room(both)
    room.hear("Could we do a pilot project?")
    assert room.shown == []
    room.wait(5)
    room.hear("How much does it cost?")
    assert room.shown == ["bundle"]
    room.wait(100)
    room.hear("How much does it cost?")
    assert room.shown == ["bundle"], "the phrase is too long ago"


def test_one_play_can_listen_for_several_signals() -> None:
    wide = play("wide", channel=CUSTOMER, signals=(PRICE, Subject(SignalKind.BUYING_SIGNAL)))
    room = Room(wide)
    room.hear("How much does it cost?")
    room.wait(30)
    room.hear("How soon could we get started?")
    assert room.shown == ["wide", "wide"]


def test_no_card_by_time_while_the_rep_speaks() -> None:
    room = Room(AGENDA)
    room.wait(55)
    room.coach.note_speaking(REP, True, 55_000)
    room.wait(20)
    assert room.shown == []
    assert room.fired == ["agenda"]
    room.coach.note_speaking(REP, False, 75_000)
    room.wait(1)
    assert room.shown == ["agenda"]


def test_a_card_by_time_is_given_up_after_a_minute() -> None:
    room = Room(AGENDA)
    room.wait(50)
    room.coach.note_speaking(REP, True, 50_000)
    room.wait(80)
    room.coach.note_speaking(REP, False, 130_000)
    room.wait(60)
    assert room.shown == []


def test_two_that_are_due_at_once_come_by_importance_and_one_by_one() -> None:
    first = replace(AGENDA, key="first", priority=90)
    room = Room(AGENDA, first, settings={"seconds_between_cards": 20, "cards_per_10_minutes": 6})
    room.wait(70)
    assert room.shown == ["first"]
    room.wait(15)
    assert room.shown == ["first", "agenda"]


def test_a_card_carries_its_play_its_second_line_its_question_and_its_fact() -> None:
    rich = replace(PRICE_PLAY, say="First line.\nSecond line.", question="What else?", source="seat-price")
    own = replace(PRICE_PLAY, key="own", source="Price list 2026")
    room, other = Room(rich), Room(own)
    for each in (room, other):
        each.hear("That is too expensive for us.")
    card, second = room.sink.cards[0], other.sink.cards[0]
    assert (card.play, card.say, card.question) == ("price", "First line.\nSecond line.", "What else?")
    assert card.source is not None
    assert card.source.title == "Price per seat"
    assert second.source is not None
    assert second.source.origin == "Price list 2026"


def test_a_takeover_remembers_what_was_said_what_came_up_and_what_was_shown() -> None:
    said = line("What we want to cover today is your roof.", start_ms=10_000, channel=REP, utterance=1)
    priced = line("How much does it cost?", start_ms=20_000, utterance=2)
    after = play("pilot", channel=CUSTOMER, patterns=("pilot project",), after=PRICE, once_per_call=True)
    first = Room(AGENDA, after)
    first.hear("Could we do a pilot project?")
    assert first.shown == []
    second = Room(AGENDA, after)
    lines = [said, priced]
    second.coach.restore(lines, [], [], recalled(second.material, lines, [], is_mono=False))
    second.now_s = 25
    second.hear("Could we do a pilot project?")
    assert second.shown == ["pilot"]
    second.wait(100)
    assert second.shown == ["pilot"]
    third = Room(AGENDA, after)
    cards = second.sink.cards
    third.coach.restore(lines, [], cards, recalled(third.material, lines, cards, is_mono=False))
    third.now_s = 130
    third.hear("Could we do a pilot project?")
    assert third.shown == []


def test_a_takeover_shows_no_old_absence_again() -> None:
    room = Room(AGENDA)
    room.wait(61)
    card = room.sink.cards[0]
    lines = [line("Hello there.", start_ms=1_000, utterance=1), line("Go on.", start_ms=70_000, utterance=2)]
    again = Room(AGENDA)
    again.coach.restore(lines, [], [card], recalled(again.material, lines, [card], is_mono=False))
    again.now_s = 71
    again.wait(60)
    assert again.shown == []


def test_a_subject_says_what_to_write_when_it_is_unknown() -> None:
    assert Subject.parse("objection/price") == Subject(SignalKind.OBJECTION, "price")
    with pytest.raises(ValueError, match="objection/price"):
        Subject.parse("weather")
