"""The events of one stream on their way to its reader."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from calls.speech.base import Progress, SpeechError, SpeechEvent
from coaching.types import Line

DEFAULT_LIMIT = 512


class Outbox:
    """A queue with one reader, written on the same loop.

    Bound: once `limit` events wait, interims are dropped and a `Progress` takes the place of the one just
    before it; finals, gaps, usage and states are always kept, they are few. After `close` nothing is taken
    any more; the reader gets what waits, then the end or the error.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._limit = limit
        self._waiting: deque[SpeechEvent] = deque()
        self._changed = asyncio.Event()
        self._is_closed = False
        self._error: SpeechError | None = None
        self.dropped_interims = 0

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def put(self, event: SpeechEvent) -> None:
        if self._is_closed:
            return
        if len(self._waiting) >= self._limit and not self._make_room(event):
            self.dropped_interims += 1
            return
        self._waiting.append(event)
        self._changed.set()

    def _make_room(self, event: SpeechEvent) -> bool:
        """False when `event` itself is what gives way."""
        if isinstance(event, Line) and not event.is_final:
            return False
        last = self._waiting[-1]
        if isinstance(event, Progress) and isinstance(last, Progress) and last.channel is event.channel:
            self._waiting.pop()
        return True

    def close(self, error: SpeechError | None = None) -> None:
        """End the stream; the first call decides how."""
        if self._is_closed:
            return
        self._is_closed = True
        self._error = error
        self._changed.set()

    async def events(self) -> AsyncIterator[SpeechEvent]:
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self._is_closed:
                break
            self._changed.clear()
            await self._changed.wait()
        if self._error is not None:
            raise self._error
