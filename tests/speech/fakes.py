"""A scripted speech engine: it hears what the script says, when audio of that time has been sent.

There is no clock of its own: the audio is the clock, so tests run as fast as they send.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from calls.speech.base import (
    BYTES_PER_SAMPLE,
    SAMPLES_PER_MS,
    Gap,
    Progress,
    SpeechError,
    SpeechEvent,
    StreamSpec,
    StreamState,
)
from calls.speech.outbox import Outbox
from coaching.types import Channel, Component, Line, Usage, Word


@dataclass(frozen=True, slots=True)
class ScriptedTurn:
    channel: Channel
    start_ms: int
    end_ms: int
    text: str

    def line(self, *, provider: str, utterance: int, upto_ms: int | None = None, recovered: bool = False) -> Line:
        """The turn as heard up to `upto_ms`: an interim, or the final when all of it was heard."""
        texts = self.text.split()
        step = (self.end_ms - self.start_ms) / max(1, len(texts))
        spans = [(round(self.start_ms + i * step), round(self.start_ms + (i + 1) * step)) for i in range(len(texts))]
        heard = [Word(text, *span, 0.95) for text, span in zip(texts, spans, strict=True)]
        is_final = upto_ms is None or upto_ms >= self.end_ms
        if upto_ms is not None:
            heard = [word for word in heard if word.end_ms <= upto_ms]
        return Line(
            channel=self.channel,
            text=" ".join(word.text for word in heard),
            start_ms=self.start_ms,
            end_ms=heard[-1].end_ms if heard else self.start_ms,
            confidence=0.95,
            is_final=is_final,
            utterance=utterance,
            provider=provider,
            words=tuple(heard) if is_final else (),
            recovered=recovered,
            ends_turn=is_final,
        )


@dataclass(slots=True)
class ScriptedStream:
    """One stream of `ScriptedProvider`. The test turns its troubles on: `go_down`, `go_up`, `die`, `is_mute`."""

    spec: StreamSpec
    script: tuple[ScriptedTurn, ...]
    provider: str
    interim_every_ms: int = 300
    is_up: bool = True
    is_mute: bool = False
    farewell_s: float = 0.0
    """How long saying good-bye takes: a peer that is gone does not answer it."""
    breaks_with: Exception | None = None
    is_closed: bool = False
    is_finished: bool = False
    sent: list[tuple[int, int]] = field(default_factory=list)
    pcm: list[bytes] = field(default_factory=list)
    outbox: Outbox = field(default_factory=Outbox)
    _utterances: dict[ScriptedTurn, int] = field(default_factory=dict)
    _told: dict[ScriptedTurn, int] = field(default_factory=dict)
    _done: set[ScriptedTurn] = field(default_factory=set)
    _ids: itertools.count[int] = field(default_factory=itertools.count)
    _from_ms: int | None = None
    _now_ms: int = 0
    _through_ms: int = 0

    def __post_init__(self) -> None:
        self.outbox.put(StreamState(is_up=True, reason="scripted", engine=self.provider))

    # --- what a test does to it -----------------------------------------------------------------
    def go_down(self, reason: str = "scripted drop") -> None:
        """What was being said is withdrawn; the stream says that it is down."""
        self.is_up = False
        for turn in [turn for turn in self._told if turn not in self._done]:
            del self._told[turn]
            line = turn.line(provider=self.provider, utterance=self._utterances.pop(turn), upto_ms=turn.start_ms)
            self.outbox.put(line)
        self.outbox.put(StreamState(is_up=False, reason=reason, engine=""))

    def go_up(self) -> None:
        """Hear again from the next audio on; the gap is told as a real provider tells it."""
        self.is_up = True
        self._from_ms = None

    def die(self, error: SpeechError) -> None:
        self.outbox.close(error)

    # --- SpeechStream -------------------------------------------------------------------------
    async def send(self, first_sample: int, pcm: bytes) -> None:
        if self.is_closed:
            raise SpeechError("the stream is closed", retryable=False)
        if self.breaks_with is not None:
            raise self.breaks_with
        samples = len(pcm) // (BYTES_PER_SAMPLE * self.spec.channels)
        self.sent.append((first_sample, samples))
        self.pcm.append(pcm)
        start_ms, self._now_ms = first_sample // SAMPLES_PER_MS, (first_sample + samples) // SAMPLES_PER_MS
        if not self.is_up or self.is_mute:
            return
        if self._from_ms is None:
            self._resume(start_ms)
        self._hear()

    def events(self) -> AsyncIterator[SpeechEvent]:
        return self.outbox.events()

    async def finish(self) -> None:
        self.is_finished = True
        if self.is_up and not self.is_mute:
            self._now_ms += 60_000
            self._hear()
        self._usage()
        self.outbox.close()

    async def aclose(self) -> None:
        self.is_closed = True
        await asyncio.sleep(self.farewell_s)
        self._usage()
        self.outbox.close()

    # --- the engine ---------------------------------------------------------------------------
    def _channels(self) -> list[Channel]:
        return list(Channel)[: self.spec.channels]

    def _resume(self, start_ms: int) -> None:
        self._from_ms = start_ms
        if len(self.sent) > 1:
            for channel in self._channels():
                if start_ms > self._through_ms:
                    self.outbox.put(Gap(channel, self._through_ms, start_ms, "scripted drop"))
            self.outbox.put(StreamState(is_up=True, reason="scripted", engine=self.provider))

    def _hear(self) -> None:
        for turn in self.script:
            if turn in self._done or self._from_ms is None or turn.start_ms < self._from_ms:
                continue
            if turn.start_ms <= self._now_ms and turn.channel in self._channels():
                self._tell(turn)
        open_ms = [t.start_ms for t in self.script if t in self._told and t not in self._done]
        self._through_ms = min([self._now_ms, *open_ms])
        for channel in self._channels():
            self.outbox.put(Progress(channel, self._through_ms))

    def _tell(self, turn: ScriptedTurn) -> None:
        utterance = self._utterances.setdefault(turn, next(self._ids))
        line = turn.line(provider=self.provider, utterance=utterance, upto_ms=self._now_ms)
        if line.is_final:
            self._done.add(turn)
        elif not line.text or self._now_ms - self._told.get(turn, -self.interim_every_ms) < self.interim_every_ms:
            self._told.setdefault(turn, -self.interim_every_ms)
            return
        self._told[turn] = self._now_ms
        self.outbox.put(line)

    def _usage(self) -> None:
        audio_ms = sum(samples for _, samples in self.sent) // SAMPLES_PER_MS
        for _ in self._channels():
            self.outbox.put(Usage(Component.SPEECH, self.provider, "scripted", "audio_ms", audio_ms))


class ScriptedProvider:
    """A `SpeechProvider` that hears the script. `streams` keeps every stream it opened, newest last."""

    def __init__(self, script: tuple[ScriptedTurn, ...] = (), *, name: str = "scripted") -> None:
        self.script = script
        self._name = name
        self.open_errors: list[Exception] = []
        self.is_mute = False
        self.streams: list[ScriptedStream] = []
        self.transcribed: list[tuple[int, int]] = []
        self.transcribed_pcm: list[bytes] = []

    @property
    def name(self) -> str:
        return self._name

    async def open(self, spec: StreamSpec) -> ScriptedStream:
        """Raises the next of `open_errors`, if any is left."""
        if self.open_errors:
            raise self.open_errors.pop(0)
        stream = ScriptedStream(spec=spec, script=self.script, provider=self._name, is_mute=self.is_mute)
        self.streams.append(stream)
        return stream

    async def transcribe(self, spec: StreamSpec, first_sample: int, pcm: bytes) -> tuple[list[Line], list[Usage]]:
        samples = len(pcm) // (BYTES_PER_SAMPLE * spec.channels)
        start_ms, end_ms = first_sample // SAMPLES_PER_MS, (first_sample + samples) // SAMPLES_PER_MS
        self.transcribed.append((start_ms, end_ms))
        self.transcribed_pcm.append(pcm)
        lines = [
            turn.line(provider=self._name, utterance=index, recovered=True)
            for index, turn in enumerate(self.script)
            if start_ms <= turn.start_ms and turn.end_ms <= end_ms
        ]
        quantity = (end_ms - start_ms) * spec.channels
        usage = Usage(Component.SPEECH, self._name, "scripted", "audio_ms", quantity, purpose="repair")
        return lines, [usage]
