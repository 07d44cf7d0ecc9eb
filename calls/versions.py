"""Which version of the business's material made a card or a report, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

BUILT_IN = 0


def of_card(card: Mapping[str, Any]) -> str:
    """“prompt v3, playbook v5” from a card's payload; empty for a manager's card and for older entries."""
    parts = (("prompt", card.get("prompt_version")), ("playbook", card.get("playbook_version")))
    return ", ".join(named(what, number) for what, number in parts if number is not None)


def of_cards(cards: Iterable[Mapping[str, Any]]) -> str:
    """Every version that made one of the cards, each once, the oldest first."""
    found = list(cards)
    parts = []
    for what in ("prompt", "playbook"):
        numbers = {number for card in found if (number := card.get(f"{what}_version")) is not None}
        parts += [named(what, number) for number in sorted(numbers)]
    return ", ".join(parts)


def named(what: str, number: int) -> str:
    """A version as people know it; 0 is what the program brings along."""
    return f"{what} v{number}" if number != BUILT_IN else f"built-in {what}"
