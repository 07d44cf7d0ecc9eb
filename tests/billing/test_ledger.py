"""What becomes of metered usage: priced once, by the day, in the business that used it."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime

import pytest
from django.db import connections

from billing.ledger import Metered, record
from billing.models import UsageEntry
from billing.rates.models import Price
from billing.services import call_costs
from tenants.context import Business, NoBusiness, business_scope, public_scope
from tests.billing.conftest import NOON, Meter

CALL = uuid.uuid4()


@pytest.mark.usefixtures("rolled_back")
class TestInOneBusiness:
    def test_a_minute_of_speech_costs_its_list_price(self, metered: Meter) -> None:
        record([metered(CALL, 1)])
        entry = UsageEntry.objects.get()
        assert (entry.cost_micros, entry.price_micros, entry.price_per) == (4_800, 4_800, 60_000)
        assert "Deepgram price page" in entry.price_source

    def test_reading_the_log_twice_makes_no_second_entry(self, metered: Meter) -> None:
        entries = [metered(CALL, 1), metered(CALL, 2)]
        record(entries)
        record([*entries, metered(CALL, 3)])
        assert UsageEntry.objects.filter(call_id=CALL).count() == 3

    def test_an_unknown_price_is_null_and_not_zero(self, metered: Meter) -> None:
        record([metered(CALL, 1, model="nova-9")])
        assert UsageEntry.objects.get().cost_micros is None
        cost = call_costs([CALL])[CALL].total
        assert (cost.is_known, cost.unpriced, cost.micros) == (False, 1, 0)

    def test_a_unit_nobody_prices_is_null_too(self, metered: Meter) -> None:
        record([metered(CALL, 1, component="storage", provider="file", model="", unit="byte_days")])
        assert UsageEntry.objects.get().cost_micros is None

    def test_our_own_engine_costs_nothing_and_that_is_known(self, metered: Meter) -> None:
        record([metered(CALL, 1, provider="local", model="whatever")])
        cost = call_costs([CALL])[CALL].total
        assert (cost.is_known, cost.micros) == (True, 0)

    def test_the_price_is_that_of_the_day_it_was_used(self, metered: Meter) -> None:
        before = datetime(2026, 1, 1, tzinfo=UTC)
        record([metered(CALL, 1, at=before), metered(CALL, 2)])
        assert list(UsageEntry.objects.order_by("call_seq").values_list("cost_micros", flat=True)) == [None, 4_800]

    def test_costs_come_by_component_with_their_waste(self, metered: Meter) -> None:
        tokens = {"component": "model", "provider": "openai", "model": "gpt-6-luna"}
        record(
            [
                metered(CALL, 1),
                metered(CALL, 2, **tokens, unit="output_tokens", quantity=1_000),
                metered(CALL, 3, **tokens, unit="output_tokens", quantity=400, is_waste=True),
                metered(CALL, 4, **tokens, unit="cached_tokens", quantity=2_000),
            ]
        )
        cost = call_costs([CALL])[CALL]
        assert cost.of("speech").micros == 4_800
        assert cost.of("model").micros == 500 + 200 + 20
        assert cost.of("model").waste_micros == 200
        assert cost.total.micros == 5_520

    def test_a_call_without_usage_has_an_empty_cost(self) -> None:
        assert call_costs([CALL])[CALL].total.entries == 0

    def test_a_usage_event_of_the_log_becomes_an_entry(self) -> None:
        payload = {
            "component": "model",
            "provider": "openai",
            "model": "gpt-6-luna-2026-09-22",
            "unit": "input_tokens",
            "quantity": 500,
            "purpose": "report",
            "is_waste": False,
            "is_estimate": True,
        }
        record([Metered.from_payload(payload, call_id=str(CALL), call_seq=7, member_id=3, at=NOON)])
        entry = UsageEntry.objects.get()
        assert (entry.cost_micros, entry.purpose, entry.is_estimate, entry.member_id) == (50, "report", True, 3)


def test_a_stranger_sees_none_of_it(committed_db: None, acme: Business, globex: Business, metered: Meter) -> None:
    with business_scope(acme):
        record([metered(CALL, 1)])
    with business_scope(globex):
        assert call_costs([CALL])[CALL].total.entries == 0
        assert not UsageEntry.objects.exists()
        record([metered(CALL, 1, quantity=1)])
    with business_scope(acme):
        assert UsageEntry.objects.get().quantity == 60_000


def test_without_a_business_nothing_is_recorded(committed_db: None, metered: Meter) -> None:
    with pytest.raises(NoBusiness):
        record([metered(CALL, 1)])


def test_two_writers_at_once_leave_one_entry(committed_db: None, acme: Business, metered: Meter) -> None:
    ready = threading.Barrier(4)

    def write() -> None:
        with business_scope(acme):
            ready.wait(timeout=20)
            record([metered(CALL, seq) for seq in range(1, 51)])
        connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    with business_scope(acme):
        assert UsageEntry.objects.count() == 50


def test_a_business_reads_prices_and_can_not_change_them(committed_db: None, acme: Business) -> None:
    from django.db import ProgrammingError

    with business_scope(acme):
        assert Price.objects.filter(model="nova-3").exists()
        with pytest.raises(ProgrammingError, match="permission denied"):
            Price.objects.update(micros=0)
    with public_scope():
        assert not Price.objects.filter(model="nova-3", micros=0).exists()
