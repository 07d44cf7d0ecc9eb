"""The whole model lane over a real socket: the coach, the guard, the SDK, the emulated vendor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coaching.coach import Coach
from coaching.llm.openai import OpenAICardModel
from coaching.llm.tips import GuardedModel
from coaching.types import Lane
from tests.coaching.fakes import MATERIAL, Sink, line, until
from tests.vendors.openai import Fault, OpenAIServer


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


async def test_the_model_card_comes_in_time_grounded_and_metered(server: OpenAIServer) -> None:
    sink = Sink()
    inner = OpenAICardModel(model="gpt-6-luna", api_key="k", base_url=server.url)
    coach = Coach(call_id="call-1", material=MATERIAL, model=GuardedModel(inner), sink=sink)
    await coach.warm_up()
    assert {usage.purpose for usage in sink.entries} == {"warm_up"}
    coach.hear(line("Honestly the price is too expensive for", is_final=False))
    await until(lambda: any(card.lane is Lane.MODEL for card in sink.cards))
    instant, model_card = sink.cards
    assert instant.lane is Lane.INSTANT
    assert model_card.replaces == instant.id
    assert model_card.source is not None
    assert [text for _, text in sink.texts] == sorted((text for _, text in sink.texts), key=len)
    await until(lambda: any(usage.purpose == "live" for usage in sink.entries))
    live = [usage for usage in sink.entries if usage.purpose == "live"]
    assert not any(usage.is_waste or usage.is_estimate for usage in live)
    prefixes = {request.body["messages"][0]["content"] for request in server.requests}
    assert len(prefixes) == 1, "warm-up and card must share the cached prefix"
    await coach.aclose()
    await inner.aclose()


@pytest.mark.parametrize("kind", ["status", "drop", "truncate", "malformed", "inline", "not_sse"])
async def test_whatever_the_vendor_does_the_instant_card_stands(server: OpenAIServer, kind: str) -> None:
    sink = Sink()
    inner = OpenAICardModel(model="gpt-6-luna", api_key="k", base_url=server.url)
    coach = Coach(call_id="call-1", material=MATERIAL, model=GuardedModel(inner), sink=sink)
    server.script.faults.append(Fault(kind))
    coach.hear(line("Honestly the price is too expensive for us."))
    await until(lambda: sink.rungs)
    assert sink.rungs[-1][0] == "tips"
    assert [card.lane for card in sink.cards] == [Lane.INSTANT]
    if sink.texts:
        assert sink.texts[-1][1] == "", "visible words of a broken card must be withdrawn"
    assert all(usage.is_waste for usage in sink.entries)
    coach.hear(line("And we already use SalesBeam for that.", start_ms=30_000, utterance=2))
    await until(lambda: sink.rungs[-1][0] == "full")
    await coach.aclose()
    await inner.aclose()
