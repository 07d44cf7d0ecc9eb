"""A stored call asks what the live call asked, and an answer is judged as live."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coaching import difference, trial
from coaching.coach import Coach
from coaching.difference import Change
from coaching.llm.base import CardText, ModelError
from coaching.trial import Asked, Bench, Outcome
from coaching.types import Channel, Example, Limits, Line, Moment, Prompt, Signal
from tests.coaching.fakes import MATERIAL, ScriptedModel, Sink, line, until

LINES = (
    line("Hello, how are you today?", channel=Channel.REP),
    line("Fine, we have 200 people in Berlin.", start_ms=3_000, utterance=1),
    line("Good. What do you use now?", start_ms=7_000, channel=Channel.REP, utterance=2),
    line("Honestly this looks too expensive for us.", start_ms=12_000, utterance=2),
    line("I see. Compared with what?", start_ms=18_000, channel=Channel.REP, utterance=3),
    line("We already use SalesBeam for that.", start_ms=40_000, utterance=3),
)
CARD = CardText("What are you comparing us with?", title="Price", is_complete=True)


class Log(Sink):
    """The sink as a call's log keeps it: lines, signals and moments in one order."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Line | Signal | Moment] = []

    def signal(self, signal: Signal) -> None:
        self.log.append(signal)

    def moment(self, moment: Moment) -> None:
        self.log.append(moment)


async def live_call(model: ScriptedModel) -> Log:
    kept = Log()
    coach = Coach(call_id="call-1", material=MATERIAL, model=model, sink=kept)
    for heard in LINES:
        kept.log.append(heard)
        asked = len(model.asked)
        coach.hear(heard)
        if heard.start_ms in (12_000, 40_000):
            await until(lambda before=asked: model.closed > before)  # type: ignore[misc]
    await coach.aclose()
    return kept


async def test_a_stored_call_asks_at_the_same_moments_as_the_live_one() -> None:
    model = ScriptedModel(CARD)
    asked = trial.retrace((await live_call(model)).log)
    assert [one.signal.topic for one in asked] == ["price", "status_quo"]
    assert len(model.asked) == 2
    for one, live in zip(asked, model.asked, strict=True):
        turns = one.task.partition("turns:")[2]
        assert turns == live.messages[-1][1].partition("turns:")[2], "the same turns and the same task"
    assert "200 people" in asked[0].task


async def test_every_moment_of_a_version_has_the_same_prefix() -> None:
    model = ScriptedModel(CARD)
    bench = Bench(MATERIAL, model, cache_key="test-1")
    for one in trial.retrace((await live_call(ScriptedModel(CARD))).log):
        await bench.answer(one)
    assert len({request.messages[0] for request in model.asked}) == 1
    assert {request.cache_key for request in model.asked} == {"test-1"}


def moment() -> Asked:
    signal = Signal("s1", MATERIAL.plays[0].kind, "price", Channel.CUSTOMER, 0.9, "too expensive", 12_000, 13_000)
    return trial.retrace([*LINES[:4], signal])[0]


@pytest.mark.parametrize(
    ("model", "outcome", "reason"),
    [
        (ScriptedModel(CARD), Outcome.SHOWN, ""),
        (ScriptedModel(replace(CARD, should_show=False)), Outcome.DECLINED, ""),
        (ScriptedModel(replace(CARD, say="It costs $39.")), Outcome.UNGROUNDED, "number"),
        (ScriptedModel(CARD, error=ModelError("rate_limited", retryable=True)), Outcome.FAILED, "rate_limited"),
    ],
)
async def test_an_answer_is_judged_as_live(model: ScriptedModel, outcome: Outcome, reason: str) -> None:
    answer = await Bench(MATERIAL, model, cache_key="t").answer(moment())
    assert (answer.outcome, answer.reason) == (outcome, reason)
    assert {entry.purpose for entry in answer.usage} == {"test"}
    assert all(entry.is_estimate for entry in answer.usage) is (outcome is Outcome.FAILED)


async def test_first_words_after_the_version_s_deadline_are_too_late() -> None:
    ticks = iter([0.0, 1.2, 1.3])
    prompt = Prompt(1, "Coach.", limits=Limits(max_output_tokens=100, deadline_ms=1_000, max_requests=5))
    bench = Bench(replace(MATERIAL, live_prompt=prompt), ScriptedModel(CARD), cache_key="t", clock=lambda: next(ticks))
    answer = await bench.answer(moment())
    assert (answer.outcome, answer.first_words_ms, answer.total_ms) == (Outcome.LATE, 1_200, 1_300)
    assert answer.say, "what it said can still be read"


def test_a_signal_whose_line_is_gone_is_left_out() -> None:
    lost = Signal("s9", MATERIAL.plays[0].kind, "price", Channel.CUSTOMER, 0.9, "too expensive", 90_000, 91_000)
    assert trial.retrace([*LINES, lost]) == ()


def test_the_difference_of_two_versions_names_texts_examples_and_settings() -> None:
    before = Prompt(1, "Be short.\nBe kind.")
    after = Prompt(2, "Be short.\nBe bold.", temperature=0.5, examples=(Example("Hm.", "Tell me more."),))
    changed = [(piece.change, piece.text) for piece in difference.between(before, after) if piece.change != Change.SAME]
    assert (Change.REMOVED, "Be kind.") in changed
    assert (Change.ADDED, "Be bold.") in changed
    assert (Change.ADDED, "Example: “Hm.” → “Tell me more.”") in changed
    assert (Change.ADDED, "Temperature: 0.5") in changed
    assert difference.between(before, before) == ()
