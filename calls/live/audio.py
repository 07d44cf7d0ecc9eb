"""Audio frames as bytes on the wire: parsing, order, channels. Pure; nothing here waits or allocates per sample.

A frame is 8 bytes little-endian `first_sample`, then PCM16 little-endian at 16 kHz, interleaved (0 = rep,
1 = customer). `first_sample` counts samples per channel since the start of capture; it *is* the sequence
number: what was heard already is dropped, what is missing is seen.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from calls.speech.base import BYTES_PER_SAMPLE, SAMPLE_RATE, SAMPLES_PER_MS

HEADER = struct.Struct("<Q")
MAX_FRAME_BYTES = 65_536
MAX_FRAME_SAMPLES = SAMPLE_RATE
MAX_CALL_SAMPLES = 24 * 3_600 * SAMPLE_RATE
LEAD_SAMPLES = 30 * SAMPLE_RATE
ON_ITS_WAY = "This audio comes later than what followed it."
"""The reason of a gap whose audio the client has kept, and sends beside the live frames."""
NEVER_ARRIVED = "This audio never arrived."
"""The reason of a gap that nothing can transcribe: there is no audio of it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something sent was not taken: the socket's close code, a word for the metric, a reason for people."""

    code: int
    metric: str
    reason: str


class FrameError(Exception):
    """A frame that can not be taken. The socket closes with `refusal`; the call goes on."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


TOO_SHORT = Refusal(4400, "short", "An audio frame is 8 bytes of position, then at least one sample of each channel.")
ODD = Refusal(4400, "odd", "Audio is 16 bits a sample: this frame has an odd number of bytes.")
PARTIAL = Refusal(4400, "partial", "This frame does not hold the same number of samples for each channel.")
TOO_LARGE = Refusal(4413, "large", "An audio frame holds at most 1 s and 64 KB: send 100 ms in each.")
NO_SUCH_POSITION = Refusal(
    4400, "position", "This frame's position is more than a day into the call: check its first 8 bytes."
)
TOO_FAST = Refusal(4429, "fast", "Audio comes faster than it was spoken: wait for acks, then connect again.")


@dataclass(frozen=True, slots=True)
class Frame:
    """`pcm` starts at `first_sample` of every channel; interleaved, whole samples only."""

    first_sample: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """What of a frame is new: `hole` samples are missing right before it."""

    first_sample: int
    pcm: bytes
    samples: int
    hole: int = 0

    @property
    def end_sample(self) -> int:
        return self.first_sample + self.samples


def check_pcm(pcm: bytes | memoryview, channels: int) -> int:
    """Samples per channel in `pcm`. Raises `FrameError`."""
    if len(pcm) % BYTES_PER_SAMPLE:
        raise FrameError(ODD)
    if len(pcm) % (BYTES_PER_SAMPLE * channels):
        raise FrameError(PARTIAL)
    return len(pcm) // (BYTES_PER_SAMPLE * channels)


def parse_frame(data: bytes, channels: int) -> Frame:
    """One binary message of the audio socket. Raises `FrameError` with the close code it deserves."""
    if len(data) > MAX_FRAME_BYTES:
        raise FrameError(TOO_LARGE)
    if len(data) < HEADER.size + BYTES_PER_SAMPLE:
        raise FrameError(TOO_SHORT)
    (first_sample,) = HEADER.unpack_from(data)
    pcm = data[HEADER.size :]
    if check_pcm(pcm, channels) > MAX_FRAME_SAMPLES:
        raise FrameError(TOO_LARGE)
    if first_sample > MAX_CALL_SAMPLES:
        raise FrameError(NO_SUCH_POSITION)
    return Frame(first_sample, pcm)


def build_frame(first_sample: int, pcm: bytes) -> bytes:
    return HEADER.pack(first_sample) + pcm


class FrameCursor:
    """Puts frames in order: keeps what is new, cuts overlaps, counts holes. Never goes back."""

    def __init__(self, channels: int, next_sample: int = 0) -> None:
        self.channels = channels
        self.next_sample = next_sample

    def accept(self, frame: Frame) -> Piece | None:
        """The new part of `frame`, or None when all of it was heard before."""
        stride = BYTES_PER_SAMPLE * self.channels
        samples = len(frame.pcm) // stride
        old = max(0, self.next_sample - frame.first_sample)
        if old >= samples:
            return None
        pcm = frame.pcm[old * stride :] if old else frame.pcm
        first_sample = frame.first_sample + old
        hole = first_sample - self.next_sample
        self.next_sample = frame.first_sample + samples
        return Piece(first_sample, pcm, samples - old, hole)


def is_ahead_of_time(end_sample: int, call_age_s: float) -> bool:
    """Whether audio claims to be spoken later than now. A microphone can not; a resend after a drop never does.

    `LEAD_SAMPLES` leaves room for clocks that differ.
    """
    return end_sample > int(call_age_s * SAMPLE_RATE) + LEAD_SAMPLES


def ms(samples: int) -> int:
    return samples // SAMPLES_PER_MS


def samples(milliseconds: int) -> int:
    return milliseconds * SAMPLES_PER_MS
