"""Circuits by business and provider, and the probes that close them: scripted models on a clock that jumps."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from coaching import metrics
from coaching.llm.base import CardRequest, ModelError
from coaching.llm.circuit import FIRST_REST_S, LONGEST_REST_S, OF_PROVIDER, REFUSED_REST_S, Circuit
from coaching.llm.fallback import FallbackModel
from coaching.llm.probes import ARE_YOU_THERE, WATCHES_KEPT
from coaching.types import LIVE_LIMITS
from coaching.virtual_time import run
from tests.coaching.circuits import (
    CARD,
    DOWN,
    REFUSED,
    REQUEST,
    UNWILLING,
    WARM_UP,
    WORDS_OF_A_CALL,
    House,
    ask,
    evenly,
    fail,
    on_jumping_clock,
)
from tests.coaching.fakes import Clock, ScriptedModel


@on_jumping_clock
async def test_the_refusals_of_one_business_rest_nobody_else() -> None:
    house = House()
    acme, globex = ScriptedModel(CARD, error=UNWILLING), ScriptedModel(CARD)
    hers, theirs = house.guard(acme, "acme"), house.guard(globex, "globex")
    await fail(hers)
    assert await ask(hers) == "resting"
    assert await ask(theirs) == ""
    assert not theirs.is_resting()


@pytest.mark.parametrize("reason", sorted(OF_PROVIDER | {"rate_limited"}))
def test_one_business_alone_can_not_give_up_the_provider_for_all(reason: str) -> None:
    """A prompt too long, a deadline too short: what looks like the provider's fault may be the business's."""

    async def story() -> None:
        house = House()
        acme = house.guard(ScriptedModel(CARD, error=ModelError(reason, retryable=True, retry_after_s=60)), "acme")
        await fail(acme, 1)
        acme = house.guard(ScriptedModel(CARD, error=ModelError(reason, retryable=True)), "acme")
        while await ask(acme) != "resting":
            pass
        assert await ask(house.guard(ScriptedModel(CARD), "globex")) == ""

    run(story())


@on_jumping_clock
async def test_a_provider_that_two_businesses_see_fail_is_spared_by_all() -> None:
    house = House()
    down = ScriptedModel(CARD, error=DOWN)
    leave = house.follow(house.guard(down, "hooli"))
    await fail(house.guard(down, "acme"), 2)
    await fail(house.guard(down, "globex"), 1)
    assert house.rested == ["server_error"], "a call of another business is told before it asks"
    third = house.guard(down, "initech")
    assert await ask(third) == "resting"
    assert len(down.asked) == 3, "the third business spent no card on finding out"
    leave()


@on_jumping_clock
async def test_the_installations_refused_key_rests_all_but_those_with_their_own() -> None:
    house = House()
    await fail(house.guard(ScriptedModel(CARD, error=REFUSED), "acme", has_own_key=True), 1)
    assert await ask(house.guard(ScriptedModel(CARD), "globex")) == ""
    await fail(house.guard(ScriptedModel(CARD, error=REFUSED), "globex"), 1)
    assert await ask(house.guard(ScriptedModel(CARD), "initech")) == "resting"


@on_jumping_clock
async def test_another_model_of_the_same_business_is_not_held_responsible() -> None:
    house = House()
    model = house.guard(ScriptedModel(CARD, error=ModelError("no_such_model", retryable=False)), "acme")
    await fail(model, 1)
    assert model.is_resting()
    assert not model.is_resting("another")


@on_jumping_clock
async def test_a_probe_without_a_word_of_the_call_closes_the_circuit_and_tells_the_call() -> None:
    house, loop = House(), asyncio.get_running_loop()
    inner = ScriptedModel(CARD, error=UNWILLING)
    model = house.guard(inner, "acme")
    leave = house.follow(model)
    await fail(model)
    inner.error = None
    await asyncio.sleep(FIRST_REST_S + 0.1)
    assert house.recovered == [FIRST_REST_S]
    probe = inner.asked[-1]
    assert probe.messages == WARM_UP.messages
    assert probe.max_output_tokens < REQUEST.max_output_tokens
    assert [entry.purpose for entry in house.booked] == ["probe"]
    asked = len(inner.asked)
    assert await ask(model) == ""
    assert len(inner.asked) == asked + 1, "the next card is the model's, at once"
    leave()
    assert loop.time() < FIRST_REST_S + 1


@on_jumping_clock
async def test_a_probe_of_the_provider_holds_nothing_of_any_business() -> None:
    house = House()
    down = ScriptedModel(CARD, error=DOWN)
    acme, globex = house.guard(down, "acme"), house.guard(down, "globex")
    leaves = [house.follow(acme), house.follow(globex)]
    await fail(acme, 2)
    await fail(globex, 1)
    await asyncio.sleep(FIRST_REST_S + 0.1)
    assert [request.messages for request in down.asked[3:]] == [ARE_YOU_THERE], "one asks for all"
    down.error = None
    await asyncio.sleep(2 * FIRST_REST_S + 0.1)
    assert len(house.recovered) == 2, "both calls are told"
    assert await ask(acme) == await ask(globex) == ""
    for leave in leaves:
        leave()


@on_jumping_clock
async def test_probes_back_off_to_two_minutes() -> None:
    house, loop = House(), asyncio.get_running_loop()
    times = list[float]()

    class Watched(ScriptedModel):
        async def stream_card(self, request: CardRequest):  # type: ignore[no-untyped-def]
            if request.messages != WORDS_OF_A_CALL:
                times.append(loop.time())
            async for item in super().stream_card(request):
                yield item

    model = house.guard(Watched(CARD, error=UNWILLING), "acme")
    leave = house.follow(model)
    await fail(model)
    await asyncio.sleep(600)
    gaps = [after - before for before, after in zip([0.0, *times], times, strict=False)]
    assert gaps[:6] == pytest.approx([5, 10, 20, 40, 80, 120])
    assert gaps[6:]
    assert all(gap == pytest.approx(LONGEST_REST_S) for gap in gaps[6:])
    leave()


@on_jumping_clock
async def test_nobody_probes_without_a_call_and_the_next_call_begins_at_once() -> None:
    house, loop = House(), asyncio.get_running_loop()
    inner = ScriptedModel(CARD, error=UNWILLING)
    model = house.guard(inner, "acme")
    leave = house.follow(model)
    await fail(model)
    leave()
    await asyncio.sleep(1_000)
    assert len(inner.asked) == 3
    assert await ask(model) == "resting", "no card tries, however long it was"
    inner.error = None
    leave = house.follow(model)
    await asyncio.sleep(0.01)
    assert house.recovered == [pytest.approx(1_000)]
    leave()
    assert loop.time() < 1_001


@on_jumping_clock
async def test_a_call_that_ends_during_its_probe_pays_and_another_call_goes_on() -> None:
    house = House()
    inner = ScriptedModel(CARD, error=UNWILLING)
    model = house.guard(inner, "acme")
    first, second = house.follow(model), house.follow(model)
    await fail(model)
    inner.error, inner.gate = None, asyncio.Event()
    await asyncio.sleep(FIRST_REST_S + 0.1)
    assert len(inner.asked) == 4
    first()
    assert {(entry.purpose, entry.is_estimate) for entry in house.booked} == {("probe", True)}
    inner.gate.set()
    await asyncio.sleep(1)
    assert len(house.recovered) == 1
    second()


@on_jumping_clock
async def test_a_probe_that_is_too_slow_for_a_card_is_not_well() -> None:
    house = House()
    inner = ScriptedModel(CARD, error=UNWILLING)
    model = house.guard(inner, "acme")
    leave = house.follow(model)
    await fail(model)
    inner.error, inner.gate = None, asyncio.Event()
    await asyncio.sleep(FIRST_REST_S + 3)
    assert model.is_resting()
    leave()


@on_jumping_clock
async def test_after_a_probe_one_failure_is_enough_and_rests_longer() -> None:
    house = House()
    inner = ScriptedModel(CARD, error=UNWILLING)
    model = house.guard(inner, "acme")
    leave = house.follow(model)
    await fail(model)
    inner.error = None
    await asyncio.sleep(FIRST_REST_S + 0.1)
    inner.error = UNWILLING
    await fail(model, 1)
    assert await ask(model) == "resting"
    inner.error = None
    await asyncio.sleep(FIRST_REST_S + 0.1)
    assert model.is_resting(), "twice as long as before"
    await asyncio.sleep(FIRST_REST_S)
    assert await ask(model) == ""
    leave()


@on_jumping_clock
async def test_a_business_whose_probe_is_refused_tells_that_the_provider_is_there() -> None:
    house = House()
    down = ScriptedModel(CARD, error=DOWN)
    acme, globex = house.guard(down, "acme", has_own_key=True), house.guard(down, "globex")
    leave = house.follow(acme)
    await fail(acme, 2)
    await fail(globex, 1)
    down.error = REFUSED
    await asyncio.sleep(FIRST_REST_S + 0.1)
    down.error = None
    assert await ask(globex) == ""
    leave()


@on_jumping_clock
async def test_a_probe_cut_by_its_own_bound_is_well_and_calls_take_turns() -> None:
    house = House()
    inner = ScriptedModel(CARD, error=UNWILLING)
    model = house.guard(inner, "acme")
    leaves = [
        model.follow(replace(WARM_UP, cache_key=name), usage=lambda _: None, changed=lambda _: None) for name in "ab"
    ]
    await fail(model)
    await asyncio.sleep(3 * FIRST_REST_S + 0.1)
    paid = [request.cache_key for request in inner.asked[3:]]
    assert paid == ["a", "b"]
    inner.error = ModelError("truncated", retryable=True)
    await asyncio.sleep(4 * FIRST_REST_S)
    assert not model.is_resting()
    for leave in leaves:
        leave()


@on_jumping_clock
async def test_a_call_is_told_only_when_neither_circuit_is_open() -> None:
    house = House()
    inner = ScriptedModel(CARD, error=DOWN)
    acme, globex = house.guard(inner, "acme"), house.guard(inner, "globex")
    leave = house.follow(acme)
    await fail(acme, 3)
    await fail(globex, 1)
    assert acme.is_resting()
    own, shared = house.circuits.of("acme", inner.name)
    assert own.is_open
    assert shared.is_open
    shared.worked()
    assert house.recovered == [], "her own still rests"
    own.worked()
    assert len(house.recovered) == 1
    leave()


@on_jumping_clock
async def test_a_short_deadline_of_one_business_does_not_keep_the_provider_away() -> None:
    house = House()
    inner = ScriptedModel(CARD, error=DOWN)
    acme, globex = house.guard(inner, "acme"), house.guard(inner, "globex")
    leave = acme.follow(replace(WARM_UP, deadline_s=0.01), usage=house.booked.append, changed=lambda _: None)
    await fail(acme, 2)
    await fail(globex, 1)
    await asyncio.sleep(FIRST_REST_S + 0.1)
    assert inner.asked[-1].deadline_s == LIVE_LIMITS.deadline_ms / 1_000
    leave()


def open_circuits() -> float:
    return float(metrics.model_circuits_open.labels("business")._value.get())


@on_jumping_clock
async def test_the_metric_counts_what_rests_and_names_nobody() -> None:
    house, before = House(), open_circuits()
    for name in ("acme", "globex"):
        await fail(house.guard(ScriptedModel(CARD, error=UNWILLING), name))
    assert open_circuits() == before + 2
    house.circuits.of("acme", "scripted")[0].worked()
    assert open_circuits() == before + 1
    for number in range(WATCHES_KEPT + 2):
        house.guard(ScriptedModel(CARD), f"business-{number}").is_resting()
    assert open_circuits() == before, "what is forgotten rests no more"
    assert metrics.model_circuits_open._labelnames == ("scope",)


@on_jumping_clock
async def test_a_fallback_has_its_resting_models_probed() -> None:
    house = House()
    first = ScriptedModel(CARD, error=UNWILLING)
    guarded = house.guard(first, "acme")
    both = FallbackModel([guarded, ScriptedModel(CARD)])
    told = list[ModelError | None]()
    leave = both.follow(WARM_UP, usage=house.booked.append, changed=told.append)
    for _ in range(4):
        assert await ask(both) == ""
    assert guarded.is_resting()
    first.error = None
    await asyncio.sleep(FIRST_REST_S + 0.1)
    assert told == [None], "that one of two rests is no news"
    leave()


@on_jumping_clock
async def test_circuits_are_bounded_and_those_of_live_calls_are_kept() -> None:
    house = House()
    model = house.guard(ScriptedModel(CARD, error=UNWILLING), "acme")
    leave = house.follow(model)
    await fail(model)
    for number in range(WATCHES_KEPT + 50):
        assert not house.guard(ScriptedModel(CARD), f"business-{number}").is_resting()
    assert len(house.circuits) <= WATCHES_KEPT + 2
    assert model.is_resting()
    leave()


def test_a_refused_key_rests_long_and_retry_after_is_heeded() -> None:
    clock = Clock()
    circuit = Circuit(clock, jitter=evenly)
    circuit.failed(REFUSED)
    assert circuit.rest_left_s == REFUSED_REST_S
    circuit = Circuit(clock, jitter=evenly)
    circuit.failed(ModelError("rate_limited", retryable=True, retry_after_s=7))
    clock.pass_s(6.9)
    assert circuit.rest_left_s > 0
    clock.pass_s(0.2)
    assert circuit.rest_left_s == 0
    assert circuit.is_open, "time alone closes nothing"


def test_a_rest_is_a_random_part_longer_and_never_shorter() -> None:
    rests = set()
    for _ in range(50):
        circuit = Circuit(Clock())
        for _ in range(3):
            circuit.failed(DOWN)
        rests.add(round(circuit.rest_left_s, 6))
    assert len(rests) > 10
    assert min(rests) >= FIRST_REST_S
    assert max(rests) <= 1.25 * FIRST_REST_S
