"""Industry packs: plays, knowledge, competitors and prompts to start from, as YAML files in this folder.

A pack may extend another: a play of the same key takes over the fields it names and adds its phrases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from coaching.phrases import BadPattern, check_patterns
from coaching.types import Channel, SignalKind

FOLDER = Path(__file__).resolve().parent
MIN_PHRASES = 8
MAX_SAY = 200
_NAME = re.compile(r"^[a-z0-9_]+$")
_PLAY_FIELDS = frozenset(
    {"key", "title", "kind", "topic", "channel", "priority", "cooldown_s", "say", "why", "patterns", "unless"}
)


class BadPack(ValueError):
    """A pack that can not be used; the message names the file, the entry and what to change."""


@dataclass(frozen=True, slots=True)
class PackPlay:
    key: str
    title: str
    kind: str
    topic: str
    say: str
    why: str
    patterns: tuple[str, ...]
    unless: tuple[str, ...] = ()
    channel: str = Channel.CUSTOMER.value
    priority: int = 50
    cooldown_s: int = 60


@dataclass(frozen=True, slots=True)
class Pack:
    """A whole pack, its ancestors merged in. `knowledge` is (key, title, body), `competitors` (name, spellings)."""

    name: str
    title: str
    live_prompt: str
    report_prompt: str
    plays: tuple[PackPlay, ...]
    knowledge: tuple[tuple[str, str, str], ...] = ()
    competitors: tuple[tuple[str, tuple[str, ...]], ...] = ()
    keyterms: tuple[str, ...] = field(default=())


def pack_names() -> tuple[str, ...]:
    """Every pack that comes with the product."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def load_pack(name: str) -> Pack:
    """Read and check a pack; raises `BadPack`."""
    if name not in pack_names() or not _NAME.match(name):
        raise BadPack(f"There is no pack “{name}”. There are: {', '.join(pack_names())}.")
    return build_pack(name, _merged(name, seen=()))


def build_pack(name: str, raw: dict[str, Any]) -> Pack:
    """Check a merged mapping and freeze it; raises `BadPack`."""
    plays = tuple(_play(name, entry) for entry in raw.get("plays", []))
    if len({play.key for play in plays}) != len(plays):
        raise BadPack(f"Pack {name}: two plays have the same key.")
    try:
        return Pack(
            name=name,
            title=str(raw["title"]),
            live_prompt=" ".join(str(raw["live_prompt"]).split()),
            report_prompt=" ".join(str(raw["report_prompt"]).split()),
            plays=plays,
            knowledge=tuple((entry["key"], entry["title"], entry["body"]) for entry in raw.get("knowledge", [])),
            competitors=tuple(
                (entry["name"], tuple(entry.get("also_known_as", ()))) for entry in raw.get("competitors", [])
            ),
            keyterms=tuple(str(term) for term in raw.get("keyterms", [])),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise BadPack(f"Pack {name}: {error} is missing or has the wrong form.") from error


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


def _play(pack: str, raw: Any) -> PackPlay:
    if not isinstance(raw, dict):
        raise BadPack(f"Pack {pack}: a play must be a mapping.")
    where = f"Pack {pack}, play {raw.get('key', '(without key)')}"
    unknown = set(raw) - _PLAY_FIELDS
    missing = {"key", "title", "kind", "topic", "say", "why"} - set(raw)
    if unknown or missing:
        raise BadPack(f"{where}: unknown {sorted(unknown)}, missing {sorted(missing)}.")
    if raw["kind"] not in [kind.value for kind in SignalKind]:
        raise BadPack(f"{where}: “{raw['kind']}” is no kind of signal.")
    if raw.get("channel", "customer") not in ("", *(channel.value for channel in Channel)):
        raise BadPack(f"{where}: “{raw['channel']}” is no channel.")
    if len(raw["say"]) > MAX_SAY:
        raise BadPack(f"{where}: say is longer than {MAX_SAY} characters.")
    return _frozen(where, raw)


def _frozen(where: str, raw: dict[str, Any]) -> PackPlay:
    try:
        patterns = check_patterns("\n".join(raw.get("patterns", [])))
        unless = check_patterns("\n".join(raw.get("unless", [])))
    except (BadPattern, TypeError) as error:
        raise BadPack(f"{where}: {error}") from error
    if len(patterns) < MIN_PHRASES:
        raise BadPack(f"{where}: only {len(patterns)} phrases; people say it in more than {MIN_PHRASES} ways.")
    return PackPlay(**{**raw, "patterns": patterns, "unless": unless})
