"""Precision and recall of detection on labelled lines: one judged item is (line, kind), topics are told apart."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from coaching.ears import Ears
from coaching.types import Channel, Material
from tests.coaching.fakes import line

OWN_SET = Path(__file__).parent / "data" / "sales_lines.jsonl"
# Kinds a line may carry beside its label without being wrong: they say the same thing in another way, or name
# what is plainly there. They are neither credited nor charged.
ALSO = {"question", "price", "next_step", "competitor"}


@dataclass
class Score:
    """Counts over a set. `wrong` holds the judged errors, for reading."""

    hits: int = 0
    false_alarms: int = 0
    misses: int = 0
    right_topics: int = 0
    by_kind: dict[str, Counter[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.hits / max(self.hits + self.false_alarms, 1)

    @property
    def recall(self) -> float:
        return self.hits / max(self.hits + self.misses, 1)

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)


def heard(material: Material, text: str, channel: Channel = Channel.CUSTOMER) -> set[str]:
    """`kind:topic` of everything found in one final line."""
    found = Ears(material).hear(line(text, channel=channel)).found
    return {f"{one.signal.kind.value}:{one.signal.topic}" for one in found}


def score_own(material: Material) -> Score:
    score = Score()
    for row in map(json.loads, OWN_SET.read_text(encoding="utf-8").splitlines()):
        found = heard(material, row["text"], Channel(row["channel"]))
        _judge(score, row["text"], set(row["labels"]), found)
    return score


def _judge(score: Score, text: str, wanted: set[str], found: set[str]) -> None:
    wanted_kinds = {label.split(":")[0] for label in wanted}
    found_kinds = {label.split(":")[0] for label in found}
    for kind in wanted_kinds | found_kinds:
        counts = score.by_kind.setdefault(kind, Counter())
        if kind in wanted_kinds & found_kinds:
            score.hits += 1
            counts["hit"] += 1
            is_right = bool({label for label in wanted if label.startswith(kind)} & found)
            score.right_topics += is_right
            if not is_right:
                score.wrong.append(f"topic  {wanted} {found} {text}")
        elif kind in wanted_kinds:
            score.misses += 1
            counts["miss"] += 1
            score.wrong.append(f"missed {wanted} {found} {text}")
        elif kind not in ALSO or not wanted:
            if kind == "question" and "?" in text:
                continue
            score.false_alarms += 1
            counts["false"] += 1
            score.wrong.append(f"false  {wanted} {found} {text}")
