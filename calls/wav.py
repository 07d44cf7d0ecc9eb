"""A stored call as a WAV file that exists only on the wire: its head, and which bytes of it were asked for. Pure."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

SAMPLE_RATE = 16_000
BYTES_PER_SAMPLE = 2
HEAD_BYTES = 44
_LARGEST = 0xFFFFFFFF
_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class NoSuchRangeError(ValueError):
    """The range begins behind the end: HTTP 416."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes [start, end) of the file."""

    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


def head(*, channels: int, pcm_bytes: int) -> bytes:
    """The 44 bytes before PCM16 at 16 kHz. Sizes beyond 4 GB (18 hours of two channels) are cut, as players expect."""
    stride = BYTES_PER_SAMPLE * channels
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", min(pcm_bytes + HEAD_BYTES - 8, _LARGEST), b"WAVE"),
        *(b"fmt ", 16, 1, channels, SAMPLE_RATE, SAMPLE_RATE * stride, stride, 8 * BYTES_PER_SAMPLE),
        *(b"data", min(pcm_bytes, _LARGEST)),
    )


def piece_of(header: str, size: int) -> Piece | None:
    """What a `Range` header asks of a file of `size` bytes; None for the whole file.

    As RFC 9110 has it, what is no single range of bytes is ignored. Raises `NoSuchRangeError`.
    """
    found = _ONE_RANGE.fullmatch(header.strip())
    first, last = found.groups() if found else ("", "")
    if not first and not last:
        return None
    if not first:
        length = min(int(last), size)
        if not length:
            raise NoSuchRangeError
        return Piece(size - length, size)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise NoSuchRangeError
    return Piece(start, min(int(last) + 1, size) if last else size)
