"""What clients say on the call sockets and to the call API, parsed at the edge into frozen values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from coaching.types import CardAction
from tenants.consent.rules import UNKNOWN, Answer, standard_rules
from tenants.members.help_modes import HelpMode

MAX_TEXT_BYTES = 8_192
MAX_NOTE_CHARS = 500
MAX_ID_CHARS = 64
MAX_LATENCY_MS = 600_000
MAX_PLACES = 8
CONSENT_MAIL = "consent"
"""The type of an inbox message that carries a recorded answer; clients can not send it."""


class MessageError(Exception):
    """A message that can not be taken; `reason` says what to send instead."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message of the audio socket. `resume` is the first sample the client can still send.

    `backlog`: it sends the newest audio first and the rest beside it, so a jump is no loss.
    """

    channels: int
    resume: int
    backlog: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """What a person did with a card. `latency_ms` only for `painted`: the browser's own measure."""

    card_id: str
    action: CardAction
    latency_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A manager's words for the rep."""

    text: str


@dataclass(frozen=True, slots=True)
class Help:
    """How much help the rep wants, from now on and in later calls."""

    mode: HelpMode


ClientMessage = Action | Note | Help
_CARD_ACTIONS = {action.value for action in CardAction}


def parse_object(text: str | bytes, *, max_bytes: int = MAX_TEXT_BYTES) -> dict[str, Any]:
    """A JSON object. Raises `MessageError`."""
    if len(text) > max_bytes:
        raise MessageError(f"A message is at most {max_bytes} bytes.")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise MessageError("This is not JSON: send one JSON object.") from None
    if not isinstance(value, dict):
        raise MessageError("Send one JSON object.")
    return value


def parse_hello(text: str) -> Hello:
    """The `hello` of the audio socket. Raises `MessageError`."""
    value = parse_object(text)
    if value.get("type") != "hello":
        raise MessageError("Say hello first.")
    only(value, {"type", "protocol", "encoding", "sample_rate", "channels", "resume", "backlog"})
    if not isinstance(value.get("backlog", False), bool):
        raise MessageError("backlog is true or false.")
    if value.get("protocol") != 1:
        raise MessageError("This server speaks protocol 1.")
    if value.get("encoding") != "linear16" or value.get("sample_rate") != 16_000:
        raise MessageError("Send audio as linear16 at a sample_rate of 16000.")
    channels = whole(value, "channels", 2)
    if channels < 1:
        raise MessageError("channels is 1 or 2.")
    resume = whole({"resume": 0, **value}, "resume", 1 << 53)
    return Hello(channels=channels, resume=resume, backlog=value.get("backlog", False))


def parse_client_message(value: dict[str, Any]) -> ClientMessage:
    """One `ClientMessage` of `types.d.ts`. Raises `MessageError`."""
    kind = value.get("type")
    if kind == "note":
        only(value, {"type", "text"})
        return Note(text(value, "text", maximum=MAX_NOTE_CHARS))
    if kind == "help":
        only(value, {"type", "mode"})
        return Help(_help_mode(value.get("mode")))
    if kind not in _CARD_ACTIONS:
        raise MessageError("Unknown message: send used, dismissed, pinned, snoozed, painted, note or help.")
    action = CardAction(kind)
    if action is CardAction.PAINTED:
        only(value, {"type", "card_id", "latency_ms"})
        return Action(text(value, "card_id", maximum=MAX_ID_CHARS), action, whole(value, "latency_ms", MAX_LATENCY_MS))
    only(value, {"type", "card_id"})
    return Action(text(value, "card_id", maximum=MAX_ID_CHARS), action)


def _help_mode(given: Any) -> HelpMode:
    if not isinstance(given, str) or given not in {mode.value for mode in HelpMode}:
        raise MessageError("mode is full, key_moments or silent.")
    return HelpMode(given)


def parse_answer(value: dict[str, Any], name: str) -> Answer:
    """The customer's answer. Raises `MessageError`."""
    given = value.get(name)
    if given not in {answer.value for answer in Answer if answer is not Answer.NONE}:
        raise MessageError(f"{name} is yes, stayed (told and stayed on the line), no or withdrawn.")
    return Answer(given)


def parse_places(value: dict[str, Any], name: str) -> tuple[str, ...]:
    """Codes of places: one as text, or several as a list. Raises `MessageError` for one without a rule."""
    given = value.get(name, [])
    places = [given] if isinstance(given, str) else given
    if not isinstance(places, list) or len(places) > MAX_PLACES:
        raise MessageError(f"{name} is a code such as US-CA, DE or {UNKNOWN}, or a list of at most {MAX_PLACES}.")
    for place in places:
        if not isinstance(place, str) or not standard_rules().knows(place):
            raise MessageError(f"{name} {str(place)[:20]!r} has no rule: use a code such as US-CA or DE, or {UNKNOWN}.")
    return tuple(dict.fromkeys(places))


def only(value: dict[str, Any], names: set[str]) -> None:
    """Refuses fields that mean nothing here: a typing error must not pass in silence."""
    if unknown := sorted(set(value) - names):
        raise MessageError(f"Unknown field {unknown[0][:40]!r}: send only {', '.join(sorted(names))}.")


def whole(value: dict[str, Any], name: str, maximum: int) -> int:
    number = value.get(name)
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= maximum:
        raise MessageError(f"{name} is a whole number from 0 to {maximum}.")
    return number


def text(value: dict[str, Any], name: str, maximum: int) -> str:
    words = value.get(name)
    if not isinstance(words, str) or not words.strip():
        raise MessageError(f"{name} is missing: send it as text.")
    if len(words) > maximum:
        raise MessageError(f"{name} is at most {maximum} characters.")
    return words.strip().replace("\x00", "")
