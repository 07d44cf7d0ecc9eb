"""Ctrl-C, TERM and a closed terminal: noted at once, acted upon where nothing is half done."""

from __future__ import annotations

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Raised by `StopRequest.check`."""


class StopRequest:
    """Further signals change nothing: stopping takes a moment and can not be cut short, except by -9."""

    def __init__(self) -> None:
        self.is_asked = False

    def listen(self) -> None:
        for number in SIGNALS:
            signal.signal(number, self._note)

    def check(self) -> None:
        """Raises `Stopped` once someone asked. Call it where everything that was started can be ended again."""
        if self.is_asked:
            raise Stopped

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.is_asked = True
