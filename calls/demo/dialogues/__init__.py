"""Written conversations, read from the YAML files beside this module."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from coaching.types import Channel

DEFAULT_PAUSE_S = 0.7


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side says in one go, after `pause_s` seconds of silence."""

    channel: Channel
    text: str
    pause_s: float


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One conversation. `member` is the rep's e-mail address; `note` is what the manager wrote in between."""

    key: str
    customer: str
    member: str
    days_ago: int
    hour: int
    turns: tuple[Turn, ...]
    note: str = ""


def read(name: str) -> tuple[Dialogue, ...]:
    """The dialogues of one business, newest first."""
    content = yaml.safe_load((Path(__file__).parent / f"{name}.yaml").read_text(encoding="utf-8"))
    return tuple(_dialogue(entry) for entry in content)


def _dialogue(entry: dict[str, Any]) -> Dialogue:
    return Dialogue(
        key=entry["key"],
        customer=entry["customer"],
        member=entry["member"],
        days_ago=entry["days_ago"],
        hour=entry["hour"],
        turns=tuple(_turn(turn) for turn in entry["turns"]),
        note=entry.get("note", ""),
    )


def _turn(entry: dict[str, Any]) -> Turn:
    channel = Channel.REP if "rep" in entry else Channel.CUSTOMER
    return Turn(channel=channel, text=entry[channel.value], pause_s=float(entry.get("pause", DEFAULT_PAUSE_S)))
