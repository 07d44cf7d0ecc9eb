"""What a rep's browser keeps: and what goes next. Pure; in step with static/js/transport/outbox.js."""

from __future__ import annotations

import math

from tests.faults.sound import FRAME_SAMPLES


class Outbox:
    """Positions in samples. Frames are not held: their content follows from their number."""

    def __init__(self) -> None:
        self.captured = 0
        self.acked = 0
        self.cursor = 0
        self.live_from = math.inf
        self.live = math.inf

    @property
    def unacked(self) -> int:
        return self.captured - self.acked

    @property
    def is_live_first(self) -> bool:
        return self.live_from < math.inf

    @property
    def awaits_live(self) -> bool:
        return self.is_live_first and self.live == self.live_from

    def capture(self, frames: int) -> None:
        self.captured = max(self.captured, frames * FRAME_SAMPLES)

    def ack(self, samples: int) -> None:
        if samples <= self.acked:
            return
        self.acked = min(samples, self.captured)
        self.cursor = max(self.cursor, self.acked)
        if self.acked >= self.live_from:
            self.cursor = max(self.acked, int(self.live))
            self.live_from = self.live = math.inf

    def rewind(self, sample: int) -> None:
        self.cursor = max(self.acked, min(sample, self.captured))
        self.live_from = self.live = math.inf

    def go_live(self) -> None:
        self.live_from = self.live = self.captured

    def take_live(self) -> int | None:
        """The number of the next live frame."""
        if not self.is_live_first or self.live >= self.captured:
            return None
        index = int(self.live) // FRAME_SAMPLES
        self.live = (index + 1) * FRAME_SAMPLES
        return index

    def take(self) -> int | None:
        """The number of the next frame of the rest, or of all when there is no live one apart."""
        if self.cursor >= min(self.captured, self.live_from):
            return None
        index = self.cursor // FRAME_SAMPLES
        self.cursor = (index + 1) * FRAME_SAMPLES
        return index

    def take_run(self, most: int) -> list[int]:
        frames: list[int] = []
        while len(frames) < most and (index := self.take()) is not None:
            frames.append(index)
        return frames
