"""The kinds of a call's log and their payloads: the one place, mirrored in `static/js/types.d.ts`.

An event is `(call, seq, at, kind, payload)`, `seq` from 1 without holes. On the wire it is
`{"type": "event", "seq", "at" (ms since 1970), "kind", "payload"}`. What is painted and forgotten is
ephemeral: `{"type": "interim" | "card_text" | "meters", …}`, without a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from calls.redaction import CleanLine
from coaching.types import Card, CardAction, Moment, Signal, Usage


class Kind(StrEnum):
    CALL_STARTED = "call_started"
    CONSENT = "consent"
    LINE = "line"
    SIGNAL = "signal"
    MOMENT = "moment"
    CARD = "card"
    CARD_ACTION = "card_action"
    NOTE = "note"
    STATE = "state"
    GAP = "gap"
    USAGE = "usage"
    CALL_ENDED = "call_ended"
    REPORT = "report"


Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One numbered entry. `at_ms` is UTC milliseconds since 1970."""

    seq: int
    at_ms: int
    kind: Kind
    payload: Payload

    def to_wire(self) -> dict[str, Any]:
        return {"type": "event", "seq": self.seq, "at": self.at_ms, "kind": self.kind.value, "payload": self.payload}


def call_started(
    *, channels: int, source: str, customer: str, member: str, place: str = "", consent_mode: str = "one_party"
) -> Payload:
    """`place`: where the customer is, codes as in tenants/consent/rules.yaml; `consent_mode`: what the call needs."""
    return {
        "channels": channels,
        "source": source,
        "customer": customer,
        "member": member,
        "place": place,
        "consent_mode": consent_mode,
    }


def consent(
    *,
    mode: str,
    answer: str,
    hears: str,
    wording: str,
    language: str,
    place: str,
    given_by: str,
    recorded_by: str,
) -> Payload:
    """The customer's answer. `hears`: whose audio comes in from now on, `all`, `rep` or `nobody`.

    `given_by`: `customer`, or `recording` where nobody was on the line. `wording` is what was to be said.
    """
    return {
        "mode": mode,
        "answer": answer,
        "hears": hears,
        "wording": wording,
        "language": language,
        "place": place,
        "given_by": given_by,
        "recorded_by": recorded_by,
    }


def line(value: CleanLine) -> Payload:
    """A final line. Words as `[text, start_ms, end_ms, confidence]`: they are most of the log's bytes."""
    return {
        "channel": value.channel.value,
        "text": value.text,
        "start_ms": value.start_ms,
        "end_ms": value.end_ms,
        "confidence": round(value.confidence, 3),
        "utterance": value.utterance,
        "provider": value.provider,
        "recovered": value.recovered,
        "words": [[word.text, word.start_ms, word.end_ms, round(word.confidence, 2)] for word in value.words],
    }


def interim(value: CleanLine) -> dict[str, Any]:
    """Ephemeral: replaces the last interim of `(channel, utterance)`."""
    return {
        "type": "interim",
        "channel": value.channel.value,
        "text": value.text,
        "start_ms": value.start_ms,
        "end_ms": value.end_ms,
        "utterance": value.utterance,
    }


def signal(value: Signal) -> Payload:
    return {
        "id": value.id,
        "kind": value.kind.value,
        "topic": value.topic,
        "channel": value.channel.value,
        "confidence": round(value.confidence, 3),
        "quote": value.quote,
        "start_ms": value.start_ms,
        "end_ms": value.end_ms,
    }


def moment(value: Moment) -> Payload:
    return {
        "id": value.id,
        "signal_id": value.signal_id,
        "kind": value.kind.value,
        "topic": value.topic,
        "state": value.state.value,
        "quote": value.quote,
        "start_ms": value.start_ms,
        "end_ms": value.end_ms,
    }


def card(value: Card) -> Payload:
    """`prompt_version` and `playbook_version` are numbers as the admin shows them, null where none made the card."""
    return {
        "id": value.id,
        "lane": value.lane.value,
        "kind": value.kind.value if value.kind else "",
        "title": value.title,
        "say": value.say,
        "why": value.why,
        "topic": value.topic,
        "trigger_end_ms": value.trigger_end_ms,
        "signal_id": value.signal_id or "",
        "source": asdict(value.source) if value.source else None,
        "replaces": value.replaces or "",
        "author": value.author,
        "prompt_version": value.prompt_version,
        "playbook_version": value.playbook_version,
        "play": value.play,
        "question": value.question,
    }


def card_text(card_id: str, say: str) -> dict[str, Any]:
    """Ephemeral: the growing text of a model card."""
    return {"type": "card_text", "id": card_id, "say": say}


def card_action(*, card_id: str, action: CardAction, member: str, latency_ms: int | None = None) -> Payload:
    """What the rep did. For `painted`, `latency_ms` is the browser's own measure (METRICS.md, card latency)."""
    return {"card_id": card_id, "action": action.value, "member": member, "latency_ms": latency_ms}


def note(*, note_id: str, text: str, author: str) -> Payload:
    return {"id": note_id, "text": text, "author": author}


def state(
    *,
    rung: str,
    parts: Mapping[str, str],
    since: Mapping[str, int] | None = None,
    audio: str,
    words: str,
    epoch: int = 0,
    wants_browser_speech: bool = False,
) -> Payload:
    """The ladder: the lowest rung, each part's own rung, what happens to the audio, and a sentence for people.

    `since`: when each part came to its rung, UTC milliseconds since 1970. `epoch`: which owner of the call says so;
    an owner that took over says it first of all, and so marks where its numbers begin (`calls.live.epochs`).
    `wants_browser_speech`: nobody hears on the server, so the rep's browser is to recognise the rep's side.
    """
    return {
        "rung": rung,
        "parts": dict(parts),
        "since": dict(since or {}),
        "audio": audio,
        "words": words,
        "epoch": epoch,
        "wants_browser_speech": wants_browser_speech,
    }


def gap(*, start_ms: int, end_ms: int, reason: str) -> Payload:
    return {"start_ms": start_ms, "end_ms": end_ms, "reason": reason}


def usage(value: Usage) -> Payload:
    return {
        "component": value.component.value,
        "provider": value.provider,
        "model": value.model,
        "unit": value.unit,
        "quantity": value.quantity,
        "purpose": value.purpose,
        "is_waste": value.is_waste,
        "is_estimate": value.is_estimate,
    }


def call_ended(*, reason: str, duration_ms: int, epoch: int = 0) -> Payload:
    """`reason`: `hung_up`, `silent` (the sweeper found no sign of life) or `moved`. `epoch`: as in `state`."""
    return {"reason": reason, "duration_ms": duration_ms, "epoch": epoch}


def report(*, state: str, prompt_version: int | None = None) -> Payload:
    """`prompt_version`: the number of the report prompt that wrote it, null when no model did."""
    return {"state": state, "prompt_version": prompt_version}


def meters(*, rep: float, customer: float, rep_ms: int, customer_ms: int, samples: int) -> dict[str, Any]:
    """Ephemeral, about 4 a second: levels 0–1 and speaking time so far, from channel energy."""
    return {
        "type": "meters",
        "rep": round(rep, 3),
        "customer": round(customer, 3),
        "rep_ms": rep_ms,
        "customer_ms": customer_ms,
        "samples": samples,
    }
