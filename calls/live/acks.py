"""How far a call's audio is safe: the ack. Pure.

Audio before sample N is safe when every line up to N is committed, or when the audio itself is stored. Both
marks are kept; the ack is the greater one. A gap holds the first mark back until its lines are there.
"""

from __future__ import annotations

from calls.live.audio import samples
from coaching.types import Channel


class Watermarks:
    """Positions in samples of the capture clock. None of them ever goes back."""

    def __init__(self, channels: int, *, settled: int, stored: int | None) -> None:
        self._settled = dict.fromkeys(list(Channel)[:channels], settled)
        self._committed = settled
        self.stored = stored
        self._gaps: set[tuple[int, int]] = set()

    @property
    def channels(self) -> list[Channel]:
        return list(self._settled)

    def settle(self, channel: Channel, through_ms: int) -> None:
        """Everything of `channel` before `through_ms` has been appended to the log, or was silence."""
        if channel in self._settled:
            self._settled[channel] = max(self._settled[channel], samples(through_ms))

    def settled_ms(self, channel: Channel) -> int:
        return self._settled.get(channel, 0) // 16

    def open_gap(self, start_ms: int, end_ms: int) -> None:
        self._gaps.add((samples(start_ms), samples(end_ms)))

    def close_gap(self, start_ms: int, end_ms: int) -> None:
        """Nothing waits for [start_ms, end_ms) any more; what of other gaps lies outside stays open."""
        first, end = samples(start_ms), samples(end_ms)
        parts = [part for gap in self._gaps for part in ((gap[0], min(gap[1], first)), (max(gap[0], end), gap[1]))]
        self._gaps = {(start, stop) for start, stop in parts if start < stop}

    def forget_gaps(self) -> None:
        """What lies in them may not be transcribed any more: nothing waits for it."""
        self._gaps.clear()

    @property
    def has_gaps(self) -> bool:
        return bool(self._gaps)

    def transcribed(self, heard: int) -> int:
        """What may be saved as transcribed along with the log as it stands; at most `heard`."""
        starts = [start for start, _ in self._gaps]
        return max(self._committed, min([heard, *self._settled.values(), *starts]))

    def commit(self, transcribed: int) -> None:
        self._committed = max(self._committed, transcribed)

    def store(self, stored: int) -> None:
        self.stored = max(self.stored or 0, stored)

    @property
    def ack(self) -> int:
        return max(self._committed, self.stored or 0)
