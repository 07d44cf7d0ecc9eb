"""Trains the classifier. How sure it may be comes from lines of writers that it did not learn from. Reads files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coaching.signals.classifier import STEPS
from coaching.signals.corpus import Example, by_pattern, written
from coaching.signals.detector import evidence, matches
from coaching.signals.features import Floats, Ints, features
from coaching.signals.labels import LABELS, SHOWN, Label
from coaching.signals.text import normalise
from coaching.signals.training import Table, fit, softmax
from coaching.types import Channel, Line

SEED = 5
EACH = 8
PATTERN_WEIGHT = 0.5
SHRINK = 2e-5
WRITERS = (1, 2, 3)
PRECISIONS = (0.90, 0.85, 0.80)
"""The best of these that a label reaches is what its threshold is set for."""
FEWEST = 12
"""So many lines must reach a threshold before it is believed."""
HIGHEST = 0.97
LOWEST = 0.5


@dataclass(frozen=True, slots=True)
class Held:
    """What was learnt, and how it did on writers that were left out: `probabilities` (lines × labels)."""

    weights: Floats
    bias: Floats
    temperature: float
    thresholds: dict[Label, float]
    examples: tuple[Example, ...]
    probabilities: Floats


def train() -> Held:
    """Takes about a minute. The same data gives the same classifier."""
    examples = (*written(), *by_pattern(EACH, PATTERN_WEIGHT, SEED))
    rows = [features(*_words_and_rules(example.text)) for example in examples]
    writers = np.array([example.writer for example in examples])
    labels = np.array([LABELS.index(example.label) for example in examples])
    importance = np.array([example.weight for example in examples], np.float32)

    def fitted(chosen: Ints) -> tuple[Floats, Floats]:
        return fit(Table.of([rows[number] for number in chosen]), labels[chosen], importance[chosen], shrink=SHRINK)

    judged = np.flatnonzero(np.isin(writers, WRITERS))
    logits = np.zeros((len(examples), len(LABELS)), np.float32)
    for writer in WRITERS:
        weights, bias = fitted(np.flatnonzero(writers != writer))
        left_out = np.flatnonzero(writers == writer)
        logits[left_out] = Table.of([rows[number] for number in left_out]).times(weights) + bias
    temperature = best_temperature(logits[judged], labels[judged])
    probabilities = softmax(logits[judged] / temperature)
    weights, bias = fitted(np.arange(len(examples)))
    thresholds = dict(zip(SHOWN, _thresholds(probabilities, labels[judged]), strict=True))
    return Held(weights, bias, temperature, thresholds, tuple(examples[number] for number in judged), probabilities)


def save(held: Held, file: Path) -> None:
    """As bytes, compressed: a step of a label is a 127th of its largest weight."""
    step = np.abs(held.weights).max(axis=0) / STEPS
    np.savez_compressed(
        file,
        weights=np.rint(held.weights / step).astype(np.int8),
        step=step.astype(np.float32),
        bias=held.bias,
        temperature=np.float32(held.temperature),
        thresholds=np.array([held.thresholds[label] for label in SHOWN], np.float32),
    )


def best_temperature(logits: Floats, labels: Ints) -> float:
    """What to divide logits by so that lines not learnt from are least surprising (Guo et al. 2017)."""
    lines = np.arange(len(labels))
    candidates = np.arange(0.5, 3.0, 0.05)
    surprises = [-float(np.log(np.maximum(softmax(logits / each)[lines, labels], 1e-9)).mean()) for each in candidates]
    return float(candidates[int(np.argmin(surprises))])


def _thresholds(probabilities: Floats, labels: Ints) -> Iterator[float]:
    found, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    for number in range(len(SHOWN)):
        is_found = found == number
        yield threshold(sure[is_found], labels[is_found] == number)


def threshold(sure: Floats, is_right: np.ndarray) -> float:
    """The lowest probability from which on 90 % of the lines are right, where none is 85 or 80 %; else the highest."""
    order = np.argsort(-sure, kind="stable")
    precisions = np.cumsum(is_right[order]) / np.arange(1, len(order) + 1)
    are_enough = np.arange(len(order)) >= FEWEST - 1
    for wanted in PRECISIONS:
        good = np.flatnonzero((precisions >= wanted) & are_enough)
        if len(good):
            return round(min(max(float(sure[order][good[-1]]), LOWEST), HIGHEST), 3)
    return HIGHEST


def _words_and_rules(text: str) -> tuple[Sequence[str], Sequence[str]]:
    line = Line(Channel.CUSTOMER, text, 0, 0, 1.0, is_final=True, utterance=1, provider="training")
    even = normalise(line)
    return [token.text for token in even.tokens], list(evidence(matches(even, Channel.CUSTOMER)))
