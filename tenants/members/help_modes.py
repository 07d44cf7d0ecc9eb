"""How much help a member wants during calls. Pure: the coach reads it, the member chooses it."""

from __future__ import annotations

from enum import StrEnum


class HelpMode(StrEnum):
    """Compliance cards and managers' notes come in each of them."""

    FULL = "full"
    KEY_MOMENTS = "key_moments"
    SILENT = "silent"

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS = {
    HelpMode.FULL: "Full",
    HelpMode.KEY_MOMENTS: "Key moments",
    HelpMode.SILENT: "Silent",
}
CHOICES = [(mode.value, mode.label) for mode in HelpMode]
