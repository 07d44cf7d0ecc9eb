"""What the classifier makes of the rules' hits: it keeps them, takes them back, or adds what no rule found. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from coaching.signals.classifier import shipped
from coaching.signals.hits import Hit
from coaching.signals.labels import SHOWN, Label, label_of, subject_of
from coaching.signals.text import STOPS, Even

FEWEST_WORDS = 3
SHARE = 0.2
"""A second objection of a line stands with a fifth of the probability, if it is sure that the line says something."""


class Scales:
    """The shipped classifier with a business's own thresholds laid over the measured ones."""

    def __init__(self, thresholds: Mapping[Label, float]) -> None:
        self._classifier = shipped()
        self._thresholds = {**self._classifier.thresholds, **thresholds}

    def weigh(self, even: Even, rules: Sequence[str], hits: Iterable[Hit]) -> list[Hit]:
        """The hits that stand, with their probability, and at most one more. Kinds that are no label always stand."""
        hits = list(hits)
        words = [token.text for token in even.tokens[even.lead :]]
        if any(hit.first < even.lead for hit in hits):
            words = [token.text for token in even.tokens]
        found = self._classifier.probabilities(words, rules)
        kept = [hit for hit in (self._weighed(hit, found) for hit in hits) if hit is not None]
        best = max(SHOWN, key=found.__getitem__)
        is_known = any(label_of(hit.kind, hit.topic) is best for hit in kept)
        if not is_known and found[best] >= self._thresholds[best] and _is_speech(words):
            kept.append(self._inferred(even, best, found[best]))
        return kept

    def probabilities(self, even: Even, rules: Sequence[str]) -> dict[Label, float]:
        return self._classifier.probabilities([token.text for token in even.tokens[even.lead :]], rules)

    def _weighed(self, hit: Hit, found: Mapping[Label, float]) -> Hit | None:
        label = label_of(hit.kind, hit.topic)
        if label is None:
            return hit
        is_sure = found[label] >= self._thresholds[label]
        is_second = found[label] >= SHARE and 1 - found[Label.NONE] >= self._thresholds[label]
        return replace(hit, probability=found[label]) if is_sure or is_second else None

    def _inferred(self, even: Even, label: Label, probability: float) -> Hit:
        """A hit on the sentence that says it most; no rule knows its words."""
        kind, topic = subject_of(label)
        sentences = list(_sentences(even))
        first, last = sentences[0]
        if len(sentences) > 1:
            first, last = max(sentences, key=lambda each: self._says(even, each, label))
        is_closed = last < len(even.tokens) - 1
        return Hit(kind, topic, probability, first, last, is_closed, probability=probability, is_inferred=True)

    def _says(self, even: Even, sentence: tuple[int, int], label: Label) -> float:
        first, last = sentence
        return self._classifier.probabilities([token.text for token in even.tokens[first : last + 1]], ())[label]


def _is_speech(words: Sequence[str]) -> bool:
    """One or two words mean whatever was asked before."""
    return sum(word not in STOPS for word in words) >= FEWEST_WORDS


def _sentences(even: Even) -> Iterator[tuple[int, int]]:
    """First and last token of each sentence of the line itself, its end mark left out."""
    first = even.lead
    for number in range(even.lead, len(even.tokens)):
        if even.tokens[number].text in STOPS:
            if number > first:
                yield first, number - 1
            first = number + 1
    if first < len(even.tokens):
        yield first, len(even.tokens) - 1
