"""The lines that the classifier learns from: written ones, and sentences by the patterns of a grammar.

Nothing of the test split (tests/coaching/data/signals_test.jsonl) is here, and no writer of it wrote any of this.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coaching.signals.labels import Label

DATA = Path(__file__).parent / "data"
BY_PATTERN = 9
"""The writer's number of the grammar's sentences; 0 is the hand that wrote the rules."""

_SLOT = re.compile(r"\{(\w+)\}")
_CHOICE = re.compile(r"\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Example:
    """A line, what it is, who wrote it, and how much it counts in training."""

    text: str
    label: Label
    writer: int
    weight: float = 1.0
    is_hard: bool = False


def written() -> Iterator[Example]:
    """The lines of the writers, then those that the rules were written by."""
    for name in ("lines.jsonl", "rule_lines.jsonl"):
        for line in (DATA / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield Example(row["text"], Label(row["label"]), row["writer"], is_hard=row["hard"])


def by_pattern(each: int, weight: float, seed: int) -> Iterator[Example]:
    """At most `each` different sentences of every pattern of the grammar."""
    chance = random.Random(seed)  # noqa: S311 - it chooses words, no secrets
    slots: dict[str, list[str]] = {}
    label = Label.NONE
    for line in (DATA / "grammar.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("= "):
            name, _, words = line[2:].partition(": ")
            slots[name] = words.split("|")
        elif line.startswith("["):
            label = Label(line.strip("[]"))
        else:
            pattern = line.lstrip("*")
            for text in sorted({_sentence(pattern, slots, chance) for _ in range(each)}):
                yield Example(text, label, BY_PATTERN, weight, is_hard=line.startswith("*"))


def _sentence(pattern: str, slots: dict[str, list[str]], chance: random.Random) -> str:
    """One sentence: choices are made from the inside out until none is left."""
    while True:
        text = _SLOT.sub(lambda slot: chance.choice(slots[slot[1]]), pattern)
        text = _CHOICE.sub(lambda choice: chance.choice(choice[1].split("|")), text)
        if text == pattern:
            return " ".join(text.replace("?", " ").split())
        pattern = text
