"""What the live detector makes of one line: a label, its probability and its cost. Pure but for the clock."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from coaching.ears import Ears, compiled
from coaching.evaluation.rows import Row
from coaching.signals.labels import Label, label_of
from coaching.signals.text import normalise
from coaching.types import Channel, Line, Material, Prompt

MS_PER_WORD = 300
NO_PROMPT = Prompt(version_id=0, system="")
NO_MATERIAL = Material(
    business_name="",
    plays=(),
    knowledge=(),
    competitors=(),
    keyterms=(),
    live_prompt=NO_PROMPT,
    report_prompt=NO_PROMPT,
)
"""A business that has set up nothing: what is found without plays and without competitors by name."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A row and its surest signal. `confidence` is the probability of `found`, 0 to 1; `cpu_ms` of this row alone."""

    row: Row
    found: Label
    confidence: float
    cpu_ms: float


def judge(rows: Iterable[Row], material: Material = NO_MATERIAL) -> tuple[Judged, ...]:
    """Hear every row as a customer's final line in a call of its own, the way a live call hears it."""
    Ears(material).hear(_line("good morning"))
    return tuple(_judged(row, material) for row in rows)


def _judged(row: Row, material: Material) -> Judged:
    line = _line(row.text)
    started_s = time.process_time()
    heard = Ears(material).hear(line)
    cpu_ms = (time.process_time() - started_s) * 1_000
    best, confidence = Label.NONE, 0.0
    for each in heard.found:
        label = label_of(each.signal.kind, each.signal.topic)
        if label is not None and each.signal.confidence > confidence:
            best, confidence = label, each.signal.confidence
    if best is Label.NONE:
        detector, _ = compiled(material)
        confidence = detector.likelihoods(normalise(line), Channel.CUSTOMER)[Label.NONE]
    return Judged(row, best, confidence, cpu_ms)


def _line(text: str) -> Line:
    end_ms = MS_PER_WORD * len(text.split())
    return Line(Channel.CUSTOMER, text, 0, end_ms, 1.0, is_final=True, utterance=1, provider="judge")
