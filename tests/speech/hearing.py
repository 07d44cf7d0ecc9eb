"""Send audio and collect what is heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from calls.speech.base import SAMPLES_PER_MS, Gap, Progress, SpeechError, SpeechEvent, SpeechStream, StreamSpec
from coaching.types import Channel, Line, Usage

E = TypeVar("E")
FRAME_MS = 100
SPEC = StreamSpec(call_id="c-1", business="acme", channels=2, keyterms=("Acme Cloud", "SOC 2"))


def tone(length_ms: int, channels: int = 2) -> bytes:
    """A loud hum: what counts as sound and is no speech."""
    samples = (8000 * np.sin(np.arange(length_ms * SAMPLES_PER_MS) * 0.1)).astype("<i2")
    return np.repeat(samples, channels).tobytes()


def silence(length_ms: int, channels: int = 2) -> bytes:
    return bytes(length_ms * SAMPLES_PER_MS * 2 * channels)


async def eventually(is_so: Callable[[], bool], limit_s: float = 10.0) -> None:
    """For what tells nobody when it changes."""
    async with asyncio.timeout(limit_s):
        while not is_so():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


class Listener:
    """Reads a stream in a task and keeps everything it says."""

    def __init__(self, stream: SpeechStream) -> None:
        self.stream = stream
        self.events: list[SpeechEvent] = []
        self.error: SpeechError | None = None
        self.sent_ms = 0
        self._news = asyncio.Condition()
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for event in self.stream.events():
                async with self._news:
                    self.events.append(event)
                    self._news.notify_all()
        except SpeechError as error:
            self.error = error
        async with self._news:
            self._news.notify_all()

    async def send(self, length_ms: int, *, channels: int = 2, pace_s: float = 0.0, sound: bool = True) -> None:
        """`length_ms` of audio in 100 ms frames from where the last call ended."""
        frame = tone(FRAME_MS, channels) if sound else silence(FRAME_MS, channels)
        for _ in range(length_ms // FRAME_MS):
            await self.stream.send(self.sent_ms * SAMPLES_PER_MS, frame)
            self.sent_ms += FRAME_MS
            await asyncio.sleep(pace_s)

    async def until(self, is_so: Callable[[Listener], bool], limit_s: float = 10.0) -> None:
        async with asyncio.timeout(limit_s), self._news:
            await self._news.wait_for(lambda: is_so(self))

    async def end(self, limit_s: float = 10.0) -> None:
        async with asyncio.timeout(limit_s):
            await self._task

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def finals(self) -> list[Line]:
        return [line for line in self.of(Line) if line.is_final]

    @property
    def gaps(self) -> list[Gap]:
        return self.of(Gap)

    def through_ms(self, channel: Channel) -> int:
        return max((p.through_ms for p in self.of(Progress) if p.channel is channel), default=0)

    @property
    def audio_ms(self) -> int:
        return sum(usage.quantity for usage in self.of(Usage))
