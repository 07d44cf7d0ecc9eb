"""The eight things that one line of a customer can be, for the classifier and for judging detection. Pure.

docs/signal-labels.md says what each means, with its edges.
"""

from __future__ import annotations

from enum import StrEnum

from coaching.types import SignalKind


class Label(StrEnum):
    """In the order of the classifier's outputs."""

    PRICE = "price_objection"
    TIMING = "timing_objection"
    AUTHORITY = "authority_objection"
    NEED = "need_objection"
    TRUST = "trust_objection"
    COMPETITOR = "competitor_objection"
    BUYING = "buying_signal"
    NONE = "none"


LABELS = tuple(Label)
SHOWN: tuple[Label, ...] = tuple(label for label in LABELS if label is not Label.NONE)
"""Those that a rep gets to see."""

_OBJECTIONS = {
    "price": Label.PRICE,
    "timing": Label.TIMING,
    "brush_off": Label.TIMING,
    "authority": Label.AUTHORITY,
    "need": Label.NEED,
    "status_quo": Label.NEED,
    "trust": Label.TRUST,
    "security": Label.TRUST,
    "contract": Label.TRUST,
    "implementation": Label.TRUST,
    "competitor": Label.COMPETITOR,
}


def label_of(kind: SignalKind, topic: str) -> Label | None:
    """What a signal says of its line; None for kinds that are no label: questions, price talk, mentions of rivals."""
    if kind is SignalKind.BUYING_SIGNAL:
        return Label.BUYING
    return _OBJECTIONS.get(topic) if kind is SignalKind.OBJECTION else None


def subject_of(label: Label) -> tuple[SignalKind, str]:
    """The kind and topic of a signal that only the classifier found. Raises `ValueError` for `NONE`."""
    if label is Label.NONE:
        raise ValueError("A line that says nothing has no signal.")
    if label is Label.BUYING:
        return SignalKind.BUYING_SIGNAL, "interest"
    return SignalKind.OBJECTION, label.value.removesuffix("_objection")


def threshold_name(label: Label) -> str:
    """The setting of a business's coaching policy that says, in percent, how sure a signal must be; 0: as measured."""
    return f"{label.value}_from_percent"
