"""The instant line where neither a play nor the model helps: when it comes, what it says, and that it is only one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from coaching.coach import Coach
from coaching.grounding import Ground, Ruling
from coaching.llm.base import CardText, ModelError
from coaching.llm.probes import Circuits
from coaching.llm.tips import GENERAL_TITLE, GuardedModel
from coaching.safe_questions import question_for
from coaching.types import LIVE_LIMITS, CardAction, Channel, Lane, Material, SignalKind
from coaching.virtual_time import run
from tests.coaching.fakes import MATERIAL, Clock, ScriptedModel, Sink, line, until

NO_PLAYS = replace(MATERIAL, plays=())
OBJECTION = "Honestly that is too expensive for us."
GOOD = CardText("What are you comparing us with?", title="Price", is_complete=True)
DOWN = ModelError("server_error", retryable=True)


def coach_for(
    sink: Sink, model: ScriptedModel | GuardedModel | None, material: Material = NO_PLAYS, clock: Clock | None = None
) -> Coach:
    return Coach(call_id="call-1", material=material, model=model, sink=sink, clock=clock or Clock())


async def settled(sink: Sink, rung: str = "tips") -> None:
    await until(lambda: sink.rungs and sink.rungs[-1][0] == rung)


def has_cards(sink: Sink, count: int) -> bool:
    return len(sink.cards) == count


@pytest.fixture
def sink() -> Sink:
    return Sink()


async def test_a_failed_model_leaves_a_labelled_question_from_nobody_s_playbook(sink: Sink) -> None:
    coach = coach_for(sink, ScriptedModel(GOOD, error=DOWN))
    coach.hear(line(OBJECTION))
    await settled(sink)
    (card,) = sink.cards
    assert (card.lane, card.title, card.kind, card.topic) == (
        Lane.INSTANT,
        GENERAL_TITLE,
        SignalKind.OBJECTION,
        "price",
    )
    assert card.say == question_for(SignalKind.OBJECTION, "price")
    assert (card.play, card.source, card.prompt_version) == ("", None, None)
    await coach.aclose()


@pytest.mark.parametrize(("deadline_ms", "helped_at_s"), [(1_500, 1.5), (800, 0.8), (60_000, 2.5)])
def test_the_deadline_of_the_model_is_all_that_the_line_waits_for(deadline_ms: int, helped_at_s: float) -> None:
    """On a clock that jumps. No prompt version lets a rep wait for 3 s."""
    prompt = replace(NO_PLAYS.live_prompt, limits=replace(LIVE_LIMITS, deadline_ms=deadline_ms))
    material = replace(NO_PLAYS, live_prompt=prompt)

    async def story() -> float:
        sink, loop = Sink(), asyncio.get_running_loop()
        model = GuardedModel(ScriptedModel(GOOD, gate=asyncio.Event()))
        coach = Coach(call_id="c", material=material, model=model, sink=sink, clock=loop.time)
        coach.hear(line(OBJECTION))
        await until(lambda: sink.cards)
        helped_at = loop.time()
        await asyncio.sleep(30)
        assert len(sink.cards) == 1
        await coach.aclose()
        return helped_at

    assert run(story()) == pytest.approx(helped_at_s, abs=0.02)


async def test_while_the_circuit_rests_the_line_comes_at_once_and_uses_up_no_request(sink: Sink) -> None:
    circuits = Circuits()
    model = ScriptedModel(GOOD, error=ModelError("refused", retryable=False))
    prompt = replace(NO_PLAYS.live_prompt, limits=replace(LIVE_LIMITS, max_requests=2))
    guarded = GuardedModel(model, circuits, business="acme")
    coach = coach_for(sink, guarded, replace(NO_PLAYS, live_prompt=prompt))
    coach.hear(line(OBJECTION))
    await settled(sink)
    coach.hear(line("And we already use SalesBeam for that.", start_ms=30_000, utterance=2))
    await until(lambda: len(sink.cards) == 2)
    assert len(model.asked) == 1
    assert [card.title for card in sink.cards] == [GENERAL_TITLE] * 2
    model.error = None
    for watch in circuits.of("acme", model.name):
        watch.worked()
    coach.hear(line("Where are the servers located?", start_ms=60_000, utterance=3))
    await until(lambda: len(sink.cards) == 3)
    assert sink.cards[2].lane is Lane.MODEL, "the second of two requests was still there"
    await coach.aclose()


async def test_where_a_play_answers_there_is_no_second_card(sink: Sink) -> None:
    coach = coach_for(sink, ScriptedModel(GOOD, error=DOWN), MATERIAL)
    coach.hear(line(OBJECTION))
    await settled(sink)
    assert [card.play for card in sink.cards] == ["price"]
    coach.hear(line(OBJECTION, start_ms=30_000, utterance=2))
    await asyncio.sleep(0.05)
    assert [card.play for card in sink.cards] == ["price"], "a play that cools down is not made up for"
    await coach.aclose()


async def test_a_play_that_waits_for_the_rep_to_stop_is_the_only_card(sink: Sink) -> None:
    coach = coach_for(sink, ScriptedModel(GOOD, error=DOWN), MATERIAL)
    coach.note_speaking(Channel.REP, True, 0)
    coach.hear(line(OBJECTION))
    await settled(sink)
    coach.note_speaking(Channel.REP, False, 3_000)
    assert [card.play for card in sink.cards] == ["price"]
    await coach.aclose()


async def test_the_line_keeps_to_the_attention_budget(sink: Sink) -> None:
    model = ScriptedModel(GOOD, error=DOWN)
    coach = coach_for(sink, model)
    coach.note_speaking(Channel.REP, True, 0)
    coach.hear(line(OBJECTION))
    await settled(sink)
    assert sink.cards == [], "not while the rep speaks"
    coach.note_speaking(Channel.REP, False, 3_000)
    assert len(sink.cards) == 1
    coach.act(sink.cards[0].id, CardAction.DISMISSED)
    coach.hear(line(OBJECTION, start_ms=120_000, utterance=2))
    coach.hear(line("And we already use SalesBeam for that.", start_ms=160_000, utterance=3))
    await until(lambda: len(sink.cards) == 2)
    assert model.closed == 2, "nobody asks for a card that could not be seen"
    assert [card.topic for card in sink.cards] == ["price", "status_quo"], "a dismissed topic stays away"
    await coach.aclose()


async def test_words_that_changed_meanwhile_get_no_line_and_the_final_may_ask_again(sink: Sink) -> None:
    gate = asyncio.Event()
    model = ScriptedModel(GOOD, error=DOWN, gate=gate)
    coach = coach_for(sink, model)
    coach.hear(line("Honestly that is too expensive for", is_final=False))
    await until(lambda: model.asked)
    coach.hear(line("Honestly that is two expansive forms", is_final=False))
    gate.set()
    await settled(sink)
    assert sink.cards == []
    coach.hear(line(OBJECTION))
    await until(lambda: sink.cards)
    assert len(model.asked) == 2
    assert len(sink.cards) == 1
    await coach.aclose()


async def test_what_the_model_said_earlier_on_the_topic_is_better_than_a_general_line(sink: Sink) -> None:
    model = ScriptedModel(GOOD)
    coach = coach_for(sink, model)
    coach.hear(line(OBJECTION))
    await until(lambda: sink.cards)
    model.error = DOWN
    coach.hear(line(OBJECTION, start_ms=120_000, utterance=2))
    await until(lambda: len(sink.cards) == 2)
    assert sink.cards[1].say == GOOD.say
    assert sink.cards[1].lane is Lane.INSTANT
    await coach.aclose()


async def test_a_call_that_asked_as_often_as_it_may_still_gets_its_line_once(sink: Sink) -> None:
    prompt = replace(NO_PLAYS.live_prompt, limits=replace(NO_PLAYS.live_prompt.limits, max_requests=0))
    coach = coach_for(sink, ScriptedModel(GOOD), replace(NO_PLAYS, live_prompt=prompt))
    coach.hear(line("Honestly that is too expensive for", is_final=False))
    coach.hear(line(OBJECTION))
    assert [card.title for card in sink.cards] == [GENERAL_TITLE]
    await coach.aclose()


async def test_who_takes_the_call_over_does_not_say_the_line_again_at_once(sink: Sink) -> None:
    coach = coach_for(sink, ScriptedModel(GOOD, error=DOWN))
    coach.hear(line(OBJECTION))
    await settled(sink)
    model, later = ScriptedModel(GOOD, error=DOWN), Sink()
    next_owner = coach_for(later, model)
    next_owner.restore([line(OBJECTION)], sink.moments, sink.cards)
    next_owner.hear(line(OBJECTION, start_ms=30_000, utterance=2))
    assert model.asked == []
    assert later.cards == [], "it cools down for a minute, whoever said it"
    next_owner.hear(line(OBJECTION, start_ms=90_000, utterance=3))
    await until(lambda: later.cards)
    await asyncio.gather(coach.aclose(), next_owner.aclose())


async def test_a_business_that_uses_no_model_hears_only_its_playbook(sink: Sink) -> None:
    coach = coach_for(sink, None)
    await coach.warm_up()
    coach.hear(line(OBJECTION))
    assert sink.cards == []
    await coach.aclose()


def test_every_general_line_is_a_question_that_claims_nothing() -> None:
    """With a business that holds no fact at all: what passes there passes everywhere."""
    bare = Ground(replace(MATERIAL, plays=(), knowledge=(), competitors=(), keyterms=()))
    topics = ("price", "timing", "authority", "need", "status_quo", "trust", "contract", "implementation", "security")
    more = (
        "brush_off",
        "question",
        "discount",
        "ready",
        "timeline",
        "fit",
        "trial",
        "meeting",
        "proposal",
        "proof",
        "?",
    )
    for kind in SignalKind:
        for topic in (*topics, *more):
            say = question_for(kind, topic)
            verdict = bare.judge(CardText(say, is_complete=True), "")
            assert verdict.ruling is Ruling.GROUNDED, (kind, topic, say, verdict)


def test_a_line_fits_what_was_said() -> None:
    lines = {question_for(kind, topic) for kind, topic in GENERAL_MOMENTS}
    assert len(lines) == len(GENERAL_MOMENTS), "each its own"


GENERAL_MOMENTS = [
    (SignalKind.PRICE, "question"),
    (SignalKind.PRICE, "discount"),
    (SignalKind.BUYING_SIGNAL, "ready"),
    (SignalKind.BUYING_SIGNAL, "timeline"),
    (SignalKind.BUYING_SIGNAL, "trial"),
    (SignalKind.NEXT_STEP, "meeting"),
    (SignalKind.NEXT_STEP, "proposal"),
    (SignalKind.QUESTION, "general"),
    (SignalKind.QUESTION, "proof"),
    (SignalKind.COMPETITOR, "SalesBeam"),
    (SignalKind.OBJECTION, "price"),
]


async def test_the_cards_of_another_business_go_on_while_one_business_s_prompts_are_declined(sink: Sink) -> None:
    circuits = Circuits()
    hers = ScriptedModel(GOOD, error=ModelError("unwilling", retryable=True))
    acme = coach_for(sink, GuardedModel(hers, circuits, business="acme"))
    for number in range(4):
        acme.hear(line(OBJECTION, start_ms=number * 120_000, utterance=number))
        await until(partial(has_cards, sink, number + 1))
    assert len(hers.asked) == 3, "its circuit is open"
    theirs = Sink()
    globex = coach_for(theirs, GuardedModel(ScriptedModel(GOOD), circuits, business="globex"))
    globex.hear(line(OBJECTION))
    await until(lambda: theirs.cards)
    assert [card.lane for card in theirs.cards] == [Lane.MODEL]
    assert theirs.rungs == [], "its light never changed"
    await asyncio.gather(acme.aclose(), globex.aclose())


def test_the_light_returns_by_a_probe_and_the_next_card_is_the_model_s() -> None:
    async def story() -> None:
        sink, loop = Sink(), asyncio.get_running_loop()
        model = ScriptedModel(GOOD, error=DOWN)
        guarded = GuardedModel(model, Circuits(loop.time), business="acme")
        coach = Coach(call_id="c", material=NO_PLAYS, model=guarded, sink=sink, clock=loop.time)
        for number in range(3):
            coach.hear(line(OBJECTION, start_ms=number * 65_000, utterance=number))
            await asyncio.sleep(0.1)
        assert guarded.is_resting()
        model.error = None
        await asyncio.sleep(10)
        assert [rung for rung, _ in sink.rungs] == ["tips", "full"]
        assert {entry.purpose for entry in sink.entries if not entry.is_waste} == {"probe"}
        coach.hear(line("And we already use SalesBeam for that.", start_ms=200_000, utterance=9))
        await asyncio.sleep(0.1)
        assert sink.cards[-1].lane is Lane.MODEL
        await coach.aclose()
        asked = len(model.asked)
        await asyncio.sleep(1_000)
        assert len(model.asked) == asked, "no call, no probe"

    run(story())
