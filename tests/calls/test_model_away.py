"""A model that declines one business's prompts, in two businesses' live calls: real SDK, real sockets, real log."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from calls.models import CallEvent
from coaching.llm import circuit, get_card_model
from coaching.llm.probes import PROBE_TOKENS
from coaching.llm.tips import GENERAL_TITLE, GuardedModel
from tenants.context import Business
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.talking import Caller, Socket, wait_until
from tests.vendors.openai import OpenAIServer

# It waits for what happens on a real socket to a vendor.
pytestmark = pytest.mark.sockets

# The pack that both businesses use has no play for it.
QUESTION = "Where are the servers located?"
LINE = {"channel": "customer", "text": QUESTION, "start_ms": 0, "end_ms": 900, "is_final": True, "utterance": 1}


@pytest.fixture
def server(settings: Any) -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = running.url, "sk-away"
        yield running


@asynccontextmanager
async def asked(rep: Caller) -> AsyncIterator[tuple[str, Socket]]:
    """A call in which the customer asked, with its events."""
    call_id = await rep.start_call()
    async with rep.events(call_id) as events:
        assert (await rep.post(f"/api/calls/{call_id}/lines", {"lines": [LINE]}))[1] == {"taken": 1}
        yield call_id, events
    await rep.post(f"/api/calls/{call_id}/end")


async def card(events: Socket) -> dict[str, Any]:
    payload: dict[str, Any] = (await events.until_kind("card"))["payload"]
    return payload


def lights(events: Socket) -> list[str]:
    return [one["payload"]["parts"]["coach"] for one in events.events() if one["kind"] == "state"]


def guard_of(business: Business) -> GuardedModel:
    model = get_card_model(business.id)
    assert isinstance(model, GuardedModel)
    return model


async def test_cards_of_one_business_go_on_while_the_model_declines_another_s_prompts(
    live: None,
    hears: Hears,
    caller: MakeCaller,
    acme: Business,
    globex: Business,
    server: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(circuit, "FIRST_REST_S", 0.3)
    hears(is_deaf=True)
    server.script.declines = {f"Business: {acme.name}."}
    hers, theirs = await caller("rep"), await caller("rep", business=globex)
    async with asked(hers) as (first_call, first), asked(hers) as (_, second):
        for events in (first, second):
            general = await card(events)
            assert (general["lane"], general["title"], general["play"]) == ("instant", GENERAL_TITLE, "")
            assert lights(events)[-1] == "tips"
        await wait_until(guard_of(acme).is_resting)

        async with asked(theirs) as (their_call, others):
            assert (await card(others))["lane"] == "model"
            assert set(lights(others)) <= {"full"}
            assert first_call not in json.dumps(others.messages)
        assert not guard_of(globex).is_resting()

        server.script.declines = set()
        for events in (first, second):
            await events.until(lambda one: one.get("kind") == "state" and one["payload"]["parts"]["coach"] == "full")
        async with asked(hers) as (_, third):
            assert (await card(third))["lane"] == "model"
    probes = [request.body for request in server.requests if request.body.get("max_completion_tokens") == PROBE_TOKENS]
    assert probes
    assert QUESTION not in json.dumps(probes)
    assert purposes(await hers.log(first_call)) >= {"probe"}, "what finding out cost stands in the log of a call"
    assert "probe" not in purposes(await theirs.log(their_call))


def purposes(log: list[CallEvent]) -> set[str]:
    return {row.payload["purpose"] for row in log if row.kind == "usage"}
