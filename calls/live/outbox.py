"""What waits to be sent on one socket: bounded, in order, never blocking whoever puts something in."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from calls.live.audio import Refusal

MAX_WAITING = 1_000
MAX_FLEETING = 50
MAX_REASON_BYTES = 123

HOPELESS = Refusal(4429, "slow", "This connection is too slow to keep up: connect again to catch up.")


@dataclass(frozen=True, slots=True)
class Close:
    """The end of a socket: a close code and a reason people can read, at most 123 bytes of UTF-8."""

    code: int
    reason: str

    def fitted(self) -> Close:
        cut = self.reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
        return self if cut == self.reason else Close(self.code, cut)


class Outbox:
    """One reader, many writers, one event loop.

    What is fleeting (interims, meters, growing card text) is dropped oldest first beyond `MAX_FLEETING`;
    the rest is never dropped: beyond `MAX_WAITING` the socket is hopeless and closes.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, bool]] = deque()
        self._fleeting = 0
        self._news = asyncio.Event()
        self._close: Close | None = None

    def put(self, text: str) -> None:
        """What must arrive."""
        if self._close is None:
            if len(self._waiting) >= MAX_WAITING:
                self._waiting.clear()
                self.close(Close(HOPELESS.code, HOPELESS.reason))
                return
            self._waiting.append((text, False))
            self._news.set()

    def put_fleeting(self, text: str) -> None:
        """What may be dropped when newer things wait."""
        if self._close is None:
            if self._fleeting >= MAX_FLEETING:
                self._drop_oldest_fleeting()
            self._waiting.append((text, True))
            self._fleeting += 1
            self._news.set()

    def close(self, close: Close) -> None:
        """Ends the socket after what waits already. The first close counts."""
        if self._close is None:
            self._close = close.fitted()
            self._news.set()

    @property
    def is_closed(self) -> bool:
        return self._close is not None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def get(self) -> str | Close:
        """The next message, or the close once nothing waits before it."""
        while not self._waiting:
            if self._close is not None:
                return self._close
            self._news.clear()
            await self._news.wait()
        text, is_fleeting = self._waiting.popleft()
        self._fleeting -= is_fleeting
        return text

    def _drop_oldest_fleeting(self) -> None:
        for index, (_, is_fleeting) in enumerate(self._waiting):
            if is_fleeting:
                del self._waiting[index]
                self._fleeting -= 1
                return
