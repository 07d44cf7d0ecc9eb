"""Every way a vendor's answer goes wrong, over the real SDK and a real socket, in a call whose playbook has no play.

The rep is never shown half a card, gets one instant line in time, the circuit counts the failure, and the next whole
answer is used. `python -m pytest -s` prints the time from each failure to the line, the figures in docs/coaching.md.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from time import monotonic

import pytest

from coaching.coach import Coach
from coaching.llm.openai import OpenAICardModel
from coaching.llm.probes import Circuits
from coaching.llm.tips import GENERAL_TITLE, GuardedModel
from coaching.types import Lane
from tests.coaching.fakes import MATERIAL, Sink, line, until
from tests.vendors.openai import Fault, OpenAIServer

pytestmark = pytest.mark.sockets

NO_PLAYS = replace(MATERIAL, plays=())
OBJECTION = "Honestly the price is too expensive for us."
NEXT = "And we already use SalesBeam for that."
HELP_S = 3.0
MODEL = "gpt-6-luna"

FAULTS = [
    (Fault("status", 500), "server_error"),
    (Fault("status", 503), "server_error"),
    (Fault("status", 429, code="rate_limit_exceeded"), "rate_limited"),
    (Fault("status", 400, code="content_filter"), "filtered"),
    (Fault("status", 400, code="context_length_exceeded"), "bad_request"),
    (Fault("status", 401), "refused"),
    (Fault("status", 403), "forbidden"),
    (Fault("hang"), "slow"),
    (Fault("silent"), "slow"),
    (Fault("stall"), "stalled"),
    (Fault("drop"), "unreachable"),
    (Fault("truncate"), "cut_short"),
    (Fault("length"), "truncated"),
    (Fault("filter"), "filtered"),
    (Fault("refusal"), "unwilling"),
    (Fault("inline"), "server_error"),
    (Fault("malformed"), "malformed"),
    (Fault("not_utf8"), "malformed"),
    (Fault("deep"), "malformed"),
    (Fault("repeat"), "no_card"),
    (Fault("not_sse"), "malformed"),
    (Fault("json_body"), "malformed"),
    (Fault("no_say"), "no_card"),
    (Fault("empty"), "empty"),
    (Fault("blank"), "empty"),
    (Fault("blank_say"), "empty"),
    (Fault("blanks"), "slow"),
    (Fault("huge"), "too_long"),
    (Fault("endless"), "too_long"),
]
FINAL = {"refused", "forbidden"}


class Watched(Sink):
    """Also keeps what the screen shows, and when the first card came (monotonic seconds)."""

    def __init__(self) -> None:
        super().__init__()
        self.helped_at = 0.0

    def card(self, card):  # type: ignore[no-untyped-def]
        self.helped_at = self.helped_at or monotonic()
        super().card(card)

    @property
    def growing(self) -> str:
        """The half card on the screen, if there is one."""
        return self.texts[-1][1] if self.texts else ""


@dataclass(frozen=True)
class Call:
    server: OpenAIServer
    coach: Coach
    sink: Watched
    circuits: Circuits
    reasons: list[str]


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
async def call(server: OpenAIServer) -> AsyncIterator[Call]:
    sink, circuits, reasons = Watched(), Circuits(), list[str]()

    class Guarded(GuardedModel):
        def _failed(self, error, model):  # type: ignore[no-untyped-def]
            reasons.append(error.reason)
            super()._failed(error, model)

    inner = OpenAICardModel(model=MODEL, api_key="k", base_url=server.url)
    await inner.warm_up()
    coach = Coach(call_id="c", material=NO_PLAYS, model=Guarded(inner, circuits, business="acme"), sink=sink)
    yield Call(server, coach, sink, circuits, reasons)
    await coach.aclose()
    await inner.aclose()


@pytest.mark.parametrize(
    ("fault", "reason"), FAULTS, ids=[f"{fault.kind}-{fault.status}-{reason}" for fault, reason in FAULTS]
)
async def test_a_fault_is_never_half_a_card_and_help_comes_in_time(call: Call, fault: Fault, reason: str) -> None:
    sink = call.sink
    fault = replace(fault)
    call.server.script.faults.append(fault)
    call.coach.hear(line(OBJECTION))
    await until(lambda: sink.cards)
    help_s = sink.helped_at - fault.broke_at
    print(f"\n{fault.kind} {fault.status if fault.kind == 'status' else ''} -> {help_s:.2f} s")  # noqa: T201
    assert help_s < HELP_S
    (card,) = sink.cards
    assert (card.lane, card.title, card.source) == (Lane.INSTANT, GENERAL_TITLE, None)
    assert card.say.endswith("?")
    assert sink.growing == "", "the words of a broken card are taken back"
    assert sink.rungs[-1][0] == "tips"
    assert call.reasons == [reason]
    own, shared = call.circuits.of("acme", MODEL)
    assert own.is_open if reason in FINAL else own.circuit.failures == 1
    assert len(call.server.cards) == 1, "a card is never asked for twice"
    stranger = GuardedModel(OpenAICardModel(model=MODEL, api_key="k"), call.circuits, business="globex")
    assert stranger.is_resting() is (reason == "refused"), "only the key of all concerns all at once"
    if reason in FINAL:
        return
    call.coach.hear(line(NEXT, start_ms=30_000, utterance=2))
    await until(lambda: any(card.lane is Lane.MODEL for card in sink.cards))
    assert [card.lane for card in sink.cards] == [Lane.INSTANT, Lane.MODEL]
    await until(lambda: sink.rungs[-1][0] == "full")
    assert not own.circuit.failures
    assert not shared.circuit.failures


@pytest.mark.parametrize("kind", ["stall", "drop", "truncate", "malformed", "refusal", "length"])
async def test_words_that_were_visible_are_taken_back_before_the_line_comes(call: Call, kind: str) -> None:
    call.server.script.faults.append(Fault(kind))
    call.server.script.gap_s = 0.05
    call.coach.hear(line(OBJECTION))
    await until(lambda: call.sink.growing)
    assert not call.sink.cards, "one card for a moment: none while the model's words grow"
    await until(lambda: call.sink.cards)
    assert call.sink.growing == ""


async def test_an_answer_that_comes_after_the_line_is_dropped(call: Call) -> None:
    call.server.script.first_token_s = 1.7
    call.coach.hear(line(OBJECTION))
    await until(lambda: call.sink.cards)
    await until(lambda: call.server.cards[0].was_cancelled)
    assert [card.lane for card in call.sink.cards] == [Lane.INSTANT]
    assert call.sink.texts == []
    assert all(entry.is_waste for entry in call.sink.entries)


async def test_a_fault_after_the_vendor_said_that_it_finished_costs_no_card(server: OpenAIServer, call: Call) -> None:
    delta = {"content": json.dumps({"say": "What are you comparing us with?", "title": "Price"})}
    chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": "stop"}]}
    server.script.replay = [f"data: {json.dumps(chunk)}", "", 'data: {"broken']
    call.coach.hear(line(OBJECTION))
    await until(lambda: call.sink.cards)
    assert [card.lane for card in call.sink.cards] == [Lane.MODEL]
    await until(lambda: call.sink.entries)
    assert not any(entry.is_waste for entry in call.sink.entries)
    assert call.reasons == []


async def test_a_business_s_refused_prompts_do_not_teach_the_server_s_abilities(server: OpenAIServer) -> None:
    """A request that is bad whatever is left out of it takes nothing from the requests of others."""
    inner = OpenAICardModel(model=MODEL, api_key="k", base_url=server.url)
    server.script.faults.extend(Fault("status", 400, code="invalid_request_error") for _ in range(8))
    hers = Coach(call_id="a", material=NO_PLAYS, model=GuardedModel(inner), sink=(sink := Watched()))
    hers.hear(line(OBJECTION))
    await until(lambda: sink.cards)
    assert inner.capabilities.dropped == set()
    assert inner.capabilities.format == "json_schema"
    await asyncio.gather(hers.aclose(), inner.aclose())
