"""The log's way into Postgres: one transaction per call and batch, COPY for the rows. Synchronous, in a thread.

The epoch is the fence: the UPDATE of the call carries it, and when it meets no row another process owns
the call by now; nothing of the batch is written then. It also tells what was saved before: a commit whose
answer was lost on the way is not written a second time.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from django.db import DataError, ProgrammingError, connection, transaction
from django.utils import timezone

from billing.ledger import Metered, record
from calls import events, metrics
from calls.live.epochs import MARKS
from calls.models import CallInbox, CallState, Gap, Recording
from tenants.context import Business, business_scope, require_tenant
from tenants.models import Tenant
from tenants.postgresql.patience import answers_within
from tenants.selectors import business_by_id

logger = logging.getLogger(__name__)

ANSWER_S = 5.0
"""How long a save waits for each answer: a lock or a database that hangs costs this much, then it is tried again."""
ROUND_S = 10.0
"""When a round has taken this long, what is left of it counts as late untried."""

COPY = "COPY calls_callevent (call_id, seq, at, kind, payload) FROM STDIN"
FENCED_UPDATE = """
UPDATE calls_call AS call SET last_seq = %s, acked_samples = %s,
    heard_at = CASE WHEN %s THEN now() ELSE call.heard_at END
FROM (SELECT id, last_seq FROM calls_call WHERE id = %s AND epoch = %s AND state = %s FOR UPDATE) AS before
WHERE call.id = before.id RETURNING before.last_seq
"""
READ_AFTER = """
SELECT call.epoch, coalesce(later.seq - 1, call.last_seq), event.seq, event.at_ms, event.kind, event.payload
FROM calls_call AS call
CROSS JOIN LATERAL (
    SELECT min(seq) AS seq FROM calls_callevent
    WHERE call.epoch <> %s AND call_id = %s AND kind = ANY(%s) AND (payload->>'epoch')::int > %s
) AS later
LEFT JOIN LATERAL (
    SELECT seq, (extract(epoch FROM at) * 1000)::bigint AS at_ms, kind, payload::text AS payload FROM calls_callevent
    WHERE call_id = call.id AND seq > %s ORDER BY seq LIMIT %s
) AS event ON true
WHERE call.id = %s ORDER BY event.seq
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event with its payload written out once, for the wire and for the database alike."""

    event: events.Event
    payload: str
    appended_at: float = 0.0

    @property
    def seq(self) -> int:
        return self.event.seq

    def to_text(self) -> str:
        event = self.event
        return wire_text(event.seq, event.at_ms, event.kind.value, self.payload)


def wire_text(seq: int, at_ms: int, kind: str, payload: str) -> str:
    """What `Event.to_wire` says, from a payload that is JSON already."""
    return f'{{"type":"event","seq":{seq},"at":{at_ms},"kind":"{kind}","payload":{payload}}}'


@dataclass(frozen=True, slots=True)
class Batch:
    """What one call has to save. `acked_samples`: everything before is in `entries` or was saved earlier.

    `repaired` names gaps `(start_ms, end_ms)` whose lines are in `entries`; `inbox_ids` the messages that
    `entries` answer.
    """

    call_id: uuid.UUID
    member_id: int
    epoch: int
    last_seq: int
    entries: tuple[Entry, ...]
    acked_samples: int
    stored_samples: int | None = None
    is_alive: bool = True
    repaired: tuple[tuple[int, int], ...] = ()
    inbox_ids: tuple[int, ...] = ()


class Outcome(Enum):
    COMMITTED = "committed"
    SUPERSEDED = "superseded"
    LATE = "late"


def save(business: Business, batches: Sequence[Batch]) -> list[Outcome]:
    """Saves the batches of one business, each in its own transaction. Never raises; LATE means try again."""
    with business_scope(business), answers_within(ANSWER_S):
        until = time.monotonic() + ROUND_S
        return [_save_one(batch) if time.monotonic() < until else Outcome.LATE for batch in batches]


def _save_one(batch: Batch) -> Outcome:
    try:
        with transaction.atomic():
            saved_seq = _fenced_update(batch)
            if saved_seq is None:
                return Outcome.SUPERSEDED
            entries = [entry for entry in batch.entries if entry.seq > saved_seq]
            _copy(batch.call_id, entries)
            _side_tables(batch, entries)
    except Exception as error:  # noqa: BLE001 - whatever it was, the events are kept and tried again
        metrics.errors.labels("database").inc()
        if isinstance(error, ProgrammingError | DataError) and _business_is_gone():
            return Outcome.SUPERSEDED
        logger.warning("Events not saved yet: %s", type(error).__name__, extra={"call": batch.call_id.hex})
        return Outcome.LATE
    _meter(batch)
    return Outcome.COMMITTED


def _business_is_gone() -> bool:
    """Erased while this process was away: there is nothing to save for, and nowhere."""
    try:
        business_by_id(require_tenant().id)
    except Tenant.DoesNotExist:
        return True
    except Exception:  # noqa: BLE001 - not known, so tried again
        return False
    return False


def _fenced_update(batch: Batch) -> int | None:
    """The last event that was saved before; None when the call is not ours any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            FENCED_UPDATE,
            [batch.last_seq, batch.acked_samples, batch.is_alive, batch.call_id, batch.epoch, CallState.OPEN.value],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _copy(call_id: uuid.UUID, entries: Sequence[Entry]) -> None:
    if not entries:
        return
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for entry in entries:
            event = entry.event
            at = datetime.fromtimestamp(event.at_ms / 1_000, UTC)
            copy.write_row((call_id, event.seq, at, event.kind.value, entry.payload))


def _side_tables(batch: Batch, entries: Sequence[Entry]) -> None:
    gaps = [entry.event.payload for entry in entries if entry.event.kind is events.Kind.GAP]
    if gaps:
        Gap.objects.bulk_create([Gap(call_id=batch.call_id, **gap) for gap in gaps])
    for start_ms, end_ms in batch.repaired:
        Gap.objects.filter(call_id=batch.call_id, start_ms=start_ms, end_ms=end_ms).update(repaired_at=timezone.now())
    if batch.inbox_ids:
        CallInbox.objects.filter(pk__in=batch.inbox_ids).delete()
    if batch.stored_samples is not None:
        Recording.objects.filter(call_id=batch.call_id).update(stored_samples=batch.stored_samples)


def _meter(batch: Batch) -> None:
    """Usage goes to the ledger after the commit. What fails here is still in the log: the ledger can read it again."""
    entries = [
        Metered.from_payload(
            entry.event.payload,
            call_id=batch.call_id,
            call_seq=entry.seq,
            member_id=batch.member_id,
            at=datetime.fromtimestamp(entry.event.at_ms / 1_000, UTC),
        )
        for entry in batch.entries
        if entry.event.kind is events.Kind.USAGE
    ]
    try:
        record(entries)
    except Exception as error:  # noqa: BLE001 - a call must not suffer for its bill
        metrics.errors.labels("database").inc()
        logger.warning("Usage not metered yet: %s", type(error).__name__, extra={"call": batch.call_id.hex})


@dataclass(frozen=True, slots=True)
class Page:
    """Saved events after a cursor, as `(seq, wire text)` in order, and what became of its epoch."""

    rows: list[tuple[int, str]]
    epoch: int
    true_through: int


def read_after(call_id: uuid.UUID, seq: int, limit: int, epoch: int | None = None) -> Page:
    """The saved events after `seq`, at most `limit`, and how far an owner of `epoch` was right: all of one moment."""
    with connection.cursor() as cursor:
        cursor.execute(READ_AFTER, [epoch, call_id, [kind.value for kind in MARKS], epoch, seq, limit, call_id])
        found = cursor.fetchall()
    if not found:
        return Page([], epoch or 0, seq)
    rows = [(row[2], wire_text(*row[2:])) for row in found if row[2] is not None]
    return Page(rows, found[0][0], found[0][1])
