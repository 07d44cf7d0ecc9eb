"""The frames between a web process and its engine: length-prefixed, binary, standard library only.

A frame is `u32 length | u8 kind | u32 id | payload`, little-endian; `length` counts kind, id and payload.
`id` names a stream or a span; PING and PONG carry 0.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

HEADER = struct.Struct("<IBI")
_AUDIO = struct.Struct("<Q")
_SPAN = struct.Struct("<QBH")
PREFIX_BYTES = 4
MAX_FRAME_BYTES = 64 * 1024 * 1024


class Kind(IntEnum):
    # to the engine
    OPEN = 1
    AUDIO = 2
    FINISH = 3
    CLOSE = 4
    SPAN = 5
    PING = 6
    # from the engine
    READY = 16
    HEARD = 17
    PROGRESS = 18
    FINISHED = 19
    SPAN_DONE = 20
    PONG = 21


@dataclass(frozen=True, slots=True)
class Frame:
    kind: Kind
    id: int
    payload: bytes = b""

    def encode(self) -> bytes:
        return HEADER.pack(len(self.payload) + HEADER.size - PREFIX_BYTES, self.kind, self.id) + self.payload

    def json(self) -> Any:
        return json.loads(self.payload)


def decode(length_prefix: bytes, body: bytes) -> Frame:
    """The frame of `body`, which `length_prefix` announced. Raises ValueError when it is none of ours."""
    _, kind, identity = HEADER.unpack(length_prefix + body[: HEADER.size - PREFIX_BYTES])
    return Frame(Kind(kind), identity, body[HEADER.size - PREFIX_BYTES :])


def body_bytes(length_prefix: bytes) -> int:
    """How many bytes follow. Raises ValueError beyond `MAX_FRAME_BYTES`: the stream is out of step."""
    (length,) = struct.unpack("<I", length_prefix)
    if not HEADER.size - PREFIX_BYTES <= length <= MAX_FRAME_BYTES:
        raise ValueError(f"frame of {length} bytes")
    return int(length)


def with_json(kind: Kind, identity: int, value: Any) -> Frame:
    return Frame(kind, identity, json.dumps(value, separators=(",", ":")).encode())


def audio(stream: int, first_sample: int, pcm: bytes) -> Frame:
    return Frame(Kind.AUDIO, stream, _AUDIO.pack(first_sample) + pcm)


def read_audio(payload: bytes) -> tuple[int, bytes]:
    (first_sample,) = _AUDIO.unpack_from(payload)
    return first_sample, payload[_AUDIO.size :]


@dataclass(frozen=True, slots=True)
class Span:
    """A recorded piece to transcribe: interleaved PCM16 from `first_sample` on."""

    first_sample: int
    channels: int
    keyterms: tuple[str, ...]
    pcm: bytes

    def to_frame(self, identity: int) -> Frame:
        terms = json.dumps(self.keyterms).encode()
        return Frame(Kind.SPAN, identity, _SPAN.pack(self.first_sample, self.channels, len(terms)) + terms + self.pcm)

    @classmethod
    def from_payload(cls, payload: bytes) -> Span:
        first_sample, channels, size = _SPAN.unpack_from(payload)
        end = _SPAN.size + size
        return cls(first_sample, channels, tuple(json.loads(payload[_SPAN.size : end])), payload[end:])
