"""Industry packs: plays, knowledge, competitors and prompts to start from, as YAML files in this folder.

A pack is a playbook file (docs/playbook.md) with `live_prompt` and `report_prompt`. It may extend another: a play of
the same key takes over the fields it names and adds its phrases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from coaching import handbook
from coaching.handbook import BadHandbook, Handbook
from coaching.handbook_fields import Place
from coaching.types import Play, Trigger

FOLDER = Path(__file__).resolve().parent
MIN_PHRASES = 8
BUILT_IN = "general"
"""What calls of a business use that has published nothing yet."""

_NAME = re.compile(r"^[a-z0-9_]+$")


class BadPack(ValueError):
    """A pack that can not be used; the message names the file, the entry and what to change."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A whole pack, its ancestors merged in."""

    name: str
    title: str
    live_prompt: str
    report_prompt: str
    book: Handbook

    @property
    def plays(self) -> tuple[Play, ...]:
        return self.book.plays


def pack_names() -> tuple[str, ...]:
    """Every pack that comes with the product."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@cache
def load_pack(name: str) -> Pack:
    """Read and check a pack; raises `BadPack`."""
    if name not in pack_names() or not _NAME.match(name):
        raise BadPack(f"There is no pack “{name}”. There are: {', '.join(pack_names())}.")
    return build_pack(name, _merged(name, seen=()))


def build_pack(name: str, raw: dict[str, Any]) -> Pack:
    """Check a merged mapping and freeze it; raises `BadPack`."""
    own = {part: value for part, value in raw.items() if part not in ("title", "live_prompt", "report_prompt")}
    try:
        book = handbook.read(own)
    except BadHandbook as error:
        found = [f"{_named(raw, problem.place)}{problem.words}" for problem in error.problems]
        raise BadPack(f"Pack {name}: {' '.join(found)}") from error
    for play in book.plays:
        if play.trigger is Trigger.SAID and len(play.patterns) < MIN_PHRASES:
            count = len(play.patterns)
            raise BadPack(
                f"Pack {name}, play {play.key}: only {count} phrases; people say it in {MIN_PHRASES} and more."
            )
    try:
        return Pack(
            name=name,
            title=str(raw["title"]),
            live_prompt=" ".join(str(raw["live_prompt"]).split()),
            report_prompt=" ".join(str(raw["report_prompt"]).split()),
            book=book,
        )
    except KeyError as error:
        raise BadPack(f"Pack {name}: {error} is missing.") from error


def _named(raw: dict[str, Any], place: Place) -> str:
    match place:
        case (str(part), int(number), *_):
            entry = raw[part][number]
            return f"{part}, {entry.get('key') or entry.get('name') if isinstance(entry, dict) else entry}: "
    return ""


def _merged(name: str, *, seen: tuple[str, ...]) -> dict[str, Any]:
    if name in seen:
        raise BadPack(f"Pack {name} extends itself.")
    raw = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    if not isinstance(raw, dict):
        raise BadPack(f"Pack {name}: the file must hold a mapping.")
    parent = raw.pop("extends", None)
    if parent is None:
        return raw
    base = _merged(str(parent), seen=(*seen, name))
    plays = {play["key"]: play for play in base.get("plays", [])}
    for play in raw.get("plays", []):
        inherited = plays.get(play.get("key"), {})
        phrases = [*inherited.get("patterns", []), *play.get("patterns", [])]
        plays[play.get("key")] = {**inherited, **play, "patterns": phrases}
    merged = {**base, **raw, "plays": list(plays.values())}
    for part in ("knowledge", "competitors", "keyterms"):
        merged[part] = [*base.get(part, []), *raw.get(part, [])]
    return merged
