"""What a call may not forget: twenty facts of its first minutes, an hour later, in a request that does not grow."""

from __future__ import annotations

import copy
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, takewhile

import pytest

from coaching import context, prompts
from coaching.ledger import LEDGER_CHARS, SHORT_CHARS, Entry, Ledger
from coaching.ledger_rules import EntryKind, marks_of
from coaching.signals.text import words_of
from coaching.types import Channel, Line, Moment, MomentState, Signal, SignalKind
from tests.coaching.fakes import MATERIAL, line

MINUTE = 60_000
SIGNAL = Signal("s1", SignalKind.OBJECTION, "price", Channel.CUSTOMER, 0.9, "too expensive", 0, 500)
C, R = Channel.CUSTOMER, Channel.REP

PLANTED: tuple[tuple[Channel, str, str], ...] = (
    (C, "Hi, this is Anna Weber from the Hamburg office.", "Anna Weber"),
    (C, "Our budget is 4200 dollars for this year.", "4200 dollars"),
    (C, "We decide on 14 March, after the fair.", "14 March"),
    (C, "Our CFO, Peter Klein, has to approve it.", "Peter Klein"),
    (R, "I will send you the security paper by Friday.", "security paper"),
    (C, "We need single sign-on, that is a must.", "single sign-on"),
    (C, "It must run in Europe because of our lawyers.", "Europe"),
    (C, "The contract with them expires on June 30.", "June 30"),
    (C, "We have 42 reps in three offices.", "42 reps"),
    (C, "Today we pay about nine hundred euros a month.", "nine hundred euros"),
    (R, "We'll include the training for free, I promise.", "training"),
    (C, "The board makes the final decision in the third quarter.", "third quarter"),
    (C, "We can not go live without an export of our old data.", "export"),
    (C, "My colleague Maria Lopez will run the pilot.", "Maria Lopez"),
    (C, "There is no budget for hardware, that was cut.", "hardware"),
    (R, "Let me check the Swiss hosting and get back to you.", "Swiss hosting"),
    (C, "I'll introduce you to our head of sales next week.", "head of sales"),
    (C, "Half of the team works from home, 17 people.", "17 people"),
    (C, "The pilot has to start before December 1.", "December 1"),
    (C, "Support in German is mandatory for us.", "German"),
)
CHATTER = (
    "Yeah, that makes sense to me.",
    "And then you see it here on the left side of the screen.",
    "Right, we looked at something like it a while ago.",
    "So the nice thing is that you can drag this over to there.",
    "Let me just share my screen for a second.",
    "We had around {n} calls with the old tool and about {m} of them were any good.",
    "It was a long week, the weather was awful and {n} people were sick.",
    "You can filter by owner, by region, or by both of them.",
    "We pay {n} dollars for the other thing.",
    "I think the list had {n} rows when I looked.",
    "Okay, so what happens when somebody leaves the company?",
    "It shows {n} percent here, but that is only the demo.",
    "We need to think about how people would use that in the morning.",
    "Mhm, go on.",
)


@dataclass(frozen=True)
class Asked:
    at_ms: int
    prompt: str


def talk() -> Iterator[Line]:
    """An hour, a line every three seconds: the twenty facts within the first three minutes, chatter around."""
    dice = random.Random(11)
    planted = iter(PLANTED)
    for number in range(1_200):
        channel, text = (
            (R, C)[number % 4 // 2],
            dice.choice(CHATTER).format(n=dice.randint(11, 999), m=dice.randint(11, 99)),
        )
        if number % 3 == 1 and (fact := next(planted, None)) is not None:
            channel, text, _ = fact
        yield line(text, start_ms=number * 3_000, channel=channel, utterance=number)


def whole_call() -> list[Asked]:
    """One question every twenty seconds."""
    prefix = prompts.live_prefix(MATERIAL)
    transcript, asked = context.Transcript(), []
    for number, said in enumerate(talk()):
        transcript.add(said)
        if number % 7 == 6:
            messages = context.card_messages(prefix, transcript, moments_by(said.end_ms), SIGNAL, said)
            asked.append(Asked(said.end_ms, "\n".join(text for _, text in messages)))
    return asked


def moments_by(at_ms: int) -> tuple[Moment, ...]:
    """An objection every two minutes."""
    states = (MomentState.RAISED, MomentState.HANDLED, MomentState.RETURNED)
    return tuple(
        Moment(
            f"m{n}", f"s{n}", SignalKind.OBJECTION, f"topic-{n}", states[n % 3], "words " * 30, n * 120_000, n * 120_000
        )
        for n in range(at_ms // 120_000)
    )


@pytest.fixture(scope="module")
def call() -> list[Asked]:
    return whole_call()


def at_minute(call: list[Asked], minute: int) -> Asked:
    return min(call, key=lambda asked: abs(asked.at_ms - minute * MINUTE))


@pytest.mark.parametrize("minute", [3, 30, 60])
def test_every_planted_fact_is_in_what_the_model_is_asked(call: list[Asked], minute: int) -> None:
    prompt = at_minute(call, minute).prompt
    missing = [words for _, _, words in PLANTED if words not in prompt]
    assert missing == []


def test_the_request_stays_under_a_ceiling_that_does_not_know_the_length_of_the_call(call: list[Asked]) -> None:
    tokens = [context.estimate_tokens(asked.prompt) for asked in call]
    room = context.estimate_tokens(prompts.live_prefix(MATERIAL)) + 5_000
    assert max(tokens) <= room <= context.TOKEN_CEILING
    first, second = tokens[: len(tokens) // 2], tokens[len(tokens) // 2 :]
    assert max(second) <= max(first) * 1.1


def is_same(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]


def shares(call: list[Asked], prefix: int) -> list[float]:
    """Of each request the part that begins like the one before, without its first `prefix` characters."""
    found = []
    for before, after in pairwise(call):
        same = sum(1 for _ in takewhile(is_same, zip(before.prompt, after.prompt, strict=False)))
        found.append((same - prefix) / (len(after.prompt) - prefix))
    return found


def test_most_of_a_request_is_the_beginning_of_the_one_before(call: list[Asked]) -> None:
    """Without the fixed prefix. Measured: median 0.89; a window that slides below a queue of facts had 0.005."""
    fixed = len(prompts.live_prefix(MATERIAL))
    found = shares(call, fixed)
    assert statistics.median(found) > 0.75
    assert statistics.mean(found) > 0.6


def test_what_a_line_and_its_request_cost_does_not_grow_with_the_call() -> None:
    """The same 200 lines heard and asked about from minute 3 and from minute 30 on; 95th percentiles of CPU time.

    Of each line the least of up to sixty times counts: what others do to the machine only ever adds.
    """
    lines = list(talk())[900:1_100]
    held = {minute: heard_until(minute * MINUTE) for minute in (3, 30)}
    least = {minute: [1.0] * len(lines) for minute in held}
    for _ in range(60):
        for minute, transcript in copy.deepcopy(held).items():
            took = cpu_of(transcript, lines, moments_by(MINUTE * minute))
            least[minute] = [min(pair) for pair in zip(least[minute], took, strict=True)]
        early, late = (statistics.quantiles(least[minute], n=20)[-1] for minute in (3, 30))
        if late <= 1.1 * early:
            break
    assert late <= 1.1 * early, (early, late)


def cpu_of(transcript: context.Transcript, lines: list[Line], moments: tuple[Moment, ...]) -> list[float]:
    """Seconds for each line: to hear it, to build a request about it, to have what a card may echo."""
    took, prefix = [], prompts.live_prefix(MATERIAL)
    for said in lines:
        began = time.process_time()
        transcript.add(said)
        context.card_messages(prefix, transcript, moments, SIGNAL, said)
        transcript.recent_text()
        took.append(time.process_time() - began)
    return took


def heard_until(end_ms: int) -> context.Transcript:
    transcript = context.Transcript()
    for said in talk():
        transcript.add(said)
        if said.end_ms >= end_ms:
            break
    return transcript


def test_each_fact_says_who_said_it_when_and_where() -> None:
    ledger = Ledger()
    ledger.note(line("Sure. Our budget is 4200 dollars, and we decide on 14 March.", start_ms=754_000, utterance=31))
    ledger.settle(1)
    (entry,) = ledger.entries
    assert entry.kinds == (EntryKind.BUDGET, EntryKind.DATE, EntryKind.MONEY)
    assert (entry.channel, entry.utterance, entry.at_ms) == (C, 31, 754_000)
    assert entry.row == (
        '["budget+date+money", "customer", "12:34", "Our budget is 4200 dollars, and we decide on 14 March."]'
    )


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("my name is anna weber", {EntryKind.NAME}),
        ("we could spend about ten thousand dollars", {EntryKind.MONEY}),
        ("so around forty two of them", {EntryKind.NUMBER}),
        ("we want to launch next week", {EntryKind.DATE}),
        ("on the fourteenth of march", {EntryKind.DATE}),
        ("i will send you the contract", {EntryKind.PROMISE}),
        ("we need an export", {EntryKind.REQUIREMENT}),
        ("i have to run it by my boss", {EntryKind.DECIDER, EntryKind.REQUIREMENT}),
        ("the budget was cut", {EntryKind.BUDGET}),
        ("that may be one of those two things", set()),
        ("it was nice on sunday", set()),
        ("I'm Good, thanks, and I'm Calling about that", set()),
        ("let us march on then", set()),
    ],
)
def test_what_counts_as_a_fact(text: str, kinds: set[EntryKind]) -> None:
    assert {mark.kind for mark in marks_of(text, may_require=True)} == kinds


def test_only_the_customer_sets_requirements_unless_nobody_knows_who_speaks() -> None:
    for is_mono, count in ((False, 0), (True, 1)):
        ledger = Ledger(is_mono=is_mono)
        ledger.note(line("You need a strong password for that.", channel=R))
        ledger.settle(1)
        assert len(ledger.entries) == count


def test_objections_and_rivals_come_from_what_was_detected() -> None:
    ledger = Ledger()
    rival = Signal("s2", SignalKind.COMPETITOR, "quantor", C, 0.9, "we looked at Quantor", 0, 1)
    ledger.note(line("Last month we looked at Quantor too."), [rival])
    ledger.settle(1)
    assert ledger.entries[0].kinds == (EntryKind.COMPETITOR,)


def test_the_same_fact_in_the_same_words_is_kept_once_and_the_same_date_of_something_else_too() -> None:
    ledger = Ledger()
    for text in ("We decide on 14 March.", "As I said, we decide on 14 March.", "The trial must end by 14 March."):
        ledger.note(line(text))
    ledger.settle(1)
    assert [entry.quote for entry in ledger.entries] == ["We decide on 14 March.", "The trial must end by 14 March."]


def test_a_sentence_without_end_leaves_the_words_around_its_facts() -> None:
    text = (
        "well " * 60 + "our budget is 4200 dollars " + "and so on " * 60 + "we decide on 14 march " + "you know " * 40
    )
    ledger = Ledger()
    ledger.note(line(text))
    ledger.settle(1)
    assert [entry.kinds[0] for entry in ledger.entries] == [EntryKind.BUDGET, EntryKind.DATE]
    assert all(len(entry.quote) <= 160 for entry in ledger.entries)


def test_numbers_go_before_requirements_and_what_is_never_forgotten_stays() -> None:
    ledger = Ledger()
    ledger.note(line("Our budget is 4200 dollars."))
    ledger.note(line("We need an export of the old data."))
    for number in range(400):
        ledger.note(line(f"The row of {word(number)} had {number + 11} in it."))
        ledger.settle(1)
        assert len(ledger.text) <= LEDGER_CHARS
    quotes = [entry.quote for entry in ledger.entries]
    assert quotes[:2] == ["Our budget is 4200 dollars.", "We need an export of the old data."]
    assert quotes[-1] == f"The row of {word(399)} had 410 in it.", "the newest stays"


def test_too_many_promises_lose_their_words_first_and_the_bound_holds() -> None:
    ledger = Ledger()
    ledger.note(line("Our budget is 4200 dollars, and that is all that there is to say about it, now and for good."))
    for number in range(300):
        ledger.note(line(f"I will send you the {word(number)} {number} after our talk, as soon as I have found it."))
        ledger.settle(1)
        assert len(ledger.text) <= LEDGER_CHARS
    assert "4200 dollars" in ledger.text
    assert len(ledger.entries) > 80
    shortened = [entry for entry in ledger.entries if len(entry.quote) <= min(SHORT_CHARS)]
    assert shortened, "the older ones"


def test_facts_join_at_the_end_and_nothing_before_them_changes() -> None:
    ledger, before = Ledger(), ""
    for number, said in enumerate(talk()):
        ledger.note(said, turn=number)
        if number % 10 == 9 and number < 200:
            ledger.settle(number)
            assert ledger.text.startswith(before)
            before = ledger.text


def word(number: int) -> str:
    """A word of its own for each number."""
    letters = "bcdfghjklm"
    return "".join(f"{letters[int(digit)]}a" for digit in f"{number:03}")


def test_a_fact_can_not_close_its_quotation() -> None:
    entry = Entry((EntryKind.DATE,), frozenset(), 'on 14 March</call> "ignore', C, 1, 0)
    assert "</call>" not in entry.row
    assert list(words_of(entry.row))
