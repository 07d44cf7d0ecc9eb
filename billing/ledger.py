"""The ledger: what was consumed becomes usage entries, each with the price of its day. Append-only.

Whoever reads a call's log hands its usage here; reading the same log twice makes no second entry.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from billing.costs import Cost
from billing.models import UsageEntry
from billing.prices import Rate, cost_micros, rate_in_force
from billing.rates.models import Price


@dataclass(frozen=True, slots=True)
class Metered:
    """One metered quantity on its way into the ledger. `(call_id, call_seq)` names its entry in the call's log.

    `unit` is `audio_ms` (summed over channels), `input_tokens` (uncached only), `cached_tokens`,
    `cache_write_tokens`, `output_tokens` or `byte_days`. `at` is aware; its UTC day picks the price.
    """

    call_id: uuid.UUID | None
    call_seq: int | None
    member_id: int | None
    at: datetime
    component: str
    provider: str
    model: str
    unit: str
    quantity: int
    purpose: str = "live"
    is_waste: bool = False
    is_estimate: bool = False

    @classmethod
    def from_payload(
        cls,
        payload: Mapping[str, Any],
        *,
        call_id: uuid.UUID | str,
        call_seq: int,
        member_id: int | None,
        at: datetime,
    ) -> Metered:
        """From the payload of a `usage` event of a call's log (`calls.events.usage`)."""
        return cls(
            call_id=call_id if isinstance(call_id, uuid.UUID) else uuid.UUID(call_id),
            call_seq=call_seq,
            member_id=member_id,
            at=at,
            component=str(payload["component"]),
            provider=str(payload["provider"]),
            model=str(payload["model"]),
            unit=str(payload["unit"]),
            quantity=int(payload["quantity"]),
            purpose=str(payload.get("purpose", "live")),
            is_waste=bool(payload.get("is_waste", False)),
            is_estimate=bool(payload.get("is_estimate", False)),
        )


def record(entries: Sequence[Metered]) -> None:
    """Writes `entries` with the prices of their days, in one statement, within the current business.

    Idempotent by `(call_id, call_seq)`: an entry that is there stays as it is. An unknown price leaves the
    cost null ("no price"), never zero. Raises `NoBusiness` outside a business.
    """
    if not entries:
        return
    rates = _rates({entry.component for entry in entries}, {entry.provider for entry in entries})
    UsageEntry.objects.bulk_create([_priced(entry, rates) for entry in entries], ignore_conflicts=True, batch_size=500)


def cost_of(entries: Sequence[Metered]) -> Cost:
    """What `entries` cost at the prices of their days, without writing anything."""
    rates = _rates({entry.component for entry in entries}, {entry.provider for entry in entries})
    costs = [_priced(entry, rates).cost_micros for entry in entries]
    return Cost(
        micros=sum(cost or 0 for cost in costs), unpriced=sum(cost is None for cost in costs), entries=len(entries)
    )


def _rates(components: set[str], providers: set[str]) -> list[Rate]:
    rows = Price.objects.filter(component__in=components, provider__in=providers)
    return [
        Rate(
            component=row.component,
            provider=row.provider,
            model=row.model,
            unit=row.unit,
            micros=row.micros,
            per=row.per,
            valid_from=row.valid_from,
            source=row.source,
        )
        for row in rows
    ]


def _priced(entry: Metered, rates: Sequence[Rate]) -> UsageEntry:
    rate = rate_in_force(
        rates,
        component=entry.component,
        provider=entry.provider,
        model=entry.model,
        unit=entry.unit,
        day=entry.at.astimezone(UTC).date(),
    )
    return UsageEntry(
        call_id=entry.call_id,
        call_seq=entry.call_seq,
        member_id=entry.member_id,
        at=entry.at,
        component=entry.component,
        provider=entry.provider,
        model=entry.model,
        unit=entry.unit,
        quantity=entry.quantity,
        purpose=entry.purpose,
        is_waste=entry.is_waste,
        is_estimate=entry.is_estimate,
        price_micros=rate.micros if rate else None,
        price_per=rate.per if rate else None,
        price_source=rate.source if rate else "",
        cost_micros=cost_micros(entry.quantity, rate) if rate else None,
    )
