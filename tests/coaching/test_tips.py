"""The circuit around the model, the deadline for first words, and the fallback from one model to the next."""

from __future__ import annotations

import asyncio

import pytest

from coaching.llm.base import CardRequest, CardText, ModelError
from coaching.llm.fallback import FallbackModel
from coaching.llm.tips import FIRST_REST_S, LONGEST_REST_S, REFUSED_REST_S, Circuit, GuardedModel
from tests.coaching.fakes import Clock, ScriptedModel

CARD = CardText("What matters most to you?", is_complete=True)
BROKEN = ModelError("server_error", retryable=True)
REQUEST = CardRequest((("system", "a"), ("user", "b")), cache_key="call", deadline_s=0.05, total_s=0.2)


async def ask(model: GuardedModel | FallbackModel) -> list[object]:
    return [item async for item in model.stream_card(REQUEST)]


async def test_three_failures_in_a_row_spare_the_model_until_it_rested() -> None:
    clock = Clock()
    inner = ScriptedModel(CARD, error=BROKEN)
    model = GuardedModel(inner, Circuit(clock))
    for _ in range(3):
        with pytest.raises(ModelError, match="server_error"):
            await ask(model)
    with pytest.raises(ModelError, match="resting"):
        await ask(model)
    assert len(inner.asked) == 3
    clock.pass_s(FIRST_REST_S)
    inner.error = None
    assert CARD in await ask(model)
    assert not model.circuit.is_open


async def test_a_failed_try_after_the_rest_doubles_it_up_to_two_minutes() -> None:
    clock = Clock()
    circuit = Circuit(clock)
    for _ in range(3):
        circuit.failed(BROKEN)
    rest_s = FIRST_REST_S
    for _ in range(6):
        assert not circuit.admit()
        clock.pass_s(rest_s)
        assert circuit.admit()
        assert not circuit.admit(), "only one request goes while half open"
        circuit.failed(BROKEN)
        rest_s = min(rest_s * 2, LONGEST_REST_S)


def test_a_refused_key_opens_at_once_and_retry_after_is_heeded() -> None:
    clock = Clock()
    circuit = Circuit(clock)
    circuit.failed(ModelError("refused", retryable=False))
    clock.pass_s(REFUSED_REST_S - 1)
    assert not circuit.admit()
    circuit = Circuit(clock)
    circuit.failed(ModelError("rate_limited", retryable=True, retry_after_s=7))
    clock.pass_s(6.9)
    assert not circuit.admit()
    clock.pass_s(0.2)
    assert circuit.admit()


async def test_no_first_words_in_time_is_slow_and_closes_the_request() -> None:
    inner = ScriptedModel(CARD, gate=asyncio.Event())
    with pytest.raises(ModelError, match="slow"):
        await ask(GuardedModel(inner))
    assert inner.closed == 1


async def test_first_words_in_time_buy_the_rest_of_the_total() -> None:
    middle = asyncio.Event()
    inner = ScriptedModel(CARD, ("What matters",), middle=middle)
    asyncio.get_running_loop().call_later(0.1, middle.set)
    assert CARD in await ask(GuardedModel(inner))


async def test_a_request_cancelled_by_us_is_no_failure() -> None:
    clock = Clock()
    circuit = Circuit(clock)
    model = GuardedModel(ScriptedModel(CARD, ("What matters",)), circuit)
    for _ in range(5):
        stream = model.stream_card(REQUEST)
        await anext(stream)
        await stream.aclose()
    assert circuit.admit()


async def test_the_next_model_is_asked_only_before_the_first_words() -> None:
    broken, good = ScriptedModel(CARD, error=BROKEN), ScriptedModel(CARD)
    assert CARD in await ask(FallbackModel([broken, good]))

    class BreaksLate(ScriptedModel):
        async def stream_card(self, request: CardRequest):  # type: ignore[no-untyped-def]
            yield CardText("What")
            raise BROKEN

    untouched = ScriptedModel(CARD)
    with pytest.raises(ModelError):
        await ask(FallbackModel([BreaksLate(CARD), untouched]))
    assert untouched.asked == []
