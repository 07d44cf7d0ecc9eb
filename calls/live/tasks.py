"""Starting tasks nobody waits for, and ending the tasks one has started."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from typing import Any

from calls import metrics

AGAIN_AFTER_S = 0.5

logger = logging.getLogger(__name__)


async def stop(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancels `tasks` and waits until they have ended; whatever they raise is theirs and is dropped.

    Asks again every half second: a client library that swallows one cancellation must not hang us.
    """
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        done, waiting = await asyncio.wait(waiting, timeout=AGAIN_AFTER_S)
        for task in done:
            if not task.cancelled():
                task.exception()


class Errands:
    """What a session does beside its main line. One that fails is told of and costs nobody else anything."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def stop(self) -> None:
        """Ends all but the one that asks for it."""
        await stop([task for task in self._tasks if task is not asyncio.current_task()])

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            metrics.errors.labels("session").inc()
            logger.error("A part of a session failed: %s", task.get_name(), exc_info=error)
