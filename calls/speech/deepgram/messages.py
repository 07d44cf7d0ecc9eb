"""Deepgram's live messages, parsed without the SDK's models: ten a second and call are too many for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WordTime:
    text: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Results:
    """Seconds count from this socket's first audio. `text` is "" for a final about silence."""

    channel: int
    start_s: float
    end_s: float
    text: str
    confidence: float
    words: tuple[WordTime, ...]
    is_final: bool
    speech_final: bool


@dataclass(frozen=True, slots=True)
class UtteranceEnd:
    channel: int


@dataclass(frozen=True, slots=True)
class Metadata:
    """The last message: everything has been said."""

    duration_s: float


@dataclass(frozen=True, slots=True)
class Failure:
    description: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """No JSON object, or one of a kind that we know and not in its form."""


Message = Results | UtteranceEnd | Metadata | Failure | Unreadable


def parse(raw: str | bytes) -> Message | None:
    """None for what we do not need (SpeechStarted) or do not know: the stream goes on."""
    try:
        value = json.loads(raw)
        return _parse(value) if isinstance(value, dict) else Unreadable()
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError):
        return Unreadable()


def _parse(value: dict[str, Any]) -> Message | None:
    kind = value.get("type")
    if kind == "Results":
        return _results(value)
    if kind == "UtteranceEnd":
        return UtteranceEnd(int(value["channel"][0]))
    if kind == "Metadata":
        return Metadata(float(value.get("duration", 0.0)))
    if kind == "Error":
        return Failure(str(value.get("variant") or value.get("code") or "unnamed"))
    return None


def _results(value: dict[str, Any]) -> Results:
    best = value["channel"]["alternatives"][0]
    channel = int(value.get("channel_index", (0,))[0])
    if channel < 0:
        raise ValueError("no such channel")
    start = float(value["start"])
    return Results(
        channel=channel,
        start_s=start,
        end_s=start + float(value["duration"]),
        text=str(best["transcript"]).strip(),
        confidence=float(best.get("confidence", 0.0)),
        words=tuple(_word(word) for word in best.get("words", ())),
        is_final=bool(value.get("is_final")),
        speech_final=bool(value.get("speech_final")),
    )


def _word(word: dict[str, Any]) -> WordTime:
    text = word.get("punctuated_word") or word["word"]
    return WordTime(str(text), float(word["start"]), float(word["end"]), float(word.get("confidence", 0.0)))
