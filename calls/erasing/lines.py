"""A name in a line of transcript: taken out of its text and words, with the piece of audio it was said in. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from calls.erasing.names import ERASED, Names
from coaching.types import Channel

Span = tuple[int, int]
"""`(start_ms, end_ms)` on the capture clock."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A line's new payload, and where in the audio of `channel` the name was."""

    payload: dict[str, Any]
    channel: Channel
    spans: tuple[Span, ...]


def without_names(payload: Mapping[str, Any], names: Names) -> Redacted | None:
    """None when the line names nobody. Without times of words, or where text and words disagree, the whole line's
    audio is meant.
    """
    text, words = str(payload["text"]), list(payload.get("words") or ())
    in_text, runs = len(names.spans(text)), _runs(words, names)
    rest = names.erased_json({key: value for key, value in payload.items() if key not in {"text", "words"}})
    if not in_text and not runs:
        return None
    if len(runs) >= in_text:
        spans = tuple((words[first][1], words[last][2]) for first, last in runs)
        kept = _merged(words, runs)
        text = names.erased(text) if in_text else " ".join(word[0] for word in kept)
    else:
        spans, kept, text = ((payload["start_ms"], payload["end_ms"]),), [], names.erased(text)
    return Redacted({**rest, "text": text, "words": kept}, Channel(payload["channel"]), spans)


def _runs(words: Sequence[Sequence[Any]], names: Names) -> list[tuple[int, int]]:
    """First and last word of each mention."""
    joined, edges = "", []
    for word in words:
        start = len(joined) + (1 if joined else 0)
        joined = f"{joined} {word[0]}" if joined else str(word[0])
        edges.append((start, len(joined)))
    runs = []
    for start, end in names.spans(joined):
        touched = [index for index, (first, last) in enumerate(edges) if first < end and last > start]
        runs.append((touched[0], touched[-1]))
    return runs


def _merged(words: Sequence[Sequence[Any]], runs: Sequence[tuple[int, int]]) -> list[list[Any]]:
    """Each mention becomes one word that takes its time."""
    kept: list[list[Any]] = []
    at = 0
    for first, last in runs:
        kept += [list(word) for word in words[at:first]]
        kept.append([ERASED, words[first][1], words[last][2], words[first][3]])
        at = last + 1
    return kept + [list(word) for word in words[at:]]
