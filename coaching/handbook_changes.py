"""What differs between two handbooks, entry by entry, as people name things; and one laid over another. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from coaching import handbook
from coaching.handbook import Handbook

PARTS = {"plays": "Play", "knowledge": "Fact", "competitors": "Competitor", "keyterms": "Keyterm"}


class What(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class Mode(StrEnum):
    """How a file is laid over the working copy."""

    ADD = "add"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One entry that differs. `key` is the entry's own: a play's or fact's key, a name, a word."""

    part: str
    key: str
    title: str
    what: What
    fields: tuple[Field, ...] = ()

    @property
    def kind(self) -> str:
        return PARTS[self.part]


def between(before: Handbook, after: Handbook) -> tuple[Change, ...]:
    """Every difference: plays first, then facts, competitors and keyterms. Their order does not count."""
    old, new = handbook.as_mapping(before), handbook.as_mapping(after)
    return tuple(change for part in PARTS for change in _of_part(part, _by_key(old[part]), _by_key(new[part])))


def laid_over(current: Handbook, file: Handbook, mode: Mode) -> Handbook:
    """What the working copy becomes. ADD: the file's entries take the place of those with their key, others stay."""
    if mode is Mode.REPLACE:
        return file
    plays = {play.key: play for play in (*current.plays, *file.plays)}
    facts = {fact.value.key: fact for fact in (*current.facts, *file.facts)}
    rivals = {rival.name: rival for rival in (*current.competitors, *file.competitors)}
    own = {play.key for play in file.plays}
    return Handbook(
        plays=tuple(plays.values()),
        facts=tuple(facts.values()),
        competitors=tuple(rivals.values()),
        keyterms=tuple(dict.fromkeys((*current.keyterms, *file.keyterms))),
        off=frozenset(current.off - own) | file.off,
    )


def keeping_off(current: Handbook, file: Handbook) -> Handbook:
    """The file, but what is switched off stays off."""
    own = {play.key for play in file.plays}
    return replace(file, off=file.off | (current.off & own))


def fingerprint(book: Handbook) -> str:
    """The same for the same content, whatever its order: to notice that somebody changed it meanwhile."""
    parts = handbook.as_mapping(book)
    ordered = {part: sorted(json.dumps(entry, sort_keys=True) for entry in parts[part]) for part in PARTS}
    return hashlib.sha256(json.dumps(ordered).encode()).hexdigest()[:16]


def counted(changes: Iterable[Change]) -> dict[str, int]:
    """How many entries were added, changed, removed."""
    found = list(changes)
    return {what.value: sum(change.what is what for change in found) for what in What}


def _of_part(part: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[Change]:
    for key, entry in new.items():
        if key not in old:
            yield Change(part, key, _title(entry), What.ADDED)
        elif entry != old[key]:
            yield Change(part, key, _title(entry), What.CHANGED, _fields(old[key], entry))
    for key, entry in old.items():
        if key not in new:
            yield Change(part, key, _title(entry), What.REMOVED)


def _by_key(entries: Iterable[Any]) -> dict[str, Any]:
    return {
        entry if isinstance(entry, str) else entry.get("key") or entry["name"]: entry
        for entry in entries
    }  # fmt: skip


def _title(entry: Any) -> str:
    return entry if isinstance(entry, str) else str(entry.get("title") or entry["name"])


def _fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Field, ...]:
    names = dict.fromkeys((*old, *new))
    return tuple(
        Field(name, _words(old.get(name)), _words(new.get(name))) for name in names if old.get(name) != new.get(name)
    )


def _words(value: Any) -> str:
    if value is None:
        return ""
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)
