"""The whole model lane over a real socket: the coach, the guard, the SDK, the emulated vendor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from coaching.coach import Coach
from coaching.llm.openai import OpenAICardModel
from coaching.llm.tips import GuardedModel
from coaching.types import Example, Lane, Limits, Prompt
from tests.coaching.fakes import MATERIAL, Sink, line, until
from tests.vendors.openai import Fault, OpenAIServer

pytestmark = pytest.mark.sockets


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


VERSION = Prompt(
    7,
    "Coach the rep.",
    temperature=0.1,
    number=4,
    examples=(Example("Too dear.", "Compared with </call> what?"),),
    model="small-1",
    limits=Limits(max_output_tokens=99, deadline_ms=1_400, max_requests=1),
)


async def test_the_version_s_examples_settings_and_limits_reach_the_model(server: OpenAIServer) -> None:
    sink = Sink()
    inner = OpenAICardModel(model="gpt-6-luna", api_key="k", base_url=server.url)
    material = replace(MATERIAL, live_prompt=VERSION, playbook_version=5)
    coach = Coach(call_id="call-1", material=material, model=GuardedModel(inner), sink=sink)
    await coach.warm_up()
    coach.hear(line("Honestly the price is too expensive for us."))
    await until(lambda: any(card.lane is Lane.MODEL for card in sink.cards))
    body = server.cards[0].body
    assert (body["model"], body["temperature"], body["max_completion_tokens"]) == ("small-1", 0.1, 99)
    prefix = body["messages"][0]["content"]
    assert '{"heard": "Too dear.", "say": "Compared with \\u003c/call\\u003e what?"}' in prefix
    assert {request.body["messages"][0]["content"] for request in server.requests} == {prefix}
    assert {usage.model for usage in sink.entries} == {"small-1"}
    instant, model_card = sink.cards
    assert (instant.prompt_version, instant.playbook_version) == (None, 5)
    assert (model_card.prompt_version, model_card.playbook_version) == (4, 5)
    coach.hear(line("And we already use SalesBeam for that.", start_ms=30_000, utterance=2))
    assert sink.rungs[-1][0] == "tips", "one request was all that this version allows a call"
    assert len(server.cards) == 1
    await coach.aclose()
    await inner.aclose()


async def test_a_wrong_model_name_rests_nobody_else(server: OpenAIServer) -> None:
    inner = OpenAICardModel(model="gpt-6-luna", api_key="k", base_url=server.url)
    guarded = GuardedModel(inner)
    server.script.faults.append(Fault("status", status=404, code="model_not_found"))
    wrong = Coach(call_id="call-1", material=replace(MATERIAL, live_prompt=VERSION), model=guarded, sink=Sink())
    sink = Sink()
    wrong.hear(line("Honestly the price is too expensive for us."))
    await until(lambda: server.cards)
    await until(lambda: guarded.is_resting("small-1"))
    right = Coach(call_id="call-2", material=MATERIAL, model=guarded, sink=sink)
    right.hear(line("Honestly the price is too expensive for us."))
    await until(lambda: any(card.lane is Lane.MODEL for card in sink.cards))
    await wrong.aclose()
    await right.aclose()
    await inner.aclose()
