"""Saves the logs of all calls of this process in batches, off the event loop. One writer per process."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field

from calls import metrics
from calls.live import store, tasks
from calls.live.log import EventLog
from calls.live.store import Batch, Outcome
from calls.live.threads import in_thread
from tenants.context import Business

WINDOW_S = 0.1
FIRST_RETRY_S = 0.25
LAST_RETRY_S = 4.0
LATE_AFTER_S = 3.0
THREADS = 6
THREADS_FOR_LATE = 2

logger = logging.getLogger(__name__)

Saved = Callable[[Business, dict[EventLog, Batch]], None]


@dataclass(slots=True)
class _Queue:
    """The logs that are saved together: those of one business that are in time, or those of it that are late."""

    dirty: set[EventLog] = field(default_factory=set)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class LogWriter:
    """Collects for `WINDOW_S`, then saves a business's calls in one thread hop; one round of a business at a time.

    While the database is away the logs keep their events and each round is tried again, later and later; a save
    that takes longer than `LATE_AFTER_S` is called late while it still runs. Late logs go on in rounds and threads of
    their own: neither the other businesses nor the business's other calls wait for them.
    `on_saved` is told after each round what was committed: the place for wake-ups.
    """

    def __init__(self, on_saved: Saved, *, window_s: float = WINDOW_S) -> None:
        self._on_saved = on_saved
        self._window_s = window_s
        self._queues: dict[tuple[int, bool], _Queue] = {}
        self._saving: set[EventLog] = set()
        self._again: set[EventLog] = set()
        self._round_over = asyncio.Condition()
        self._threads = {
            False: ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="log"),
            True: ThreadPoolExecutor(max_workers=THREADS_FOR_LATE, thread_name_prefix="log-late"),
        }
        self._is_closed = False

    def mark(self, log: EventLog) -> None:
        """`log` has something to save."""
        if self._is_closed:
            return
        if log in self._saving:
            # One batch of a log at a time.
            self._again.add(log)
            return
        self._queue(log).dirty.add(log)

    async def flush(self, log: EventLog, within_s: float) -> bool:
        """Waits until everything of `log` is saved or the log is over; False when time runs out."""
        self.mark(log)
        self._queue(log).hurry.set()
        try:
            async with asyncio.timeout(within_s), self._round_over:
                await self._round_over.wait_for(lambda: log.is_over or log.is_clean)
        except TimeoutError:
            return False
        return not log.is_over or log.is_clean

    async def aclose(self) -> None:
        self._is_closed = True
        await tasks.stop([queue.task for queue in self._queues.values() if queue.task is not None])
        self._queues.clear()
        for threads in self._threads.values():
            threads.shutdown(wait=False)

    def _queue(self, log: EventLog) -> _Queue:
        key = (log.business.id, log.is_late)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = _Queue()
            # Of no business: each round says itself whose logs it saves.
            queue.task = asyncio.create_task(self._run(key, queue), name="log-writer", context=Context())
        return queue

    async def _run(self, key: tuple[int, bool], queue: _Queue) -> None:
        """Rounds for as long as there is something to save."""
        retry_s = 0.0
        while True:
            await self._pause(queue, retry_s or self._window_s)
            logs = [log for log in queue.dirty if not log.is_over]
            # A round may not reach its end: each log stands at the front at times.
            random.shuffle(logs)
            queue.dirty.clear()
            is_late = bool(logs) and await self._round(logs, is_for_late=key[1])
            retry_s = min(LAST_RETRY_S, max(FIRST_RETRY_S, retry_s * 2)) if is_late else 0.0
            async with self._round_over:
                self._round_over.notify_all()
            if not queue.dirty:
                del self._queues[key]
                return

    async def _pause(self, queue: _Queue, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await queue.hurry.wait()
        queue.hurry.clear()

    async def _round(self, logs: list[EventLog], *, is_for_late: bool) -> bool:
        self._saving.update(logs)
        try:
            return await self._save_or_retry(logs[0].business, logs, self._threads[is_for_late])
        finally:
            self._saving.difference_update(logs)
            for log in self._again.intersection(logs):
                self._again.discard(log)
                self.mark(log)

    async def _save_or_retry(self, business: Business, logs: list[EventLog], threads: ThreadPoolExecutor) -> bool:
        """A fault of ours counts as a late save: a writer that ended would leave every call of the process unsaved."""
        try:
            return await self._save(business, logs, threads)
        except Exception:
            metrics.errors.labels("writer").inc()
            logger.exception("The events of %s calls could not be saved; they are tried again", len(logs))
            _note_late(logs)
            for log in logs:
                self.mark(log)
            return True

    async def _save(self, business: Business, logs: list[EventLog], threads: ThreadPoolExecutor) -> bool:
        batches = [log.take_batch() for log in logs]
        save = in_thread(store.save, threads)
        # A database that is away may let a save wait for long before it fails: people are told before that.
        alarm = asyncio.get_running_loop().call_later(LATE_AFTER_S, _note_late, logs)
        try:
            outcomes = await save(business, batches)
        finally:
            alarm.cancel()
        committed = {}
        for log, batch, outcome in zip(logs, batches, outcomes, strict=True):
            if outcome is Outcome.COMMITTED:
                log.committed(batch)
                committed[log] = batch
            elif outcome is Outcome.SUPERSEDED:
                log.superseded()
            else:
                log.note_late(is_late=True)
                self.mark(log)
        if committed:
            self._on_saved(business, committed)
        return Outcome.LATE in outcomes


def _note_late(logs: Sequence[EventLog]) -> None:
    for log in logs:
        log.note_late(is_late=True)
