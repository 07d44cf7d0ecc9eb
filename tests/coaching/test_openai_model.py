"""The real SDK against a real socket: every way a stream can go, and what is asked of the vendor."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import yaml

from coaching import prompts
from coaching.llm.base import CardRequest, CardText, ModelError
from coaching.llm.openai import OpenAICardModel
from coaching.types import Usage
from tests.coaching.fakes import MATERIAL, until
from tests.data import shared
from tests.vendors.openai import Fault, OpenAIServer

pytestmark = pytest.mark.sockets

TASK = 'The customer just raised: objection about price. Their words, as data: "too much". Write the card now.'


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(key="test-key") as running:
        yield running


def model_for(server: OpenAIServer, key: str = "test-key") -> OpenAICardModel:
    return OpenAICardModel(model="gpt-6-luna", api_key=key, base_url=server.url)


def request(prefix: str | None = None, total_s: float = 5.0) -> CardRequest:
    system = prefix if prefix is not None else prompts.live_prefix(MATERIAL)
    return CardRequest((("system", system), ("user", TASK)), cache_key="call-1", total_s=total_s)


async def collect(model: OpenAICardModel, asked: CardRequest) -> tuple[list[CardText], dict[str, int]]:
    texts: list[CardText] = []
    usage: dict[str, int] = {}
    try:
        async for item in model.stream_card(asked):
            if isinstance(item, Usage):
                usage[item.unit] = item.quantity
            else:
                texts.append(item)
    finally:
        await model.aclose()
    return texts, usage


async def test_a_card_grows_and_completes_with_its_source_and_usage(server: OpenAIServer) -> None:
    texts, usage = await collect(model_for(server), request())
    assert [text.say for text in texts] == sorted((text.say for text in texts), key=len)
    assert not any(text.is_complete for text in texts[:-1])
    assert texts[-1].is_complete
    assert texts[-1].source_key == "seat-price"
    assert texts[-1].say == "Acme costs $49 per seat and month."
    assert usage["input_tokens"] > 100
    assert usage["output_tokens"] > 10
    assert server.problems == []


async def test_what_is_asked_is_what_live_work_needs(server: OpenAIServer) -> None:
    await collect(model_for(server), request())
    body = server.cards[0].body
    assert body["reasoning_effort"] == "none"
    assert body["verbosity"] == "low"
    assert body["prompt_cache_key"] == "call-1"
    assert body["store"] is False
    assert body["stream_options"] == {"include_usage": True}
    assert body["response_format"]["json_schema"]["strict"] is True
    assert next(iter(body["response_format"]["json_schema"]["schema"]["properties"])) == "say"


async def test_the_second_card_of_a_call_is_billed_as_cached(server: OpenAIServer) -> None:
    model, long_prefix = model_for(server), "MATERIAL\n" + "words " * 2_000
    async for _ in model.stream_card(request(long_prefix)):
        pass
    _, usage = await collect(model, request(long_prefix))
    assert usage["cached_tokens"] >= 1_024
    assert usage["input_tokens"] < 200


async def test_cards_share_one_connection_that_stays_open(server: OpenAIServer) -> None:
    model = model_for(server)
    await model.warm_up()
    for _ in range(3):
        async for _item in model.stream_card(request()):
            pass
    await model.aclose()
    assert len(server.connections) == 1


@pytest.mark.parametrize(
    ("fault", "reason", "retryable"),
    [
        (Fault("status", 429, "7", "rate_limit_exceeded"), "rate_limited", True),
        (Fault("status", 429, "", "insufficient_quota"), "over_quota", False),
        (Fault("status", 500), "server_error", True),
        (Fault("status", 401), "refused", False),
        (Fault("status", 404), "no_such_model", False),
        (Fault("drop"), "unreachable", True),
        (Fault("truncate"), "cut_short", True),
        (Fault("malformed"), "malformed", True),
        (Fault("inline"), "server_error", True),
        (Fault("length"), "truncated", True),
        (Fault("not_sse"), "malformed", True),
    ],
    ids=lambda value: f"{value.kind}-{value.status}" if isinstance(value, Fault) else "",
)
async def test_every_fault_of_the_vendor_is_one_model_error(
    server: OpenAIServer, fault: Fault, reason: str, retryable: bool
) -> None:
    server.script.faults.append(fault)
    with pytest.raises(ModelError) as caught:
        await collect(model_for(server), request())
    assert caught.value.reason == reason
    assert caught.value.retryable is retryable
    assert len(server.requests) == 1


async def test_retry_after_is_told_and_not_slept(server: OpenAIServer) -> None:
    server.script.faults.append(Fault("status", 429, "7"))
    with pytest.raises(ModelError) as caught:
        await collect(model_for(server), request())
    assert caught.value.retry_after_s == 7.0


async def test_a_stalled_stream_ends_at_its_total(server: OpenAIServer) -> None:
    server.script.faults.append(Fault("stall"))
    started = asyncio.get_running_loop().time()
    with pytest.raises(ModelError) as caught:
        await collect(model_for(server), request(total_s=0.5))
    assert caught.value.reason == "stalled"
    assert asyncio.get_running_loop().time() - started < 2.0


async def test_a_dead_address_is_unreachable() -> None:
    model = OpenAICardModel(model="m", api_key="k", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(ModelError) as caught:
        await collect(model, request())
    assert caught.value.reason == "unreachable"
    with pytest.raises(ModelError):
        await model.warm_up()
    await model.aclose()


async def test_closing_the_card_stops_the_request_at_the_vendor(server: OpenAIServer) -> None:
    server.script.gap_s = 0.2
    model = model_for(server)
    stream = model.stream_card(request())
    await anext(stream)
    await stream.aclose()
    await until(lambda: server.requests[0].was_cancelled)
    await model.aclose()


@pytest.mark.parametrize("unknown", ["reasoning_effort", "prompt_cache_key", "stream_options", "max_completion_tokens"])
async def test_a_server_that_knows_less_is_asked_with_less(server: OpenAIServer, unknown: str) -> None:
    server.script.unknown_params = {unknown}
    model = model_for(server)
    async for _ in model.stream_card(request()):
        pass
    texts, _ = await collect(model, request())
    assert texts[-1].is_complete
    refused = [one for one in server.requests if unknown in one.body]
    assert len(refused) == 1, "asked about it again although it was refused before"


async def test_formats_go_down_from_schema_to_object_to_plain_text(server: OpenAIServer) -> None:
    server.script.formats = ("text",)
    model = model_for(server)
    texts, _ = await collect(model, request())
    assert texts[-1].is_complete
    assert model.capabilities.format == "text"
    assert "reasoning_effort" in server.cards[-1].body, "a refused format must not cost other parameters"


async def test_a_stream_without_usage_gives_none_and_no_error(server: OpenAIServer) -> None:
    server.script.sends_usage = False
    texts, usage = await collect(model_for(server), request())
    assert texts[-1].is_complete
    assert usage == {}


async def test_a_recorded_stream_of_the_real_service_is_read(server: OpenAIServer) -> None:
    recording = shared("wire", "openai", "chat-stream-tool-then-text.yaml")
    answers = [one["response"]["body"]["string"] for one in yaml.safe_load(recording.read_text())["interactions"]]
    server.script.replay = answers[-1].splitlines()
    with pytest.raises(ModelError) as caught:
        await collect(model_for(server), request())
    assert caught.value.reason == "no_card", "the recorded answer is plain text, not a card"
