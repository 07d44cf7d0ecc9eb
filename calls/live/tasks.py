"""Ending the tasks one has started."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_AFTER_S = 0.5


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
