"""Silence over a piece of a stored recording: raw PCM16, interleaved (`calls.models.Recording`)."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable
from pathlib import Path

from calls.speech.base import BYTES_PER_SAMPLE, SAMPLES_PER_MS

PAD_MS = 100
"""Times of words are guesses of the recogniser: so much before and after goes, too."""
AT_ONCE = 512 * 1024


def silence(path: Path, channels: int, channel: int | None, spans: Iterable[tuple[int, int]]) -> int:
    """Overwrites `spans` (ms) of one channel, or of all (None); returns how many ms were there to overwrite.

    Nothing beyond the end of the file and nothing of a file that is missing. On the disk when this returns. May run
    again. Raises `OSError`.
    """
    try:
        file = path.open("r+b")
    except FileNotFoundError:
        return 0
    only = None if channels == 1 else channel
    with file:
        frames = os.fstat(file.fileno()).st_size // (BYTES_PER_SAMPLE * channels)
        total = 0
        for start_ms, end_ms in spans:
            start = max(0, start_ms * SAMPLES_PER_MS)
            end = min(frames, end_ms * SAMPLES_PER_MS)
            if start < end:
                _overwrite(file.fileno(), channels, only, start, end)
                total += end - start
        os.fsync(file.fileno())
    return total // SAMPLES_PER_MS


def padded(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(max(0, start - PAD_MS), end + PAD_MS) for start, end in spans]


def silence_all(path: Path, channels: int, channel: int | None) -> int:
    """As `silence`, from the first sample to the last."""
    return silence(path, channels, channel, [(0, 1 << 40)])


def is_silent(path: Path, channels: int, channel: int | None) -> bool:
    """Whether nothing is heard on the channel, or on any (None). A file that is missing is silent."""
    only = None if channels == 1 else channel
    try:
        with path.open("rb") as file:
            while block := file.read(AT_ONCE * channels):
                samples = _samples(block, channels)
                if any(samples if only is None else samples[only::channels]):
                    return False
    except FileNotFoundError:
        return True
    return True


def _overwrite(handle: int, channels: int, channel: int | None, start: int, end: int) -> None:
    stride = BYTES_PER_SAMPLE * channels
    while start < end:
        count = min(end - start, AT_ONCE // stride)
        block = bytes(count * stride)
        if channel is not None:
            samples = _samples(os.pread(handle, count * stride, start * stride), channels)
            samples[channel::channels] = array("h", bytes(len(samples) // channels * BYTES_PER_SAMPLE))
            block = samples.tobytes()
        _write_all(handle, block, start * stride)
        start += count


def _samples(block: bytes, channels: int) -> array[int]:
    """Whole frames only. Which way round the bytes of a sample stand makes no difference to silence."""
    stride = BYTES_PER_SAMPLE * channels
    return array("h", block[: len(block) // stride * stride])


def _write_all(handle: int, block: bytes, at: int) -> None:
    while block:
        written = os.pwrite(handle, block, at)
        block, at = block[written:], at + written
