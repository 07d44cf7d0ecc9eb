"""An event loop whose clock jumps to the next timer instead of waiting: minutes of a call pass in milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Found = TypeVar("Found")


class _Jumping(selectors.DefaultSelector):
    """Never sleeps: a wait of `timeout` seconds moves the clock by as much."""

    def __init__(self, pass_time: Callable[[float], None]) -> None:
        super().__init__()
        self._pass_time = pass_time

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout:
            self._pass_time(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at 0 s. Fit for code that waits for timers only; nothing that waits for the network comes to an end."""

    def __init__(self) -> None:
        self._now_s = 0.0
        super().__init__(_Jumping(self._pass))

    def time(self) -> float:
        return self._now_s

    def _pass(self, seconds: float) -> None:
        self._now_s += seconds


def run(work: Coroutine[Any, Any, Found]) -> Found:
    """Runs `work` to its end on a loop of its own. Not from inside another loop."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
