"""The report of a finished call: words, moments, figures, what became of the cards. Written once, from the log."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing.ledger import Metered, record
from calls import claims, events, reading
from calls.analysis.cards import CardResult, Deed, counts, judge_cards
from calls.analysis.conversation import Conversation, analyse
from calls.clock import database_now
from calls.events import Kind
from calls.models import Call, CallEvent, Gap, Report
from calls.repair import again_at, repair_gaps
from calls.services import append_event
from calls.silencing import silence_redacted
from coaching.llm.base import Summary
from coaching.services import load_material
from coaching.summaries import write_summary
from coaching.types import Material, Moment, MomentState, SignalKind, Usage
from tenants.house.policies import current_policy

logger = logging.getLogger(__name__)

UNANSWERED = frozenset({MomentState.RAISED, MomentState.RETURNED})


class ReportFailedError(Exception):
    """An attempt failed; `error_id` is on the call and in the log of the process. The sweeper tries again."""

    def __init__(self, error_id: str) -> None:
        super().__init__(f"The report could not be written (error {error_id}).")
        self.error_id = error_id


class TakenOverError(Exception):
    """Another writer has the report by now; what this one made is dropped."""


def write_report(call_id: uuid.UUID) -> bool:
    """Writes the report of an ended call if it is due; False when there is nothing to do or someone else does it.

    Idempotent: run twice, at once or again after a crash, there is one report, and usage is metered once for every
    summary that was really asked for. Raises `ReportFailedError` after giving the claim back.
    """
    claim = claims.claim(call_id)
    if claim is None:
        return False
    try:
        _write(claim)
    except TakenOverError:
        return False
    except Exception as error:
        error_id = claims.give_back(claim)
        logger.exception(
            "Report not written", extra={"call": call_id.hex, "error_id": error_id, "attempt": claim.attempt}
        )
        if claim.attempt >= claims.MAX_ATTEMPTS and error_id:
            append_event(call_id, Kind.REPORT, events.report(state="failed"))
        raise ReportFailedError(error_id) from error
    return True


def repair_again(call_id: uuid.UUID) -> bool:
    """Tries the gaps of a written report once more; True when the report is to be written anew. Idempotent."""
    if not claims.claim_repair(call_id):
        return False
    call = Call.objects.get(pk=call_id)
    if repair_gaps(call, read_log(call_id).lines, load_material().keyterms):
        return claims.ask_again(call_id)
    claims.finish_repair(call_id, again_at=again_at(call, database_now()))
    return False


def _write(claim: claims.Claim) -> None:
    call, material = Call.objects.get(pk=claim.call_id), load_material()
    log = read_log(call.id)
    if repair_gaps(call, log.lines, material.keyterms):
        log = read_log(call.id)
    silence_redacted(call)
    log = _close_moments(call, log)
    record([_metered(call, usage) for usage in log.usage])
    gaps = Gap.objects.filter(call=call, repaired_at=None).values_list("start_ms", "end_ms")
    conversation = analyse(
        log.lines,
        channels=call.channels,
        untranscribed=list(gaps),
        with_sentiment=current_policy().customer_sentiment,
    )
    cards = judge_cards(
        log.cards, [Deed(deed.card_id, deed.action, deed.latency_ms) for deed in log.actions], conversation.speech
    )
    summary = write_summary(material, log.lines, log.moments)
    _meter_summary(call, summary.usage)
    _store(claim, material=material, summary=summary, moments=log.moments, conversation=conversation, cards=cards)


def read_log(call_id: uuid.UUID) -> reading.CallLog:
    rows = CallEvent.objects.filter(call_id=call_id).order_by("seq").values_list("seq", "at", "kind", "payload")
    return reading.read(rows)


def _close_moments(call: Call, log: reading.CallLog) -> reading.CallLog:
    """Objections nobody answered are `open` once the call is over; the log says so once."""
    closed = tuple(_closed(moment) for moment in log.moments)
    for before, after in zip(log.moments, closed, strict=True):
        if after is not before:
            append_event(call.id, Kind.MOMENT, events.moment(after))
    return replace(log, moments=closed)


def _closed(moment: Moment) -> Moment:
    if moment.kind is SignalKind.OBJECTION and moment.state in UNANSWERED:
        return replace(moment, state=MomentState.OPEN)
    return moment


def _metered(call: Call, usage: reading.LoggedUsage) -> Metered:
    return Metered.from_payload(
        usage.payload, call_id=call.id, call_seq=usage.seq, member_id=call.member_id, at=usage.at
    )


def _meter_summary(call: Call, usage: Sequence[Usage]) -> None:
    """At once and on its own: what was asked of the model costs, whatever happens to this attempt."""
    with transaction.atomic():
        for each in usage:
            payload = events.usage(each)
            seq = append_event(call.id, Kind.USAGE, payload)
            record([_metered(call, reading.LoggedUsage(seq, timezone.now(), payload))])


def _store(
    claim: claims.Claim,
    *,
    material: Material,
    summary: Summary,
    moments: Sequence[Moment],
    conversation: Conversation,
    cards: Sequence[CardResult],
) -> None:
    version = material.report_prompt.number if summary.origin == "model" else None
    with transaction.atomic():
        call = Call.objects.get(pk=claim.call_id)
        if not claims.finish(claim, again_at=again_at(call, database_now())):
            raise TakenOverError
        Report.objects.update_or_create(
            call_id=claim.call_id,
            defaults={
                "summary": summary.text,
                "origin": summary.origin,
                "model": summary.model,
                "prompt_version": version,
                "playbook_version": material.playbook_version,
                "key_points": _jumps(summary.key_points),
                "next_steps": _jumps(summary.next_steps),
                "moments": [dict(events.moment(moment)) for moment in moments],
                "figures": conversation.to_json() | {"cards": dict(counts(cards))},
                "cards": [_card(result) for result in cards],
                "coverage": conversation.figures["coverage"].value,
                "written_at": timezone.now(),
            },
        )
        append_event(claim.call_id, Kind.REPORT, events.report(state="ready", prompt_version=version))


def _jumps(points: Sequence[tuple[str, int | None]]) -> list[dict[str, Any]]:
    return [{"text": text, "start_ms": start_ms} for text, start_ms in points]


def _card(result: CardResult) -> dict[str, Any]:
    """The card's payload as shown, with its outcome."""
    return {
        **events.card(result.card),
        "outcome": result.outcome.value,
        "evidence": result.evidence.value,
        "is_pinned": result.is_pinned,
        "latency_ms": result.latency_ms,
        "heard_ms": result.heard_ms,
    }
