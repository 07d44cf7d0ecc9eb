"""How long hearing takes: from the arrival of a line's last sound to the line."""

from __future__ import annotations

import time

from calls import metrics
from calls.live.audio import Piece, ms
from coaching.types import Line

_speech = metrics.stage_seconds.labels("speech")


class SpeechLag:
    """Of one call. `heard_through` is the last sample that arrived."""

    def __init__(self) -> None:
        self.heard_through = 0
        self._arrived_at = 0.0

    def arrived(self, piece: Piece, now: float) -> None:
        self.heard_through, self._arrived_at = piece.end_sample, now

    def note(self, line: Line) -> None:
        lag_s = time.monotonic() - self._arrived_at + (ms(self.heard_through) - line.end_ms) / 1_000
        if self._arrived_at and lag_s >= 0:
            _speech.observe(lag_s)
