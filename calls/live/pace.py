"""How much one process takes on: live calls, sockets of one member, messages of one person. Beyond it says so in words.

Counted per process: a second process doubles what an installation takes. What is refused costs no query.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings

from calls.services import CallError

BURST = 30
PER_S = 5.0
REMEMBERED = 10_000

Who = tuple[int, int]
"""Business id, member id."""


class ProcessFull(CallError):
    """This server has as many live calls as it takes."""

    close_code = 1013
    status = 503
    code = "server_full"

    def __init__(self) -> None:
        super().__init__("This server is full: try again in a moment. Your browser keeps the audio until then.")


class BusinessFull(CallError):
    """The business has as many live calls here as one may have."""

    close_code = 4429
    status = 429
    code = "too_many_calls"

    def __init__(self) -> None:
        super().__init__("Too many calls of your business run at once: end one, or ask for more.")


class TooManySockets(CallError):
    """One member has as many call sockets open here as one may have."""

    close_code = 4429
    status = 429
    code = "too_many_sockets"

    def __init__(self) -> None:
        super().__init__("Too many connections of yours are open: close other windows, then connect again.")


class TooFast(CallError):
    """One person sends more messages than people do."""

    close_code = 4429
    status = 429
    code = "too_fast"

    def __init__(self) -> None:
        super().__init__("Too many messages at once: wait a moment.")


def check_room(business_id: int, businesses_of_calls: list[int]) -> None:
    """Whether one more live call fits beside those of these businesses. Raises `ProcessFull`, `BusinessFull`."""
    if len(businesses_of_calls) >= settings.LIVE_CALLS_MAX:
        raise ProcessFull
    if businesses_of_calls.count(business_id) >= settings.LIVE_CALLS_PER_BUSINESS:
        raise BusinessFull


class SocketCount:
    """Open call sockets by member."""

    def __init__(self) -> None:
        self._open: Counter[Who] = Counter()

    @contextmanager
    def one_more(self, who: Who) -> Iterator[bool]:
        """Counts a socket while it lives. False when it is one too many."""
        self._open[who] += 1
        try:
            yield self._open[who] <= settings.SOCKETS_PER_MEMBER
        finally:
            self._open[who] -= 1
            if not self._open[who]:
                del self._open[who]


class Pace:
    """Messages of each person: `BURST` at once, `PER_S` in the long run. Remembers the `REMEMBERED` latest people."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: OrderedDict[Who, tuple[float, float]] = OrderedDict()

    def spend(self, who: Who) -> None:
        """One message. Raises `TooFast`."""
        now = self._clock()
        left, since = self._left.pop(who, (float(BURST), now))
        left = min(float(BURST), left + (now - since) * PER_S)
        self._left[who] = (max(0.0, left - 1), now)
        if len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        if left < 1:
            raise TooFast


socket_count = SocketCount()
pace = Pace()
