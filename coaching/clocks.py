"""The call's own clock, for everything that counts in call time: budgets, cool-downs, the planner. Pure."""

from __future__ import annotations

from collections.abc import Callable


class CallClock:
    """The newest position heard on the capture clock, carried on by `clock` (seconds) while nothing is heard.

    So a call replayed faster than life keeps its own pace, and a pause in the audio still lets time pass.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._heard_ms = 0
        self._heard_at = clock()

    def note(self, position_ms: int) -> int:
        """Audio was heard up to `position_ms`; gives the time now. Never goes back."""
        now_ms = self.now_ms()
        if position_ms > now_ms:
            self._heard_ms, self._heard_at = position_ms, self._clock()
            return position_ms
        return now_ms

    def now_ms(self) -> int:
        return self._heard_ms + max(0, int((self._clock() - self._heard_at) * 1_000))
