"""What is said in a call, and what Deepgram would send about it as the audio passes. Pure; audio is the clock.

A script file is `{"turns": [{"channel": "rep"|"customer", "start_ms", "end_ms", "text"}]}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ENDPOINTING_MS = 300
UTTERANCE_END_MS = 1_000
INTERIM_EVERY_MS = 300
LONGEST_PIECE_MS = 5_000
SILENT_FINAL_EVERY_MS = 1_000
CHANNELS = ("rep", "customer")


@dataclass(frozen=True, slots=True)
class Turn:
    channel: str
    start_ms: int
    end_ms: int
    text: str

    def words(self) -> list[tuple[str, int, int]]:
        texts = self.text.split()
        step = (self.end_ms - self.start_ms) / max(1, len(texts))
        starts = [round(self.start_ms + index * step) for index in range(len(texts) + 1)]
        return [(text, starts[i], max(starts[i] + 1, starts[i + 1] - 20)) for i, text in enumerate(texts)]


@dataclass(frozen=True, slots=True)
class Script:
    turns: tuple[Turn, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Script:
        content = json.loads(path.read_text(encoding="utf-8"))
        return cls(tuple(Turn(t["channel"], t["start_ms"], t["end_ms"], t["text"]) for t in content["turns"]))

    def of(self, channel: str) -> list[Turn]:
        return sorted((turn for turn in self.turns if turn.channel == channel), key=lambda turn: turn.start_ms)


def word_entries(words: list[tuple[str, int, int]], offset_ms: int) -> list[dict[str, Any]]:
    return [
        {
            "word": text.strip(".,?!").lower(),
            "punctuated_word": text,
            "start": (start - offset_ms) / 1000,
            "end": (end - offset_ms) / 1000,
            "confidence": 0.98,
        }
        for text, start, end in words
    ]


@dataclass(slots=True)
class Ear:
    """One channel of one socket. Script times are the call's; the socket's own start at `offset_ms`."""

    index: int
    channels: int
    turns: list[Turn]
    offset_ms: int
    told_through_ms: int = 0
    interim_at_ms: int = 0
    piece: int = 0
    has_started: bool = False
    ended_at_ms: int | None = None
    words: list[tuple[str, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.told_through_ms = self.offset_ms
        self.turns = [turn for turn in self.turns if turn.start_ms >= self.offset_ms]

    def hear(self, now_ms: int, *, is_end: bool = False) -> Iterator[dict[str, Any]]:
        """All messages due when the audio has come to `now_ms` of the call."""
        while self.turns and self.turns[0].start_ms < now_ms:
            yield from self._turn(self.turns[0], now_ms, is_end=is_end)
            if self.has_started:
                return
        yield from self._silence(now_ms, is_end=is_end)

    def _turn(self, turn: Turn, now_ms: int, *, is_end: bool) -> Iterator[dict[str, Any]]:
        if not self.has_started:
            self.has_started = True
            self.words, self.interim_at_ms, self.ended_at_ms = turn.words(), turn.start_ms, None
            stamp = (turn.start_ms - self.offset_ms) / 1000
            yield {"type": "SpeechStarted", "channel": [self.index, self.channels], "timestamp": stamp}
        heard = [word for word in self.words if word[2] <= now_ms]
        if is_end or now_ms >= turn.end_ms + ENDPOINTING_MS:
            through = min(now_ms, turn.end_ms + ENDPOINTING_MS)
            yield self._results(heard, through, is_final=True, speech_final=True)
            self.turns.pop(0)
            self.has_started = False
            self.ended_at_ms = turn.end_ms
        elif heard and heard[-1][2] - heard[0][1] >= LONGEST_PIECE_MS:
            yield self._results(heard, heard[-1][2], is_final=True, speech_final=False)
            self.words = self.words[len(heard) :]
        elif heard and now_ms - self.interim_at_ms >= INTERIM_EVERY_MS:
            self.interim_at_ms = now_ms
            yield self._results(heard, now_ms, is_final=False, speech_final=False)

    def _silence(self, now_ms: int, *, is_end: bool) -> Iterator[dict[str, Any]]:
        ended = self.ended_at_ms
        if ended is not None and (is_end or now_ms >= ended + UTTERANCE_END_MS):
            self.ended_at_ms = None
            last = (ended - self.offset_ms) / 1000
            yield {"type": "UtteranceEnd", "channel": [self.index, self.channels], "last_word_end": last}
        if now_ms - self.told_through_ms >= (1 if is_end else SILENT_FINAL_EVERY_MS):
            yield self._results([], now_ms, is_final=True, speech_final=False)

    def _results(
        self, words: list[tuple[str, int, int]], through_ms: int, *, is_final: bool, speech_final: bool
    ) -> dict[str, Any]:
        start_ms = self.told_through_ms
        if is_final:
            self.told_through_ms = through_ms
        text = " ".join(word[0] for word in words)
        alternative = {
            "transcript": text,
            "confidence": 0.97 if text else 0.0,
            "words": word_entries(words, self.offset_ms),
        }
        return {
            "type": "Results",
            "channel_index": [self.index, self.channels],
            "start": (start_ms - self.offset_ms) / 1000,
            "duration": (through_ms - start_ms) / 1000,
            "is_final": is_final,
            "speech_final": speech_final,
            "from_finalize": False,
            "channel": {"alternatives": [alternative]},
            "metadata": {
                "request_id": "emulated",
                "model_uuid": "emulated",
                "model_info": {"name": "general-nova-3", "version": "emulated", "arch": "nova-3"},
            },
        }


def recorded_answer(script: Script, *, offset_ms: int, duration_s: float, channels: int) -> dict[str, Any]:
    """The pre-recorded API's answer about the turns that lie wholly in the span."""
    end_ms = offset_ms + round(duration_s * 1000)
    utterances = [
        _utterance(turn, index, offset_ms)
        for index, name in enumerate(CHANNELS[:channels])
        for turn in script.of(name)
        if turn.start_ms >= offset_ms and turn.end_ms <= end_ms
    ]
    by_channel = [[u for u in utterances if u["channel"] == index] for index in range(channels)]
    return {
        "metadata": {
            "request_id": "emulated",
            "sha256": "0",
            "created": "2026-01-01T00:00:00Z",
            "duration": duration_s,
            "channels": channels,
            "models": ["emulated"],
            "model_info": {},
            "transaction_key": "deprecated",
        },
        "results": {
            "channels": [
                {
                    "alternatives": [
                        {
                            "transcript": " ".join(u["transcript"] for u in said),
                            "confidence": 0.97,
                            "words": [word for u in said for word in u["words"]],
                        }
                    ]
                }
                for said in by_channel
            ],
            "utterances": sorted(utterances, key=lambda u: float(u["start"])),
        },
    }


def _utterance(turn: Turn, index: int, offset_ms: int) -> dict[str, Any]:
    return {
        "id": f"{turn.channel}-{turn.start_ms}",
        "channel": index,
        "start": (turn.start_ms - offset_ms) / 1000,
        "end": (turn.end_ms - offset_ms) / 1000,
        "confidence": 0.97,
        "transcript": turn.text,
        "words": word_entries(turn.words(), offset_ms),
    }
