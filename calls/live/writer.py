"""Saves the logs of all calls of this process in batches, off the event loop. One writer per process."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context

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

logger = logging.getLogger(__name__)

Saved = Callable[[Business, dict[EventLog, Batch]], None]


class LogWriter:
    """Collects for `WINDOW_S`, then saves each business's calls in one thread hop; one round at a time.

    While the database is away the logs keep their events and each round is tried again, later and later; a save
    that takes longer than `LATE_AFTER_S` is called late while it still runs.
    `on_saved` is told after each round what was committed: the place for wake-ups.
    """

    def __init__(self, on_saved: Saved, *, window_s: float = WINDOW_S) -> None:
        self._on_saved = on_saved
        self._window_s = window_s
        self._dirty: set[EventLog] = set()
        self._is_dirty = asyncio.Event()
        self._round_over = asyncio.Condition()
        self._hurry = asyncio.Event()
        self._executor = ThreadPoolExecutor(max_workers=2, thread_name_prefix="log")
        # Of no business: each round says itself whose logs it saves.
        self._task = asyncio.create_task(self._run(), name="log-writer", context=Context())

    def mark(self, log: EventLog) -> None:
        """`log` has something to save."""
        self._dirty.add(log)
        self._is_dirty.set()

    async def flush(self, log: EventLog, within_s: float) -> bool:
        """Waits until everything of `log` is saved or the log is over; False when time runs out."""
        self.mark(log)
        self._hurry.set()
        try:
            async with asyncio.timeout(within_s), self._round_over:
                await self._round_over.wait_for(lambda: log.is_over or log.is_clean)
        except TimeoutError:
            return False
        return not log.is_over or log.is_clean

    async def aclose(self) -> None:
        await tasks.stop([self._task])
        self._executor.shutdown(wait=False)

    async def _run(self) -> None:
        retry_s = 0.0
        while True:
            await self._is_dirty.wait()
            await self._pause(retry_s or self._window_s)
            logs, self._dirty = self._dirty, set()
            self._is_dirty.clear()
            is_late = await self._round([log for log in logs if not log.is_over])
            retry_s = min(LAST_RETRY_S, max(FIRST_RETRY_S, retry_s * 2)) if is_late else 0.0
            async with self._round_over:
                self._round_over.notify_all()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        self._hurry.clear()

    async def _round(self, logs: Sequence[EventLog]) -> bool:
        by_business: defaultdict[Business, list[EventLog]] = defaultdict(list)
        for log in logs:
            by_business[log.business].append(log)
        results = await asyncio.gather(*(self._save_or_retry(business, own) for business, own in by_business.items()))
        return any(results)

    async def _save_or_retry(self, business: Business, logs: list[EventLog]) -> bool:
        """A fault of ours counts as a late save: a writer that ended would leave every call of the process unsaved."""
        try:
            return await self._save(business, logs)
        except Exception:
            metrics.errors.labels("writer").inc()
            logger.exception("The events of %s calls could not be saved; they are tried again", len(logs))
            _note_late(logs)
            for log in logs:
                self.mark(log)
            return True

    async def _save(self, business: Business, logs: list[EventLog]) -> bool:
        batches = [log.take_batch() for log in logs]
        save = in_thread(store.save, self._executor)
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
