"""One seam for every speech engine: a provider opens streams; a stream turns audio into events.

All positions are on the call's capture clock. A provider that reconnects maps the service's own
times (which restart at zero) back to that clock before it yields anything.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from coaching.types import Channel, Line, Usage

SAMPLE_RATE = 16_000
SAMPLES_PER_MS = SAMPLE_RATE // 1_000
BYTES_PER_SAMPLE = 2


REFUSED_S = (3.0, 3.0, 5.0, 5.0, 5.0, 10.0, 20.0, 40.0, 60.0)
"""Before a service that refused for good (a key, the credit) is asked again: mostly somebody has to mend it, and now
and then its sign-in had an ill moment."""


class SpeechError(Exception):
    """Speech failed. `retryable` says whether the same provider may be tried again in this call.

    `reason` is one sentence without personal data or keys, fit for a log line and for the state light. `is_full`: the
    service works, but all its slots for live streams are in use.
    """

    def __init__(
        self, reason: str, *, retryable: bool, retry_after_s: float | None = None, is_full: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.is_full = is_full


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """What a stream needs to know. Audio is PCM16 little-endian at 16 kHz, interleaved by channel.

    `redact`: kinds of words to leave out of the transcript; engines that can not do so ignore it.
    """

    call_id: str
    business: str
    channels: int
    keyterms: tuple[str, ...] = ()
    language: str = "en"
    redact: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything of `channel` before `through_ms` is settled: its lines have been yielded, it was silence,
    or a `Gap` for it has been yielded. `through_ms` never goes back within a stream.
    """

    channel: Channel
    through_ms: int


@dataclass(frozen=True, slots=True)
class StreamState:
    """The stream's own health. `is_up` False while the provider reconnects by itself.

    Every stream yields one as soon as it hears, and one at each change. After a failure of its service a stream
    hears once the service has said something, not once it can be reached. `engine` names the provider that
    hears now ("deepgram", "local"), "" while nobody does. `is_full`: the first choice waits for a free slot.
    """

    is_up: bool
    reason: str
    engine: str = ""
    is_full: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Audio of `channel` that was sent, or was due, while nobody could hear it: work for the second lane.

    Yielded once per channel when hearing resumes (or by `finish`), before any line that starts after it.
    """

    channel: Channel
    start_ms: int
    end_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """`engine` refuses for good: its key or account has to be mended. The stream goes on with another engine."""

    engine: str
    reason: str


SpeechEvent = Line | Progress | Usage | StreamState | Gap | Refusal


class SpeechStream(Protocol):
    """One live transcription. Use from one task for sending and one for reading.

    Interims and the final of one utterance share `utterance`, which is unique in the stream. An interim
    with empty text withdraws its utterance: the stream lost it, a gap or another engine tells the rest.
    `send` takes audio in capture order; a jump of `first_sample` is a hole and moves the clock.
    It never blocks longer than 1 s: it raises `SpeechError` instead.
    `events` ends after `finish` has delivered what was still open, and raises `SpeechError` when the
    stream is lost for good. `aclose` may be called at any time, twice too, and never raises.
    """

    async def send(self, first_sample: int, pcm: bytes) -> None: ...

    def events(self) -> AsyncIterator[SpeechEvent]: ...

    async def finish(self) -> None: ...

    async def aclose(self) -> None: ...


@runtime_checkable
class SecondEar(Protocol):
    """A stream that can let another engine hear when told that the one it has is mute."""

    def suspect(self, reason: str) -> bool:
        """No verdict yet. True when another engine hears beside the first now; False when there is none to ask."""
        ...

    def doubt(self, reason: str) -> bool:
        """True when another engine takes over now; False when there is none left: the stream is to be replaced."""
        ...


class SpeechProvider(Protocol):
    """A speech engine. Cheap to hold; `open` makes one stream per call."""

    @property
    def name(self) -> str: ...

    async def open(self, spec: StreamSpec) -> SpeechStream: ...

    async def transcribe(self, spec: StreamSpec, first_sample: int, pcm: bytes) -> tuple[list[Line], list[Usage]]:
        """The second lane: a recorded span in one go. Lines come back `recovered`."""
        ...
