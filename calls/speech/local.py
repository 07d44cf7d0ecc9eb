"""The embedded recogniser as a provider: no key, no network, a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from calls.speech.base import (
    BYTES_PER_SAMPLE,
    SAMPLE_RATE,
    SAMPLES_PER_MS,
    SpeechError,
    SpeechEvent,
    SpeechStream,
    StreamSpec,
)
from calls.speech.engine import wire
from calls.speech.hearing import Hearing, channels_of
from calls.speech.local_process import HANGS_AFTER_S, EngineProcess, engine_command
from coaching.types import Channel, Component, Line, Usage, Word

NAME = "local"
MODEL = "whisper-tiny.en"
FINISH_WITHIN_S = 20.0
READY_WITHIN_S = 60.0
MOST_SPAN_BYTES = wire.MAX_FRAME_BYTES - 65_536
MOST_KEYTERMS = 40


def line_of(value: dict[str, Any], channels: tuple[Channel, ...], *, utterance: int, recovered: bool = False) -> Line:
    confidence = float(value["confidence"])
    return Line(
        channel=channels[value["channel"]],
        text=value["text"],
        start_ms=value["start_ms"],
        end_ms=value["end_ms"],
        confidence=confidence,
        is_final=value["is_final"],
        utterance=utterance,
        provider=NAME,
        words=tuple(Word(text, start_ms, end_ms, confidence) for text, start_ms, end_ms in value["words"]),
        recovered=recovered,
        ends_turn=value["ends_turn"],
    )


class LocalStream:
    """One call in the engine. While the engine is being restarted `send` lets audio go by; a `Gap` says so."""

    def __init__(self, spec: StreamSpec, process: EngineProcess) -> None:
        self._spec = spec
        self._process = process
        self._hearing = Hearing(spec, engine=NAME, model=MODEL)
        self._id = process.register(self)
        self._is_open_there = False
        self._has_resumed = False
        self._is_closed = False
        self._finished = asyncio.Event()
        self._sent_ms = 0
        self._ids = itertools.count()
        self._utterances: dict[tuple[Channel, int], int] = {}
        self._open_there()

    # --- SpeechStream -------------------------------------------------------------------------
    async def send(self, first_sample: int, pcm: bytes) -> None:
        if self._is_closed:
            raise SpeechError("the stream is closed", retryable=False)
        samples = len(pcm) // (BYTES_PER_SAMPLE * self._spec.channels)
        self._sent_ms = max(self._sent_ms, (first_sample + samples) // SAMPLES_PER_MS)
        self._hearing.expect(first_sample // SAMPLES_PER_MS)
        if not self._is_open_there or not self._process.send(wire.audio(self._id, first_sample, pcm)):
            return
        if not self._has_resumed:
            self._has_resumed = True
            self._hearing.resume(first_sample // SAMPLES_PER_MS)
        self._hearing.used(samples)

    def events(self) -> AsyncIterator[SpeechEvent]:
        return self._hearing.outbox.events()

    async def finish(self) -> None:
        if self._is_closed:
            return
        if self._is_open_there and self._process.send(wire.Frame(wire.Kind.FINISH, self._id)):
            try:
                await asyncio.wait_for(self._finished.wait(), FINISH_WITHIN_S)
            except TimeoutError:
                self._hearing.down("the embedded engine did not finish in time")
        self._hearing.abandon(self._sent_ms, "the embedded engine did not hear the end")
        self._close()

    async def aclose(self) -> None:
        if not self._is_closed:
            self._close()

    def _close(self, error: SpeechError | None = None) -> None:
        self._is_closed = True
        self._finished.set()
        self._process.forget(self._id)
        with contextlib.suppress(SpeechError):  # an engine so far behind will be restarted anyway
            self._process.send(wire.Frame(wire.Kind.CLOSE, self._id))
        self._hearing.meter()
        self._hearing.outbox.close(error)

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    # --- Listener -----------------------------------------------------------------------------
    def on_frame(self, frame: wire.Frame) -> None:
        if frame.kind is wire.Kind.READY:
            self._hearing.up("the embedded engine listens")
        elif frame.kind is wire.Kind.HEARD:
            self._heard(frame.json())
        elif frame.kind is wire.Kind.PROGRESS:
            value = frame.json()
            self._hearing.progress(self._hearing.channels[value["channel"]], value["through_ms"])
        elif frame.kind is wire.Kind.FINISHED:
            self._finished.set()

    def on_down(self, reason: str) -> None:
        self._is_open_there = False
        self._has_resumed = False
        self._utterances.clear()
        self._hearing.down(reason)
        self._finished.set()

    def on_up(self) -> None:
        self._open_there()

    def on_lost(self, error: SpeechError) -> None:
        self._hearing.abandon(self._sent_ms, error.reason)
        self._close(error)

    def _open_there(self) -> None:
        options = {"channels": self._spec.channels, "keyterms": self._spec.keyterms[:MOST_KEYTERMS]}
        self._finished.clear()
        self._is_open_there = self._process.send(wire.with_json(wire.Kind.OPEN, self._id, options))
        if self._is_open_there and self._process.is_ready:
            self._hearing.up("the embedded engine listens")

    def _heard(self, value: dict[str, Any]) -> None:
        channel = self._hearing.channels[value["channel"]]
        key = (channel, value["utterance"])
        if key not in self._utterances:
            self._utterances[key] = next(self._ids)
        line = line_of(value, self._hearing.channels, utterance=self._utterances[key])
        if line.is_final:
            del self._utterances[key]
        if line.text:
            self._hearing.line(line)
        elif line.is_final:
            self._hearing.withdraw(channel)


class _SpanWait:
    """One recorded span in the engine."""

    def __init__(self) -> None:
        self.result: asyncio.Future[list[dict[str, Any]]] = asyncio.get_running_loop().create_future()

    def on_frame(self, frame: wire.Frame) -> None:
        if frame.kind is wire.Kind.SPAN_DONE and not self.result.done():
            self.result.set_result(frame.json())

    def on_down(self, reason: str) -> None:
        self.on_lost(SpeechError(reason, retryable=True))

    def on_up(self) -> None:
        """A span is not sent again by itself: the caller decides."""

    def on_lost(self, error: SpeechError) -> None:
        if not self.result.done():
            self.result.set_exception(error)


class LocalProvider:
    """Bound: `most_channels` live channels at once (a core hears about six); more is a `SpeechError`.

    The process belongs to the running loop and starts with the first use or `warm_up`. A second loop (a task
    that runs its own) gets an engine of its own once the first loop is closed.
    """

    name = NAME

    def __init__(
        self,
        *,
        model_dir: str = "",
        most_channels: int = 4,
        nice: int = 5,
        hangs_after_s: float = HANGS_AFTER_S,
        command: list[str] | None = None,
    ) -> None:
        self._model_dir = model_dir
        self._hangs_after_s = hangs_after_s
        self._command = command or engine_command(model_dir, nice)
        self._most_channels = most_channels
        self._process: EngineProcess | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._streams: list[tuple[LocalStream, int]] = []

    @property
    def engine_pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def is_ready(self) -> bool:
        """Whether the model is loaded."""
        return self._process is not None and self._process.is_ready

    async def warm_up(self) -> None:
        """Load the model before the first call needs it."""
        await self._engine().ready(READY_WITHIN_S)

    async def open(self, spec: StreamSpec) -> SpeechStream:
        process = self._engine()
        self._streams = [(stream, count) for stream, count in self._streams if not stream.is_closed]
        used = sum(count for _, count in self._streams)
        if used + spec.channels > self._most_channels:
            raise SpeechError(
                f"the embedded engine has no free place: {used} of {self._most_channels} channels are in use",
                retryable=True,
                retry_after_s=15.0,
            )
        await process.start()
        stream = LocalStream(spec, process)
        self._streams.append((stream, spec.channels))
        return stream

    async def transcribe(self, spec: StreamSpec, first_sample: int, pcm: bytes) -> tuple[list[Line], list[Usage]]:
        """After everything live; takes about a fifth of the span's length on a free core."""
        if len(pcm) > MOST_SPAN_BYTES:
            raise SpeechError("the recorded span is too long for one piece", retryable=False)
        process = self._engine()
        await process.start()
        samples = len(pcm) // (BYTES_PER_SAMPLE * spec.channels)
        wait = _SpanWait()
        identity = process.register(wait)
        try:
            span = wire.Span(first_sample, spec.channels, spec.keyterms[:MOST_KEYTERMS], pcm)
            if not process.send(span.to_frame(identity)):
                raise SpeechError("the embedded engine is being restarted", retryable=True, retry_after_s=1.0)
            found = await asyncio.wait_for(wait.result, READY_WITHIN_S + 4 * samples / SAMPLE_RATE)
        except TimeoutError:
            raise SpeechError("the embedded engine did not transcribe the span in time", retryable=True) from None
        finally:
            process.forget(identity)
            with contextlib.suppress(SpeechError):
                process.send(wire.Frame(wire.Kind.CLOSE, identity))
        channels = channels_of(spec)
        ordered = sorted(found, key=lambda value: (value["start_ms"], value["channel"]))
        lines = [line_of(value, channels, utterance=i, recovered=True) for i, value in enumerate(ordered)]
        quantity = samples // SAMPLES_PER_MS * spec.channels
        return lines, [Usage(Component.SPEECH, NAME, MODEL, "audio_ms", quantity, purpose="repair")]

    async def aclose(self) -> None:
        """Ends the engine. A later `open` starts another."""
        process, self._process = self._process, None
        if process is not None and self._loop is asyncio.get_running_loop():
            await process.stop()
        elif process is not None:
            process.kill()

    def _engine(self) -> EngineProcess:
        if self._model_dir and not (Path(self._model_dir) / "model.bin").is_file():
            raise SpeechError("LOCAL_SPEECH_MODEL_DIR holds no model.bin", retryable=False)
        loop = asyncio.get_running_loop()
        if self._process is None or self._loop is not loop:
            if self._process is not None:
                self._process.kill()
            self._process, self._loop = EngineProcess(self._command, hangs_after_s=self._hangs_after_s), loop
        return self._process
