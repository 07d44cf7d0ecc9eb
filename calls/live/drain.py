"""A graceful stop: on SIGTERM the sessions save what they have and tell their sockets to reconnect (1012) first.

Neither server offers a hook for this: Daphne cancels its applications at once and clients would see 1006. So the
first socket of a process puts our handler in front of the server's own, which runs when the calls are safe.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from calls.live.registry import registry

STOP_WITHIN_S = 5.0
LAST_WORDS_S = 0.2

logger = logging.getLogger(__name__)

Handler = Callable[[int, FrameType | None], Any] | int | None

_loops: set[int] = set()


def watch_for_stop() -> None:
    """Call it on the event loop. Does something once per loop, and only in the main thread."""
    loop = asyncio.get_running_loop()
    if id(loop) in _loops or threading.current_thread() is not threading.main_thread():
        return
    before = signal.getsignal(signal.SIGTERM)
    if not callable(before):
        # No server of ours runs this loop (a test, a script): whoever started it ends it.
        return
    _loops.add(id(loop))
    signal.signal(signal.SIGTERM, _Stop(loop, before))


class _Stop:
    """The signal handler. A second signal goes straight to the server."""

    def __init__(self, loop: asyncio.AbstractEventLoop, before: Callable[[int, FrameType | None], Any]) -> None:
        self._loop = loop
        self._before = before
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self._is_stopping:
            self._before(number, frame)
            return
        self._is_stopping = True
        self._loop.call_soon_threadsafe(self._begin, number)

    def _begin(self, number: int) -> None:
        self._task = self._loop.create_task(self._move(number))

    async def _move(self, number: int) -> None:
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                await registry.move()
                await asyncio.sleep(LAST_WORDS_S)
        except TimeoutError:
            logger.warning("Some calls could not be saved before the stop: their clients still have the audio")
        finally:
            self._before(number, None)
