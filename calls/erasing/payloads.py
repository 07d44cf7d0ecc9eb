"""What a person said, wrote or is called in the events of a log, by kind. Pure.

`PARTS` names every field of every kind; a kind or a field that is missing here fails the tests, so nothing is logged
of which nobody has decided what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from calls.erasing.names import ERASED, Names
from calls.events import Kind
from coaching.types import Channel, Lane


class Part(StrEnum):
    """CODE: numbers, ids, kinds and our own sentences. SAID: words of the call. WRITTEN: by a person, a model or the
    business, and may repeat what was said. NAME: of the member who did it.
    """

    CODE = "code"
    SAID = "said"
    WRITTEN = "written"
    NAME = "name"


def _parts(code: str, *, said: str = "", written: str = "", name: str = "") -> dict[str, Part]:
    named = ((code, Part.CODE), (said, Part.SAID), (written, Part.WRITTEN), (name, Part.NAME))
    return {field: part for fields, part in named for field in fields.split()}


PARTS: Mapping[Kind, Mapping[str, Part]] = {
    Kind.CALL_STARTED: _parts("channels source place consent_mode", written="customer", name="member"),
    Kind.CONSENT: _parts("mode answer hears language place given_by", written="wording", name="recorded_by"),
    Kind.LINE: _parts("channel start_ms end_ms confidence utterance provider recovered", said="text words"),
    Kind.SIGNAL: _parts("id kind topic channel confidence start_ms end_ms", said="quote"),
    Kind.MOMENT: _parts("id signal_id kind topic state start_ms end_ms", said="quote"),
    Kind.CARD: _parts(
        "id lane kind topic trigger_end_ms signal_id replaces prompt_version playbook_version play",
        written="title say why question source",
        name="author",
    ),
    Kind.CARD_ACTION: _parts("card_id action latency_ms", name="member"),
    Kind.NOTE: _parts("id", written="text", name="author"),
    Kind.STATE: _parts("rung parts since audio words epoch wants_browser_speech"),
    Kind.GAP: _parts("start_ms end_ms reason"),
    Kind.USAGE: _parts("component provider model unit quantity purpose is_waste is_estimate"),
    Kind.CALL_ENDED: _parts("reason duration_ms epoch"),
    Kind.REPORT: _parts("state prompt_version"),
}

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Voice:
    """A member on own calls: what they said there goes. `other_signals`: ids of signals heard from the customer.

    `names` are the member's, `pseudonym` stands in their place.
    """

    names: Names
    pseudonym: str
    is_mono: bool
    other_signals: Collection[str]

    def without(self, kind: str, payload: Payload) -> dict[str, Any]:
        """The payload of an event, or of a moment or card of the report, without the member."""
        treat = _TREATED.get(Kind(kind), _keep)
        return with_pseudonym(kind, treat(self, payload), self.names, self.pseudonym)

    def is_theirs(self, channel: str) -> bool:
        """On one channel nobody knows who spoke: all of it goes."""
        return self.is_mono or channel == Channel.REP


def without_mentions(kind: str, payload: Payload, names: Names) -> Payload:
    """Names in what was said or written. Fields that are a member's name go with that member only."""
    parts = PARTS.get(Kind(kind), {})
    return {
        field: value if parts.get(field) is Part.NAME else names.erased_json(value) for field, value in payload.items()
    }


def with_pseudonym(kind: str, payload: Payload, names: Names, pseudonym: str) -> dict[str, Any]:
    """Fields that are the member's name; what they wrote under it goes."""
    parts = PARTS[Kind(kind)]
    mine = [field for field, part in parts.items() if part is Part.NAME and names.is_one(str(payload.get(field, "")))]
    changed = dict.fromkeys(mine, pseudonym)
    if "author" in mine:
        changed |= _blank(payload, Part.WRITTEN, parts)
    return {**payload, **changed}


def _keep(_: Voice, payload: Payload) -> Payload:
    return payload


def _line(voice: Voice, payload: Payload) -> Payload:
    if not voice.is_theirs(payload["channel"]):
        return payload
    return {**payload, **_blank(payload, Part.SAID, PARTS[Kind.LINE])}


def _signal(voice: Voice, payload: Payload) -> Payload:
    if not voice.is_theirs(payload.get("channel", "")):
        return payload
    return {**payload, **_blank(payload, Part.SAID, PARTS[Kind.SIGNAL])}


def _moment(voice: Voice, payload: Payload) -> Payload:
    """A moment does not say whose it is, its signal does. One whose signal is not known goes."""
    if not voice.is_mono and payload.get("signal_id") in voice.other_signals:
        return payload
    return {**payload, **_blank(payload, Part.SAID, PARTS[Kind.MOMENT])}


def _card(voice: Voice, payload: Payload) -> Payload:  # noqa: ARG001 - as the others
    """What a model wrote may repeat what was said; what comes from the playbook does not."""
    if payload.get("lane") != Lane.MODEL:
        return payload
    return {**payload, **_blank(payload, Part.WRITTEN, PARTS[Kind.CARD])}


_TREATED: Mapping[Kind, Callable[[Voice, Payload], Payload]] = {
    Kind.LINE: _line,
    Kind.SIGNAL: _signal,
    Kind.MOMENT: _moment,
    Kind.CARD: _card,
}


def _blank(payload: Payload, part: Part, parts: Mapping[str, Part]) -> dict[str, Any]:
    """Texts become `[erased]`; lists of words, and sources, become empty."""
    return {field: _blanked(payload[field]) for field, each in parts.items() if each is part and field in payload}


def _blanked(value: Any) -> Any:
    if isinstance(value, str):
        return ERASED if value else ""
    return [] if isinstance(value, list) else value
