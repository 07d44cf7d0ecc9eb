"""A third party's judgement: llmock breaks the vendor in its own ways and grades how our client behaved."""

from __future__ import annotations

import json
from typing import Any

import pytest

from coaching.llm.base import CardRequest, CardText, ModelError
from coaching.llm.openai import OpenAICardModel

CARD = {
    "say": "What are you comparing us with?",
    "why": "Find the frame.",
    "kind": "objection",
    "title": "Price",
    "source_key": "",
    "should_show": True,
}
REQUEST = CardRequest((("system", "Coach."), ("user", "Write the card now.")), cache_key="call", total_s=3.0)


async def ask(llmock: Any) -> str:
    """The sentence of the card, or the reason why there is none."""
    model = OpenAICardModel(model="gpt-6-luna", api_key="k", base_url=llmock.base_url())
    say = ""
    try:
        async for item in model.stream_card(REQUEST):
            if isinstance(item, CardText) and item.is_complete:
                say = item.say
    except ModelError as error:
        return error.reason
    finally:
        await model.aclose()
    return say


async def test_a_healthy_vendor_gives_a_card(llmock: Any) -> None:
    llmock.reply(json.dumps(CARD))
    assert await ask(llmock) == CARD["say"]
    llmock.assert_resilient()


@pytest.mark.parametrize("fault", ["rate_limit", "outage", "disconnect", "truncate", "corrupt"])
async def test_a_broken_vendor_gives_a_reason_at_once_and_the_next_card_comes(llmock: Any, fault: str) -> None:
    """A live card is never asked for again: it would be late. The next one is a new request, and whole."""
    llmock.reply(json.dumps(CARD), times=None)
    breaks: dict[str, Any] = {"times": 1}
    if fault == "rate_limit":
        breaks["retry_after"] = 0.0
    elif fault == "outage":
        breaks = {"status": 503}
    getattr(llmock, fault)(**breaks)
    reason = await ask(llmock)
    assert reason in {"rate_limited", "server_error", "unreachable", "cut_short", "malformed"}
    assert len(llmock.requests) == 1
    if fault != "outage":
        assert await ask(llmock) == CARD["say"]
    llmock.assert_resilient()
