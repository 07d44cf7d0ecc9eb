"""Two engines behind one seam: when the first is down for longer than a moment the second hears."""

from __future__ import annotations

import time
from collections.abc import Callable

from calls.speech.base import SpeechError, SpeechProvider, SpeechStream, StreamSpec
from calls.speech.fallback_stream import FallbackStream
from coaching.types import Line, Usage

GRACE_S = 1.0
"""Long enough for a socket that drops and comes back, short enough that a rep has help again within 3 s."""
RETRY_S = 15.0


class FallbackProvider:
    """A provider made of two. Streams begin with the first engine and go back to it when it hears again."""

    def __init__(
        self,
        primary: SpeechProvider,
        secondary: SpeechProvider,
        *,
        grace_s: float = GRACE_S,
        retry_s: float = RETRY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._primary = primary
        self._secondary = secondary
        self._grace_s = grace_s
        self._retry_s = retry_s
        self._clock = clock

    @property
    def name(self) -> str:
        return self._primary.name

    @property
    def secondary(self) -> SpeechProvider:
        return self._secondary

    async def open(self, spec: StreamSpec) -> SpeechStream:
        stream = FallbackStream(
            spec, self._primary, self._secondary, grace_s=self._grace_s, retry_s=self._retry_s, clock=self._clock
        )
        await stream.start()
        return stream

    async def transcribe(self, spec: StreamSpec, first_sample: int, pcm: bytes) -> tuple[list[Line], list[Usage]]:
        """By the first engine; when it can not, at once by the second."""
        try:
            return await self._primary.transcribe(spec, first_sample, pcm)
        except SpeechError:
            return await self._secondary.transcribe(spec, first_sample, pcm)

    async def warm_up(self) -> None:
        """Both: the second must be ready when it is needed. Raises the first error after trying both."""
        errors: list[SpeechError] = []
        for provider in (self._primary, self._secondary):
            try:
                await _call(provider, "warm_up")
            except SpeechError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    async def aclose(self) -> None:
        for provider in (self._primary, self._secondary):
            await _call(provider, "aclose")


async def _call(provider: SpeechProvider, method: str) -> None:
    """What the seam does not ask of every provider: those that need no warming or closing have none."""
    bound = getattr(provider, method, None)
    if bound is not None:
        await bound()
