"""What a speech engine makes of marked audio: Deepgram's messages about the words it has really heard. Pure."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults import sound
from tests.faults.sound import CUSTOMER, FRAME_BYTES, FRAME_MS, FRAMES_OF_UTTERANCE, REP, Frame

SILENT_FINAL_EVERY_MS = 1_000
INTERIM_AFTER = {3, 6}
INFO = {"name": "general-nova-3", "version": "emulated", "arch": "nova-3"}


@dataclass(slots=True)
class Ear:
    """One live stream. Its clock begins with its first byte; both channels are always there."""

    heard_bytes: int = 0
    _rest: bytes = b""
    _rest_at: int = 0
    _words: list[Frame] = field(default_factory=list)
    _told_ms: list[int] = field(default_factory=lambda: [0, 0])

    def hear(self, audio: bytes) -> Iterator[dict[str, Any]]:
        """The messages that are due once `audio` has been heard too."""
        self.heard_bytes += len(audio)
        self._rest += audio
        # Whole frames only: the last one may still be coming.
        whole = [frame for frame in sound.frames_in(self._rest) if frame.at_byte + FRAME_BYTES <= len(self._rest)]
        for frame in whole:
            yield from self._frame(Frame(frame.call, frame.index, self._rest_at + frame.at_byte))
        done = whole[-1].at_byte + FRAME_BYTES if whole else max(0, len(self._rest) - FRAME_BYTES)
        self._rest, self._rest_at = self._rest[done:], self._rest_at + done

    def finish(self) -> Iterator[dict[str, Any]]:
        """The stream is over: everything is said."""
        for frame in sound.frames_in(self._rest):
            yield from self._frame(Frame(frame.call, frame.index, self._rest_at + frame.at_byte))
        now_ms = self.heard_bytes // 64
        if self._words:
            yield self._final(self._channel, now_ms)
        for channel in (REP, CUSTOMER):
            if self._told_ms[channel] < now_ms:
                yield self._final(channel, now_ms)

    @property
    def _channel(self) -> int:
        return sound.speaker(self._words[0].index)

    def _frame(self, frame: Frame) -> Iterator[dict[str, Any]]:
        begin_ms, end_ms = frame.at_byte // 64, frame.at_byte // 64 + FRAME_MS
        if self._words and (not sound.sounds(frame.index) or not _same_utterance(self._words[-1], frame)):
            yield self._final(self._channel, begin_ms)
        if sound.sounds(frame.index):
            self._words.append(frame)
            if len(self._words) in INTERIM_AFTER:
                yield self._results(self._channel, end_ms, self._words, is_final=False)
        for channel in (REP, CUSTOMER):
            is_speaking = bool(self._words) and channel == self._channel
            if not is_speaking and end_ms - self._told_ms[channel] >= SILENT_FINAL_EVERY_MS:
                yield self._final(channel, end_ms)

    def _final(self, channel: int, through_ms: int) -> dict[str, Any]:
        said = self._words if self._words and channel == self._channel else []
        if said:
            self._words = []
        message = self._results(channel, through_ms, said, is_final=True)
        self._told_ms[channel] = through_ms
        return message

    def _results(self, channel: int, through_ms: int, said: Sequence[Frame], *, is_final: bool) -> dict[str, Any]:
        start_ms = self._told_ms[channel]
        text = _text(said, channel)
        return {
            "type": "Results",
            "channel_index": [channel, 2],
            "start": start_ms / 1_000,
            "duration": (through_ms - start_ms) / 1_000,
            "is_final": is_final,
            "speech_final": is_final and bool(said),
            "from_finalize": False,
            "channel": {
                "alternatives": [
                    {"transcript": text, "confidence": 0.97 if text else 0.0, "words": _words(said, channel)}
                ]
            },
            "metadata": {"request_id": "emulated", "model_uuid": "emulated", "model_info": INFO},
        }


def _same_utterance(one: Frame, other: Frame) -> bool:
    apart = other.index - one.index
    return (one.call, one.index // FRAMES_OF_UTTERANCE) == (other.call, other.index // FRAMES_OF_UTTERANCE) and (
        apart * FRAME_BYTES == other.at_byte - one.at_byte
    )


def _spoken(said: Sequence[Frame], channel: int) -> list[tuple[str, float, float]]:
    """Word, start and end in seconds. The customer's sentence asks for help before its coded words end."""
    spoken = [(sound.word(frame), frame.at_byte / 64_000, frame.at_byte / 64_000 + 0.1) for frame in said]
    if not spoken or channel != CUSTOMER or len(spoken) < max(INTERIM_AFTER):
        return spoken
    start = spoken[0][1]
    return [*((text, start, start + 0.05) for text in sound.TRIGGER.split()), *spoken]


def _text(said: Sequence[Frame], channel: int) -> str:
    return " ".join(text for text, _, _ in _spoken(said, channel))


def _words(said: Sequence[Frame], channel: int) -> list[dict[str, Any]]:
    return [
        {"word": text, "punctuated_word": text, "start": start, "end": end, "confidence": 0.98}
        for text, start, end in _spoken(said, channel)
    ]


def transcript(file: bytes) -> dict[str, Any]:
    """The pre-recorded API's answer about a WAV file of two channels."""
    with wave.open(io.BytesIO(file), "rb") as recording:
        audio = recording.readframes(recording.getnframes())
    utterances: list[list[Frame]] = []
    for frame in sound.frames_in(audio):
        if not sound.sounds(frame.index):
            continue
        if utterances and _same_utterance(utterances[-1][-1], frame):
            utterances[-1].append(frame)
        else:
            utterances.append([frame])
    told = [_utterance(said) for said in utterances]
    return {
        "metadata": {
            "request_id": "emulated", "sha256": "0", "created": "2026-01-01T00:00:00Z",
            "duration": len(audio) / 64_000, "channels": 2, "models": ["emulated"], "model_info": {},
            "transaction_key": "deprecated",
        },
        "results": {
            "channels": [{"alternatives": [{"transcript": "", "confidence": 0.0, "words": []}]} for _ in range(2)],
            "utterances": told,
        },
    }  # fmt: skip


def _utterance(said: Sequence[Frame]) -> dict[str, Any]:
    channel = sound.speaker(said[0].index)
    return {
        "id": sound.word(said[0]),
        "channel": channel,
        "start": said[0].at_byte / 64_000,
        "end": said[-1].at_byte / 64_000 + 0.1,
        "confidence": 0.97,
        "transcript": _text(said, channel),
        "words": _words(said, channel),
    }
