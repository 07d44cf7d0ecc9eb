"""Labelled rows of a JSON-lines file. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from coaching.signals.labels import LABELS, Label


class BadRows(ValueError):
    """A file that can not be judged; the message names the line and says what to mend."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was said, what it is, and whether a matcher of keywords would get it wrong."""

    text: str
    label: Label
    is_hard: bool = False


def read_rows(lines: Iterable[str]) -> tuple[Row, ...]:
    """The rows of a file's lines. Blank lines and keys that are not ours are passed over. Raises `BadRows`."""
    rows = tuple(_row(number, line) for number, line in enumerate(lines, 1) if line.strip())
    if not rows:
        raise BadRows("The file holds no rows.")
    return rows


def _row(number: int, line: str) -> Row:
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise BadRows(f"Line {number} is not JSON: {error}.") from None
    if not isinstance(entry, dict):
        raise BadRows(f'Line {number} is no object: write {{"text": …, "label": …}}.')
    text, label, hard = entry.get("text"), entry.get("label"), entry.get("hard")
    if not isinstance(text, str) or not text.strip():
        raise BadRows(f"Line {number} has no “text”.")
    if label not in list(LABELS):
        raise BadRows(f"Line {number} has the label {label!r}. Write one of {', '.join(LABELS)}.")
    if not isinstance(hard, bool | int | None):
        raise BadRows(f"Line {number}: “hard” is {hard!r}. Write true or false.")
    return Row(text, Label(label), bool(hard))
