"""The answer of a replay: what the wire told, joined with what the database knows of the finished call."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing.services import call_costs
from calls.models import Report
from calls.replay.client import Outcome
from calls.replay.collected import summary
from tenants.audit.models import Via
from tenants.members import notes
from tenants.members.models import ApiKey, Member, Scope

KEY_NAME = "replay"


@contextmanager
def passing_key(member: Member) -> Iterator[str]:
    """The secret of a key in `member`'s name that is revoked when the block ends, however it ends."""
    with transaction.atomic():
        row, secret = ApiKey.issue(member=member, name=KEY_NAME, scopes=[Scope.CALLS_READ, Scope.CALLS_WRITE])
        notes.key_changed(row, by=None, via=Via.COMMAND, act="issued")
    try:
        yield secret
    finally:
        ApiKey.objects.filter(pk=row.pk).update(revoked_at=timezone.now())
        notes.key_changed(row, by=None, via=Via.COMMAND, act="revoked")


def answer(outcome: Outcome, *, audio_ms: int, took_s: float) -> dict[str, Any]:
    """One JSON object, within the business of the call. `coverage` is a share 0-1, null without a report."""
    call_id = uuid.UUID(outcome.call_id)
    report = Report.objects.filter(call_id=call_id).first()
    return {
        "call": outcome.call_id,
        "audio_ms": audio_ms,
        "took_s": round(took_s, 1),
        **summary(outcome.collected),
        "coverage": report.coverage if report else None,
        "report": {
            "state": outcome.report_state,
            "origin": report.origin if report else "",
            "summary": report.summary if report else "",
        },
        "cost": _cost(call_id),
    }


def _cost(call_id: uuid.UUID) -> dict[str, Any]:
    """In US dollars. `unpriced` counts quantities without a price: then `usd` is a lower bound."""
    found = call_costs([call_id])[call_id]
    return {
        "usd": found.total.micros / 1_000_000,
        "unpriced": found.total.unpriced,
        "components": {name: cost.micros / 1_000_000 for name, cost in found.components.items()},
    }


def text(result: Mapping[str, Any]) -> str:
    """The same for people."""
    parts = [
        f"Call {result['call']}: {result['audio_ms'] / 1000:.1f} s of audio in {result['took_s']} s",
        *_transcript(result),
        *_cards(result),
        f"Report: {result['report']['state']}" + _coverage(result["coverage"]),
        f"Cost: ${result['cost']['usd']:.4f}" + (" (some prices unknown)" if result["cost"]["unpriced"] else ""),
        "Latency (ms): " + "; ".join(_latency(stage, values) for stage, values in result["latency_ms"].items()),
    ]
    return "\n".join(parts)


def _transcript(result: Mapping[str, Any]) -> Iterator[str]:
    lines = sorted((line for side in result["lines"].values() for line in side), key=lambda line: line["start_ms"])
    for line in lines:
        yield f"  {_clock(line['start_ms'])}  {line['channel']:<8}  {line['text']}"


def _cards(result: Mapping[str, Any]) -> Iterator[str]:
    yield f"{len(result['signals'])} signals, {len(result['cards'])} cards"
    for card in result["cards"]:
        yield f"  {_clock(card['trigger_end_ms'])}  {card['lane']:<8}  {card['title']}: {card['say']}"


def _clock(at_ms: int) -> str:
    return f"{at_ms // 60_000:d}:{at_ms // 1_000 % 60:02d}"


def _coverage(value: float | None) -> str:
    return "" if value is None else f", {value:.1%} of the speech transcribed"


def _latency(stage: str, values: Mapping[str, float]) -> str:
    return f"{stage} p50 {values['p50']:.0f}, p95 {values['p95']:.0f}, p99 {values['p99']:.0f} ({values['n']})"
