"""Audio on its way to one socket: in frames the service likes, and on a clock that survives holes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from calls.speech.base import BYTES_PER_SAMPLE, SAMPLE_RATE, SAMPLES_PER_MS

SHORTEST_SAMPLES = 20 * SAMPLES_PER_MS
USUAL_SAMPLES = 100 * SAMPLES_PER_MS
SOUND_PEAK = 600
"""A frame whose loudest sample is below this (of 32,768) may well be silence."""


class Framer:
    """Cuts what comes into frames of 20 to 100 ms, in order, without overlaps.

    A hole is kept as a jump of `first_sample`. Less than 20 ms waits for more; at a hole or the end it is
    filled up with silence.
    """

    def __init__(self, channels: int) -> None:
        self._width = BYTES_PER_SAMPLE * channels
        self._rest = b""
        self._rest_at = 0
        self._next = 0

    def add(self, first_sample: int, pcm: bytes) -> Iterator[tuple[int, bytes]]:
        pcm = pcm[: len(pcm) // self._width * self._width]
        if first_sample < self._next:
            pcm = pcm[(self._next - first_sample) * self._width :]
            first_sample = self._next
        if not pcm:
            return
        if self._rest and first_sample != self._next:
            yield from self.flush()
        if not self._rest:
            self._rest_at = first_sample
        self._rest += pcm
        self._next = first_sample + len(pcm) // self._width
        yield from self._whole()

    def flush(self) -> Iterator[tuple[int, bytes]]:
        if self._rest:
            rest, self._rest = self._rest, b""
            yield self._rest_at, rest.ljust(SHORTEST_SAMPLES * self._width, b"\0")

    def _whole(self) -> Iterator[tuple[int, bytes]]:
        while len(self._rest) >= SHORTEST_SAMPLES * self._width:
            frame, self._rest = self._rest[: USUAL_SAMPLES * self._width], self._rest[USUAL_SAMPLES * self._width :]
            yield self._rest_at, frame
            self._rest_at += len(frame) // self._width


class SocketClock:
    """From the service's seconds (audio received on this socket) to the call's milliseconds."""

    def __init__(self) -> None:
        self._sent = 0
        self._starts: list[int] = []
        self._samples: list[int] = []

    @property
    def sent_samples(self) -> int:
        return self._sent

    def sent(self, first_sample: int, samples: int) -> None:
        """Call in the order of sending. A new piece is noted only where the two clocks part."""
        if not self._starts or self._samples[-1] + self._sent - self._starts[-1] != first_sample:
            self._starts.append(self._sent)
            self._samples.append(first_sample)
        self._sent += samples

    def to_ms(self, seconds: float) -> int:
        position = round(seconds * SAMPLE_RATE)
        return self._at(position, bisect_right(self._starts, position))

    def end_to_ms(self, seconds: float) -> int:
        """The same for an end: where two pieces meet it belongs to the earlier one, not behind the hole."""
        position = round(seconds * SAMPLE_RATE)
        return self._at(position, bisect_left(self._starts, position))

    def _at(self, position: int, pieces: int) -> int:
        """`pieces` begin before `position`, or there."""
        piece = max(0, pieces - 1)
        if not self._starts:
            return position // SAMPLES_PER_MS
        return (self._samples[piece] + position - self._starts[piece]) // SAMPLES_PER_MS


def sounds(pcm: bytes) -> bool:
    """Whether the frame is loud enough to hold speech."""
    samples = memoryview(pcm).cast("h")
    return max(samples, default=0) >= SOUND_PEAK or min(samples, default=0) <= -SOUND_PEAK
