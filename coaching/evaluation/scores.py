"""Precision, recall, calibration and cost over judged rows. Pure.

`macro_f1` is the mean of F1 over those of the eight labels, `none` among them, that the file has rows of; a label
that is only found and never meant lowers the others by the rows it took from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from coaching.evaluation.judging import Judged
from coaching.signals.labels import LABELS, Label

BINS = 10


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One label. `rows` is how many rows mean it, `found` how often it was found. Without any, a figure is 0."""

    rows: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.rows if self.rows else 0.0

    @property
    def f1(self) -> float:
        both = self.rows + self.found
        return 2 * self.right / both if both else 0.0


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows whose confidence lies in [low, high): how sure the detector was, and how often it was right."""

    low: float
    high: float
    rows: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Scores:
    """All figures of a file. `confusion` counts by (meant, found)."""

    per_class: dict[Label, ClassScore]
    confusion: Counter[tuple[Label, Label]]
    hard_rows: int
    hard_none_rows: int
    hard_false_alarms: int
    bins: tuple[Bin, ...]
    cpu_ms_per_row: float

    @property
    def rows(self) -> int:
        return self.confusion.total()

    @property
    def accuracy(self) -> float:
        return sum(self.confusion[label, label] for label in LABELS) / self.rows

    @property
    def macro_f1(self) -> float:
        return _mean([score.f1 for score in self.per_class.values() if score.rows])

    @property
    def macro_f1_of_signals(self) -> float:
        """The same without `none`; 0 in a file of nothing else."""
        return _mean([score.f1 for label, score in self.per_class.items() if score.rows and label is not Label.NONE])

    @property
    def hard_false_alarm_rate(self) -> float:
        """Share of hard rows of `none` in which a signal was found; 0 without such rows."""
        return self.hard_false_alarms / self.hard_none_rows if self.hard_none_rows else 0.0

    @property
    def ece(self) -> float:
        """Expected calibration error: the mean distance of confidence and accuracy over the bins, by their rows
        (Naeini et al. 2015)."""
        return sum(bin_.rows * abs(bin_.confidence - bin_.accuracy) for bin_ in self.bins) / self.rows


def score(judged: Sequence[Judged]) -> Scores:
    """The figures of at least one judged row."""
    confusion = Counter((each.row.label, each.found) for each in judged)
    hard = [each for each in judged if each.row.is_hard]
    hard_none = [each for each in hard if each.row.label is Label.NONE]
    return Scores(
        per_class={label: _class_score(label, confusion) for label in LABELS},
        confusion=confusion,
        hard_rows=len(hard),
        hard_none_rows=len(hard_none),
        hard_false_alarms=sum(each.found is not Label.NONE for each in hard_none),
        bins=_bins(judged),
        cpu_ms_per_row=sum(each.cpu_ms for each in judged) / len(judged),
    )


def _class_score(label: Label, confusion: Counter[tuple[Label, Label]]) -> ClassScore:
    return ClassScore(
        rows=sum(confusion[label, found] for found in LABELS),
        found=sum(confusion[meant, label] for meant in LABELS),
        right=confusion[label, label],
    )


def _bins(judged: Sequence[Judged]) -> tuple[Bin, ...]:
    """Bins of equal width; empty ones are left out."""
    held: dict[int, list[Judged]] = {}
    for each in judged:
        held.setdefault(min(int(each.confidence * BINS), BINS - 1), []).append(each)
    return tuple(
        Bin(
            low=number / BINS,
            high=(number + 1) / BINS,
            rows=len(members),
            confidence=_mean([each.confidence for each in members]),
            accuracy=_mean([float(each.found is each.row.label) for each in members]),
        )
        for number, members in sorted(held.items())
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
