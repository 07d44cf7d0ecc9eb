"""The circuit around the model, the deadline for first words, and the fallback from one model to the next."""

from __future__ import annotations

import asyncio

import pytest

from coaching.llm.base import CardRequest, CardText, ModelError
from coaching.llm.fallback import FallbackModel
from coaching.llm.tips import GuardedModel
from tests.coaching.fakes import ScriptedModel

CARD = CardText("What matters most to you?", is_complete=True)
BROKEN = ModelError("server_error", retryable=True)
REQUEST = CardRequest((("system", "a"), ("user", "b")), cache_key="call", deadline_s=0.05, total_s=0.2)


async def ask(model: GuardedModel | FallbackModel) -> list[object]:
    return [item async for item in model.stream_card(REQUEST)]


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
    model = GuardedModel(ScriptedModel(CARD, ("What matters",)))
    for _ in range(5):
        stream = model.stream_card(REQUEST)
        await anext(stream)
        await stream.aclose()
    assert not model.is_resting()


async def test_a_fault_of_our_own_counts_like_the_model_s() -> None:
    class Broken(ScriptedModel):
        async def stream_card(self, request: CardRequest):  # type: ignore[no-untyped-def]
            yield CardText(request.messages[9][0])

    model = GuardedModel(Broken(CARD))
    for _ in range(3):
        with pytest.raises(IndexError):
            await ask(model)
    assert model.is_resting()


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
