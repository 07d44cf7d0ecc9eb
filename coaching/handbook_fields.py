"""Reading one mapping of a playbook, field by field: all mistakes are noted, each with its place. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from coaching.types import Channel, Subject

MAX_LINES = 2
EITHER = "either"

Place = tuple[str | int, ...]
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend: where (as keys and positions into the mapping) and, in a sentence, what to do."""

    place: Place
    words: str


class Fields:
    """One mapping of the file being read. Every reader gives a usable value and notes what is wrong."""

    def __init__(self, raw: Mapping[Any, Any], place: Place, problems: list[Problem]) -> None:
        self._raw = raw
        self._place = place
        self.problems = problems

    def wrong(self, name: str | int, words: str) -> None:
        self.problems.append(Problem((*self._place, name), words))

    def only(self, *known: str) -> None:
        for name in self._raw:
            if name not in known:
                self.wrong(str(name), f"“{name}” is unknown here. Known are: {', '.join(known)}.")

    def entries(self, name: str, most: int) -> list[Fields]:
        found = self._list(name, most)
        for number, entry in enumerate(found):
            if not isinstance(entry, Mapping):
                self.problems.append(
                    Problem((*self._place, name, number), f"Each of {name} is written as names and values: “key: …”.")
                )
        return [
            Fields(entry, (*self._place, name, number), self.problems)
            for number, entry in enumerate(found)
            if isinstance(entry, Mapping)
        ]

    def text(self, name: str, most: int, *, is_needed: bool = True) -> str:
        value = self._raw.get(name)
        if value is None or value == "":
            if is_needed:
                self.wrong(name, f"“{name}” is missing.")
            return ""
        if isinstance(value, (Mapping, list)):
            self.wrong(name, f"“{name}” is one text: put it in quotes.")
            return ""
        text = " ".join(str(value).split())
        if len(text) > most:
            self.wrong(name, f"“{name}” has {len(text)} characters: at most {most}.")
        return text

    def joined(self, name: str, most: int) -> str:
        """One text, or a list of lines."""
        value = self._raw.get(name)
        if isinstance(value, list):
            return "\n".join(self.lines(name, MAX_LINES, most))
        if isinstance(value, str) and "\n" in value.strip():
            return "\n".join(" ".join(line.split()) for line in value.strip().splitlines() if line.strip())
        return self.text(name, most)

    def lines(self, name: str, most: int, longest: int) -> tuple[str, ...]:
        texts = []
        for number, value in enumerate(self._list(name, most)):
            if value is None or isinstance(value, (Mapping, list)):
                self.problems.append(Problem((*self._place, name, number), "This is one text: put it in quotes."))
                continue
            text = " ".join(str(value).split())
            if len(text) > longest:
                self.problems.append(
                    Problem((*self._place, name, number), f"“{text[:30]}…” is longer than {longest} characters.")
                )
            texts.append(text)
        return tuple(text for text in texts if text)

    def number(self, name: str, least: int, most: int, usual: int) -> int:
        value = self._raw.get(name, usual)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.wrong(name, f"“{name}” is a whole number from {least} to {most}.")
            return usual
        return value

    def flag(self, name: str, *, usual: bool) -> bool:
        value = self._raw.get(name, usual)
        if not isinstance(value, bool):
            self.wrong(name, f"“{name}” is true or false.")
            return usual
        return value

    def choice(self, name: str, choices: type[Choice], usual: Choice | None) -> Choice:
        value = self._raw.get(name, usual)
        known = [each.value for each in choices]
        if value not in known:
            said = f"“{name}” is missing" if value is None else f"“{value}” is unknown"
            self.wrong(name, f"{said}: write one of {', '.join(known)}.")
            return usual or next(iter(choices))
        return choices(value)

    def channel(self, name: str) -> Channel | None:
        value = self._raw.get(name, Channel.CUSTOMER)
        if value in ("", EITHER):
            return None
        if value not in list(Channel):
            self.wrong(name, f"“{value}” is no speaker: write customer, rep or {EITHER}.")
            return Channel.CUSTOMER
        return Channel(value)

    def matching(self, name: str, form: re.Pattern[str], words: str) -> str:
        value = self.text(name, 50)
        if value and not form.fullmatch(value):
            self.wrong(name, f"“{value}” can not be a {name}: {words}.")
        return value

    def subject(self, text: str, name: str) -> Subject | None:
        if not text:
            return None
        try:
            return Subject.parse(text)
        except ValueError as error:
            self.wrong(name, str(error))
            return None

    def day(self, name: str) -> date | None:
        value = self._raw.get(name)
        if value is None or value == "":
            return None
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.wrong(name, f"“{value}” is no day: write it like 2026-12-31.")
            return None

    def _list(self, name: str, most: int) -> list[Any]:
        value = self._raw.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong(name, f"“{name}” is a list: one entry a line, each after a dash.")
            return []
        if len(value) > most:
            self.wrong(name, f"{len(value)} entries are too many: at most {most}.")
        return value[:most]
