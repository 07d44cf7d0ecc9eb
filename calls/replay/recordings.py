"""Recordings from disk as the audio of a call: PCM16 at 16 kHz, interleaved, rep first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from calls.speech.base import BYTES_PER_SAMPLE, SAMPLE_RATE

MAX_SECONDS = 2 * 3600
MIN_SECONDS = 0.1
RATES = range(8_000, 48_001)
BLOCK_FRAMES = 1 << 16

Samples = NDArray[np.int16]


class RecordingError(Exception):
    """A file can not be played as a call. The message names the file and says what is wrong."""


@dataclass(frozen=True, slots=True)
class Recording:
    """The audio of one call. `samples` counts instants, not values: one second is 16,000 for any `channels`."""

    pcm: bytes
    channels: int

    @property
    def samples(self) -> int:
        return len(self.pcm) // (BYTES_PER_SAMPLE * self.channels)

    @property
    def duration_ms(self) -> int:
        return self.samples * 1_000 // SAMPLE_RATE

    def frame(self, first_sample: int, count: int) -> bytes:
        """`count` samples from `first_sample`; shorter at the end."""
        width = BYTES_PER_SAMPLE * self.channels
        return self.pcm[first_sample * width : (first_sample + count) * width]


def read_recording(rep: Path, customer: Path | None = None) -> Recording:
    """One file (mono, or stereo with the rep on the left) or one mono file per side.

    Sides of different length are padded with silence. Raises `RecordingError`.
    """
    first = _read(rep)
    if customer is None:
        return Recording(pcm=first.tobytes(), channels=first.shape[1])
    second = _read(customer)
    for path, side in ((rep, first), (customer, second)):
        if side.shape[1] != 1:
            raise RecordingError(f"{path}: holds two channels. Give one stereo file, or one mono file per side.")
    both = np.zeros((max(len(first), len(second)), 2), dtype=np.int16)
    both[: len(first), 0] = first[:, 0]
    both[: len(second), 1] = second[:, 0]
    return Recording(pcm=both.tobytes(), channels=2)


def _read(path: Path) -> Samples:
    """The file as int16 `(samples, channels)` at 16 kHz, resampled block by block to bound memory."""
    if not path.is_file():
        raise RecordingError(f"{path}: no such file.")
    try:
        with soundfile.SoundFile(path) as source:
            _check(path, source)
            blocks = _resampled(source)
    except soundfile.SoundFileError as error:
        raise RecordingError(f"{path}: not a recording that can be read (WAV, FLAC, MP3, OGG).") from error
    samples = np.concatenate(blocks) if blocks else np.zeros((0, 1), dtype=np.int16)
    if len(samples) < MIN_SECONDS * SAMPLE_RATE:
        raise RecordingError(f"{path}: holds no audio.")
    return samples


def _check(path: Path, source: soundfile.SoundFile) -> None:
    if source.channels not in {1, 2}:
        raise RecordingError(f"{path}: has {source.channels} channels; a call has one or two.")
    if source.samplerate not in RATES:
        raise RecordingError(f"{path}: {source.samplerate} Hz; 8,000 to 48,000 Hz can be played.")
    if source.frames > MAX_SECONDS * source.samplerate:
        raise RecordingError(f"{path}: longer than {MAX_SECONDS // 3600} hours.")


def _resampled(source: soundfile.SoundFile) -> list[Samples]:
    """Blocks at 16 kHz. A damaged header may promise no end: what is read is bounded too."""
    stream = soxr.ResampleStream(source.samplerate, SAMPLE_RATE, source.channels, dtype="int16")
    blocks: list[Samples] = []
    left = MAX_SECONDS * source.samplerate
    while left > 0:
        block: Samples = source.read(min(BLOCK_FRAMES, left), dtype="int16", always_2d=True)
        left -= len(block)
        is_last = len(block) < BLOCK_FRAMES or left <= 0
        blocks.append(stream.resample_chunk(block, last=is_last).reshape(-1, source.channels))
        if is_last:
            break
    return blocks
