"""Deepgram as a provider: live streams, and recorded spans for the second lane."""

from __future__ import annotations

import asyncio
import io
import wave
from typing import TYPE_CHECKING, Any

from calls.speech.base import (
    BYTES_PER_SAMPLE,
    SAMPLE_RATE,
    SAMPLES_PER_MS,
    SpeechStream,
    StreamSpec,
)
from calls.speech.deepgram.connection import new_client
from calls.speech.deepgram.errors import speech_error
from calls.speech.deepgram.options import Account, Timings, recorded_parameters
from calls.speech.deepgram.stream import DeepgramStream
from calls.speech.deepgram.transcript import NAME
from calls.speech.hearing import channels_of
from calls.speech.slots.desk import Desk, FreeSlot
from coaching.types import Channel, Component, Line, Usage, Word

if TYPE_CHECKING:
    from deepgram import AsyncDeepgramClient

RECORDED_TIMEOUT_S = 10
RECORDED_RETRIES = 1
RECORDED_WITHIN_S = 15.0
"""For one span with its retry: half a minute of audio takes a second or two, and other spans wait behind it."""


def wav_bytes(pcm: bytes, channels: int) -> bytes:
    """A WAV file in memory. Never an iterator: the SDK's retry would send nothing and call it a success."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(BYTES_PER_SAMPLE)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(pcm)
    return buffer.getvalue()


class DeepgramProvider:
    """Streams share one SDK client a loop for recorded spans; each live call has its own session id."""

    name = NAME

    def __init__(self, account: Account, *, timings: Timings | None = None, desk: Desk | None = None) -> None:
        self._account = account
        self._desk = desk
        self._timings = timings or Timings()
        self._client: AsyncDeepgramClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def warm_up(self) -> None:
        """Import the SDK before the first call needs it."""
        await self._rest_client()

    async def open(self, spec: StreamSpec) -> SpeechStream:
        """Returns at once; the stream's first state says when Deepgram listens. Audio may be sent meanwhile."""
        slot = self._desk.slot(spec.business) if self._desk is not None else FreeSlot()
        return DeepgramStream(spec, self._account, self._timings, slot=slot)

    async def transcribe(self, spec: StreamSpec, first_sample: int, pcm: bytes) -> tuple[list[Line], list[Usage]]:
        client = await self._rest_client()
        try:
            async with asyncio.timeout(RECORDED_WITHIN_S):
                answer = await client.listen.v1.media.transcribe_file(
                    request=wav_bytes(pcm, spec.channels),
                    **recorded_parameters(spec, self._account),
                    request_options={
                        "timeout": RECORDED_TIMEOUT_S,
                        "max_retries": RECORDED_RETRIES,
                        "additional_headers": {"Content-Type": "audio/wav"},
                    },
                )
        except Exception as error:
            raise speech_error(error) from error
        lines = recorded_lines(answer, channels_of(spec), first_sample // SAMPLES_PER_MS)
        audio_ms = len(pcm) // (BYTES_PER_SAMPLE * spec.channels) // SAMPLES_PER_MS
        # Recorded audio has its own price, so it is metered under a name of its own.
        model = f"{self._account.model}-prerecorded"
        usage = Usage(Component.SPEECH, NAME, model, "audio_ms", audio_ms * spec.channels, purpose="repair")
        return lines, [usage]

    async def aclose(self) -> None:
        """Live streams are their owners' to close."""
        self._client = None

    async def _rest_client(self) -> AsyncDeepgramClient:
        """A client's connections belong to one loop; tasks that run their own get another client."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._client, self._loop = await new_client(self._account, self._timings), loop
        return self._client


def recorded_lines(answer: Any, channels: tuple[Channel, ...], start_ms: int) -> list[Line]:
    """The answer's utterances as recovered lines, in order of time; without utterances, one line a channel."""
    utterances = getattr(answer.results, "utterances", None)
    if utterances:
        found = [(int(item.channel or 0), item) for item in utterances]
    else:
        found = [(index, item.alternatives[0]) for index, item in enumerate(answer.results.channels)]
    lines = [
        _recovered(item, channels[index], number, start_ms)
        for number, (index, item) in enumerate(found)
        if index < len(channels) and (item.transcript or "").strip()
    ]
    return sorted(lines, key=lambda line: (line.start_ms, line.channel))


def _recovered(item: Any, channel: Channel, number: int, start_ms: int) -> Line:
    """`item` is an utterance or an alternative: both have transcript, confidence and words."""
    words = tuple(_word(word, start_ms) for word in item.words or ())
    return Line(
        channel=channel,
        text=item.transcript.strip(),
        start_ms=words[0].start_ms if words else start_ms + round(float(getattr(item, "start", 0) or 0) * 1000),
        end_ms=words[-1].end_ms if words else start_ms + round(float(getattr(item, "end", 0) or 0) * 1000),
        confidence=float(item.confidence or 0.0),
        is_final=True,
        utterance=number,
        provider=NAME,
        words=words,
        recovered=True,
    )


def _word(word: Any, start_ms: int) -> Word:
    text = getattr(word, "punctuated_word", None) or word.word
    first, last = (start_ms + round(float(at) * 1000) for at in (word.start, word.end))
    return Word(text, first, last, float(word.confidence or 0.0))
