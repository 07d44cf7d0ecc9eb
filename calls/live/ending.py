"""The last steps of a call's log: everything is saved, then the call is marked as ended, and nothing comes between."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from django.db import DatabaseError

from calls import metrics, services
from calls.live.intake import AudioCopy
from calls.live.log import EventLog
from calls.live.threads import in_thread
from calls.live.writer import LogWriter
from tenants.context import business_scope

FLUSH_WITHIN_S = 10.0
END_AGAIN_S = 1.0

logger = logging.getLogger(__name__)


class Ending:
    """`on_superseded` is called when the call turns out to be another process's."""

    def __init__(self, *, log: EventLog, writer: LogWriter, copy: AudioCopy, on_superseded: Callable[[], None]) -> None:
        self._log = log
        self._writer = writer
        self._copy = copy
        self._on_superseded = on_superseded

    async def settle(self, within_s: float) -> bool:
        """Saves what there is; whether all of it is saved. The log waits for no disk: one that hangs ends no call."""
        flushing = asyncio.ensure_future(self._copy.flush())
        await asyncio.wait({flushing}, timeout=within_s)
        return await self._writer.flush(self._log, within_s) or self._log.is_over

    async def close_log(self, reason: str, length_ms: Callable[[], int | None]) -> None:
        """Marks the call as ended. While the database is away this waits with it."""
        while not await self._try(reason, length_ms):
            logger.warning("A call waits for the database to end", extra={"call": self._log.call_id.hex})
            await asyncio.sleep(END_AGAIN_S)

    async def _try(self, reason: str, length_ms: Callable[[], int | None]) -> bool:
        while await self.settle(FLUSH_WITHIN_S):
            if self._log.is_over:
                return True
            # Something may have come since it was saved; then it is saved first.
            if self._log.is_clean:
                with self._log.sealed():
                    return await self._mark(reason, length_ms())
        return False

    async def _mark(self, reason: str, length_ms: int | None) -> bool:
        with business_scope(self._log.business):
            try:
                is_ended = await in_thread(services.end_call)(
                    self._log.call_id, reason=reason, duration_ms=length_ms, epoch=self._log.epoch
                )
            except DatabaseError:
                metrics.errors.labels("database").inc()
                return False
        if not is_ended:
            self._on_superseded()
        return True
