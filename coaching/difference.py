"""What differs between two prompt versions, line by line, settings included. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from coaching.types import Prompt


class Change(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Piece:
    """A line, or a run of words, of one of the two texts or of both."""

    change: Change
    text: str


def as_lines(prompt: Prompt) -> list[str]:
    """A version as a person reads it: the instructions, then the examples, then the settings."""
    limits = prompt.limits
    return [
        *prompt.system.splitlines(),
        *(f"Example: “{one.heard}” → “{one.say}”" for one in prompt.examples),
        f"Temperature: {prompt.temperature:g}",
        f"Model: {prompt.model or 'the installation’s'}",
        f"Longest answer: {limits.max_output_tokens} tokens",
        f"Deadline: {limits.deadline_ms / 1_000:g} s",
        f"Requests: {limits.max_requests}",
    ]


def between(before: Prompt, after: Prompt) -> tuple[Piece, ...]:
    """Every line of both, in order; empty when nothing differs."""
    old, new = as_lines(before), as_lines(after)
    return _pieces(old, new, "\n") if old != new else ()


def of_words(before: str, after: str) -> tuple[Piece, ...]:
    """Both sentences as one run of pieces, by words."""
    return _pieces(before.split(), after.split(), " ")


def _pieces(old: Sequence[str], new: Sequence[str], glue: str) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for operation, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if operation == "equal":
            pieces += _joined(Change.SAME, old[a:b], glue)
            continue
        pieces += _joined(Change.REMOVED, old[a:b], glue)
        pieces += _joined(Change.ADDED, new[c:d], glue)
    return tuple(pieces)


def _joined(change: Change, parts: Sequence[str], glue: str) -> list[Piece]:
    """Words run together; lines stay lines."""
    if glue == "\n":
        return [Piece(change, part) for part in parts]
    return [Piece(change, glue.join(parts))] if parts else []
