"""Scores as a table for people and as JSON for programs. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator

from coaching.evaluation.scores import Scores
from coaching.signals.labels import LABELS


def as_text(scores: Scores) -> str:
    """A few tables, at most 100 columns wide."""
    return "\n".join([*_classes(scores), "", *_totals(scores), "", *_calibration(scores), "", *_confusion(scores)])


def as_json(scores: Scores) -> str:
    """One line. Figures are rounded to four places."""
    return json.dumps(
        {
            "rows": scores.rows,
            "macro_f1": _round(scores.macro_f1),
            "macro_f1_counts_none": True,
            "macro_f1_of_signals": _round(scores.macro_f1_of_signals),
            "accuracy": _round(scores.accuracy),
            "per_class": {
                label.value: {
                    "precision": _round(one.precision),
                    "recall": _round(one.recall),
                    "f1": _round(one.f1),
                    "rows": one.rows,
                    "found": one.found,
                }
                for label, one in scores.per_class.items()
            },
            "hard_rows": scores.hard_rows,
            "hard_none_rows": scores.hard_none_rows,
            "hard_false_alarm_rate": _round(scores.hard_false_alarm_rate),
            "ece": _round(scores.ece),
            "reliability": [
                {
                    "low": bin_.low,
                    "high": bin_.high,
                    "rows": bin_.rows,
                    "confidence": _round(bin_.confidence),
                    "accuracy": _round(bin_.accuracy),
                }
                for bin_ in scores.bins
            ],
            "cpu_ms_per_row": _round(scores.cpu_ms_per_row),
            "confusion": {
                meant.value: {found.value: scores.confusion[meant, found] for found in LABELS} for meant in LABELS
            },
        }
    )


def _classes(scores: Scores) -> Iterator[str]:
    yield f"{'label':<22}{'rows':>6}{'found':>7}{'precision':>11}{'recall':>8}{'F1':>7}"
    for label, one in scores.per_class.items():
        figures = f"{one.precision:>11.3f}{one.recall:>8.3f}{one.f1:>7.3f}"
        yield f"{label.value:<22}{one.rows:>6}{one.found:>7}{figures}"


def _totals(scores: Scores) -> Iterator[str]:
    yield f"macro F1 over the labels with rows, none counted   {scores.macro_f1:.3f}"
    yield f"macro F1 without none                              {scores.macro_f1_of_signals:.3f}"
    yield f"accuracy                                           {scores.accuracy:.3f}"
    alarms = f"{scores.hard_false_alarms} of {scores.hard_none_rows} hard rows of none"
    yield f"false alarms on hard negatives                     {scores.hard_false_alarm_rate:.3f}  ({alarms})"
    yield f"CPU a row                                          {scores.cpu_ms_per_row:.2f} ms"


def _calibration(scores: Scores) -> Iterator[str]:
    yield f"calibration: expected error {scores.ece:.3f}"
    yield f"{'confidence':<14}{'rows':>6}{'mean':>8}{'right':>8}"
    for bin_ in scores.bins:
        yield f"{bin_.low:.1f} to {bin_.high:.1f}    {bin_.rows:>6}{bin_.confidence:>8.3f}{bin_.accuracy:>8.3f}"


def _confusion(scores: Scores) -> Iterator[str]:
    yield "meant (down) and found (across)"
    yield " " * 22 + "".join(f"{label.value[:8]:>9}" for label in LABELS)
    for meant in LABELS:
        yield f"{meant.value:<22}" + "".join(f"{scores.confusion[meant, found]:>9}" for found in LABELS)


def _round(figure: float) -> float:
    return round(figure, 4)
