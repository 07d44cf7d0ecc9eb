"""The log of one live call in its owner's process: numbers events, tells listeners at once, keeps what is not saved."""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from calls import metrics
from calls.events import Event, Kind, Payload
from calls.live.epochs import Start, true_through
from calls.live.store import Batch, Entry
from tenants.context import Business

RING_EVENTS = 256
MAX_UNSAVED = 10_000


class LogFullError(Exception):
    """Too much could not be saved for too long. The session moves on: nothing of it was acknowledged."""


class LogKeeper(Protocol):
    """The session, as its log sees it: asked for the state to save, told what became of it."""

    def durable_state(self) -> DurableState: ...

    def saved(self, batch: Batch) -> None: ...

    def saving_is_late(self, is_late: bool) -> None: ...

    def superseded(self) -> None: ...


@dataclass(frozen=True, slots=True)
class DurableState:
    """What is saved together with the events: positions that hold once the events so far are committed."""

    acked_samples: int
    stored_samples: int | None
    is_alive: bool


@dataclass(slots=True)
class _Extras:
    repaired: list[tuple[int, int]] = field(default_factory=list)
    inbox_ids: list[int] = field(default_factory=list)


class EventLog:
    """Append-only. `append` numbers, tells `listen`ers and asks to be saved; it never waits.

    Memory is bounded: saved events stay in a ring of `RING_EVENTS` for catch-up; unsaved ones are all kept,
    up to `MAX_UNSAVED`, then `append` raises `LogFullError`.
    """

    def __init__(
        self,
        *,
        business: Business,
        call_id: uuid.UUID,
        member_id: int,
        epoch: int,
        last_seq: int,
        starts: Sequence[Start] = (),
        keeper: LogKeeper,
        on_dirty: Callable[[EventLog], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.business = business
        self.call_id = call_id
        self.member_id = member_id
        self.epoch = epoch
        self.last_seq = last_seq
        self.committed_seq = last_seq
        self.is_late = False
        self.is_over = False
        self._is_sealed = False
        self._starts = (*starts, Start(epoch, last_seq + 1))
        self._keeper = keeper
        self._on_dirty = on_dirty
        self._clock = clock
        self._entries: deque[Entry] = deque()
        self._extras = _Extras()
        self._listeners: list[Callable[[Entry], None]] = []

    def append(self, kind: Kind, payload: Payload) -> Event:
        """Raises `LogFullError`. After the log is over or sealed nothing is added; the event returned has no number."""
        at_ms = time.time_ns() // 1_000_000
        if self.is_over or self._is_sealed:
            return Event(0, at_ms, kind, payload)
        if self.last_seq - self.committed_seq >= MAX_UNSAVED:
            raise LogFullError
        event = Event(self.last_seq + 1, at_ms, kind, payload)
        entry = Entry(event, to_json(payload), self._clock())
        self.last_seq = event.seq
        self._entries.append(entry)
        metrics.events_logged.labels(kind.value).inc()
        for listener in self._listeners:
            listener(entry)
        self._on_dirty(self)
        return event

    @contextmanager
    def sealed(self) -> Iterator[None]:
        """While its end is written elsewhere nothing is added: the end has the number after the last."""
        self._is_sealed = True
        try:
            yield
        finally:
            self._is_sealed = False

    def listen(self, listener: Callable[[Entry], None]) -> None:
        self._listeners.append(listener)

    def after(self, seq: int) -> list[Entry] | None:
        """The events after `seq` from memory; None when they reach back further than memory does."""
        missing = self.last_seq - seq
        if missing <= 0:
            return []
        if missing > len(self._entries):
            return None
        return [self._entries[index] for index in range(len(self._entries) - missing, len(self._entries))]

    def true_through(self, epoch: int) -> int:
        """How far those are right whom an owner of `epoch` told about this call."""
        return true_through(self._starts, epoch, self.last_seq)

    # What is saved along with the next batch ------------------------------------------------------

    def note_repaired(self, start_ms: int, end_ms: int) -> None:
        self._extras.repaired.append((start_ms, end_ms))
        self.touch()

    def note_answered(self, inbox_id: int) -> None:
        self._extras.inbox_ids.append(inbox_id)
        self.touch()

    def touch(self) -> None:
        """Something besides events is to be saved: positions, signs of life."""
        if not self.is_over:
            self._on_dirty(self)

    # The writer's side --------------------------------------------------------------------------------

    def take_batch(self) -> Batch:
        """Everything unsaved and the positions that go with it. Take the next only after `settle`."""
        state = self._keeper.durable_state()
        unsaved = self.last_seq - self.committed_seq
        entries = tuple(self._entries[index] for index in range(len(self._entries) - unsaved, len(self._entries)))
        return Batch(
            call_id=self.call_id,
            member_id=self.member_id,
            epoch=self.epoch,
            last_seq=self.last_seq,
            entries=entries,
            acked_samples=state.acked_samples,
            stored_samples=state.stored_samples,
            is_alive=state.is_alive,
            repaired=tuple(self._extras.repaired),
            inbox_ids=tuple(self._extras.inbox_ids),
        )

    def committed(self, batch: Batch) -> None:
        now = self._clock()
        for entry in batch.entries:
            metrics.stage_seconds.labels("commit").observe(now - entry.appended_at)
        self.committed_seq = batch.last_seq
        del self._extras.repaired[: len(batch.repaired)]
        del self._extras.inbox_ids[: len(batch.inbox_ids)]
        self._forget()
        self.note_late(is_late=False)
        self._keeper.saved(batch)

    def note_late(self, *, is_late: bool) -> None:
        if is_late is not self.is_late:
            self.is_late = is_late
            self._keeper.saving_is_late(is_late)

    def superseded(self) -> None:
        """Another process owns the call: what is unsaved here is dropped; its audio was never acknowledged."""
        if not self.is_over:
            self.is_over = True
            self._keeper.superseded()

    def close(self) -> None:
        self.is_over = True
        self._listeners.clear()

    @property
    def is_clean(self) -> bool:
        """Whether everything is saved."""
        extras = self._extras
        return self.committed_seq == self.last_seq and not extras.repaired and not extras.inbox_ids

    def _forget(self) -> None:
        while len(self._entries) > RING_EVENTS and self._entries[0].seq <= self.committed_seq:
            self._entries.popleft()


def to_json(payload: Payload) -> str:
    """JSON that Postgres takes: no NUL characters, no lone surrogates."""
    try:
        text = orjson.dumps(payload).decode()
    except TypeError:
        return orjson.dumps(_clean(dict(payload))).decode()
    if "\\u0000" in text:
        return orjson.dumps(_clean(dict(payload))).decode()
    return text


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value
