"""A place in a line where something was found. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from coaching.types import SignalKind


@dataclass(frozen=True, slots=True)
class Hit:
    """A signal found in an even line, by tokens first..last (both included). `is_closed`: words follow it.

    `confidence` is the rule's word, `probability` the classifier's, where it has one. `is_inferred`: no rule found it.
    """

    kind: SignalKind
    topic: str
    confidence: float
    first: int
    last: int
    is_closed: bool
    probability: float | None = None
    is_inferred: bool = False

    @property
    def likelihood(self) -> float:
        """How likely it is meant, 0 to 1."""
        return self.confidence if self.probability is None else self.probability

    def overlaps(self, other: Hit) -> bool:
        return self.first <= other.last and other.first <= self.last
