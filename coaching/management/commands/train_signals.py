"""Makes the classifier of signals anew from the lines in coaching/signals/data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from coaching.evaluation.judging import Judged
from coaching.evaluation.report import as_text
from coaching.evaluation.rows import Row
from coaching.evaluation.scores import score
from coaching.signals.classifier import WEIGHTS_FILE
from coaching.signals.labels import LABELS, Label
from coaching.signals.train import Held, save, train


class Command(BaseCommand):
    help = (
        "Train the classifier of signals and judge it by lines of writers that it did not learn from. "
        "Needs no business and no database; takes about a minute."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, default=WEIGHTS_FILE, help="Where to write the weights.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        held = train()
        save(held, options["file"])
        self.stdout.write("The likeliest label of each line, by writers left out in turn:\n\n")
        self.stdout.write(as_text(score(_judged(held))))
        self.stdout.write("\nThe same with the thresholds that were chosen on it:\n\n")
        self.stdout.write(as_text(score([_shown(each, held.thresholds) for each in _judged(held)])))
        self.stdout.write("\nthresholds: " + ", ".join(f"{label} {each}" for label, each in held.thresholds.items()))
        self.stdout.write(f"Written to {options['file']}.")


def _judged(held: Held) -> list[Judged]:
    return [
        Judged(Row(example.text, example.label, example.is_hard), LABELS[int(row.argmax())], float(row.max()), 0.0)
        for example, row in zip(held.examples, held.probabilities, strict=True)
    ]


def _shown(judged: Judged, thresholds: Mapping[Label, float]) -> Judged:
    if judged.confidence >= thresholds.get(judged.found, 0):
        return judged
    return replace(judged, found=Label.NONE)
