"""Finds a person's names in texts and puts `[erased]` in their place. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

ERASED = "[erased]"
SHORTEST = 2

_PARTS = re.compile(r"[\s_-]+")


class NameTooShort(ValueError):
    """Would be found everywhere."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is too short to be looked for: give at least {SHORTEST} letters.")


class Names:
    """Spellings of one person: names and addresses, whole words, whatever their case.

    Between the parts of a name any blanks, hyphens and underscores may stand. Raises `NameTooShort`.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.all = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
        for name in self.all:
            if len(re.sub(r"\W", "", name)) < SHORTEST:
                raise NameTooShort(name)
        longest_first = sorted(self.all, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_pattern, longest_first)) or r"(?!)", re.IGNORECASE)

    @property
    def hints(self) -> list[list[str]]:
        """Words of each name, for a coarse search: a text without all words of one of them holds no name."""
        return [re.findall(r"\w+", name) for name in self.all]

    def spans(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in self._pattern.finditer(text)]

    def is_one(self, text: str) -> bool:
        """Whether the whole text is one of the names."""
        return self._pattern.fullmatch(text.strip()) is not None

    def erased(self, text: str) -> str:
        return self._pattern.sub(ERASED, text)

    def erased_json(self, value: Any) -> Any:
        """`value` with every text in it treated, keys apart; equal to it when there was nothing to do."""
        if isinstance(value, str):
            return self.erased(value)
        if isinstance(value, dict):
            return {key: self.erased_json(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.erased_json(inner) for inner in value]
        return value


def _pattern(name: str) -> str:
    if "@" in name:
        # An address is no part of a longer one.
        return rf"(?<![\w.+-]){re.escape(name)}(?![\w-]|\.\w)"
    parts = r"[\s_-]+".join(re.escape(part) for part in _PARTS.split(name) if part)
    return rf"(?<!\w){parts}(?!\w)"
