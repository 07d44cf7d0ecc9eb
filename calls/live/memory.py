"""The newest audio of a call that is not recorded: what the second lane can still transcribe. Pure and bounded."""

from __future__ import annotations

from collections import deque

from calls.live.audio import Piece
from calls.speech.base import BYTES_PER_SAMPLE, SAMPLE_RATE

MAX_SAMPLES = 60 * SAMPLE_RATE


class AudioMemory:
    """Pieces in capture order; beyond `MAX_SAMPLES` the oldest are forgotten (the client still has them)."""

    def __init__(self, channels: int) -> None:
        self._stride = BYTES_PER_SAMPLE * channels
        self._pieces: deque[Piece] = deque()
        self._samples = 0

    def add(self, piece: Piece) -> None:
        self._pieces.append(piece)
        self._samples += piece.samples
        while self._samples > MAX_SAMPLES:
            self._forget_oldest()

    def forget_before(self, sample: int) -> None:
        """What was acknowledged is nobody's work any more."""
        while self._pieces and self._pieces[0].end_sample <= sample:
            self._forget_oldest()

    def read(self, start: int, end: int) -> bytes:
        """PCM of [start, end) with silence where audio is missing; empty when none of it is here."""
        pcm = bytearray((end - start) * self._stride)
        has_any = False
        for piece in self._pieces:
            first, last = max(start, piece.first_sample), min(end, piece.end_sample)
            if first < last:
                has_any = True
                skip = (first - piece.first_sample) * self._stride
                length = (last - first) * self._stride
                at = (first - start) * self._stride
                pcm[at : at + length] = piece.pcm[skip : skip + length]
        return bytes(pcm) if has_any else b""

    def _forget_oldest(self) -> None:
        self._samples -= self._pieces.popleft().samples
