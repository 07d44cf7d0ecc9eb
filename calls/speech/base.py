"""One seam for every speech engine: a provider opens streams; a stream turns audio into events.

All positions are on the call's capture clock. A provider that reconnects maps the service's own
times (which restart at zero) back to that clock before it yields anything.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from coaching.types import Channel, Line, Usage

SAMPLE_RATE = 16_000
SAMPLES_PER_MS = SAMPLE_RATE // 1_000
BYTES_PER_SAMPLE = 2


class SpeechError(Exception):
    """Speech failed. `retryable` says whether the same provider may be tried again in this call.

    `reason` is one sentence without personal data or keys, fit for a log line and for the state light.
    """

    def __init__(self, reason: str, *, retryable: bool, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """What a stream needs to know. Audio is PCM16 little-endian at 16 kHz, interleaved by channel."""

    call_id: str
    business: str
    channels: int
    keyterms: tuple[str, ...] = ()
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything of `channel` before `through_ms` is final: its lines have been yielded, or it was silence."""

    channel: Channel
    through_ms: int


@dataclass(frozen=True, slots=True)
class StreamState:
    """The stream's own health. `is_up` False while the provider reconnects by itself."""

    is_up: bool
    reason: str


SpeechEvent = Line | Progress | Usage | StreamState


class SpeechStream(Protocol):
    """One live transcription. Use from one task for sending and one for reading.

    `send` takes audio in capture order; a jump of `first_sample` is a hole and moves the clock.
    It never blocks longer than 1 s: it raises `SpeechError` instead.
    `events` ends after `finish` has delivered what was still open, and raises `SpeechError` when the
    stream is lost for good. `aclose` may be called at any time, twice too, and never raises.
    """

    async def send(self, first_sample: int, pcm: bytes) -> None: ...

    def events(self) -> AsyncIterator[SpeechEvent]: ...

    async def finish(self) -> None: ...

    async def aclose(self) -> None: ...


class SpeechProvider(Protocol):
    """A speech engine. Cheap to hold; `open` makes one stream per call."""

    @property
    def name(self) -> str: ...

    async def open(self, spec: StreamSpec) -> SpeechStream: ...

    async def transcribe(self, spec: StreamSpec, first_sample: int, pcm: bytes) -> tuple[list[Line], list[Usage]]:
        """The second lane: a recorded span in one go. Lines come back `recovered`."""
        ...
