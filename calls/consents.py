"""Consent of one call in the database: what it needs, what was answered. Synchronous, within the current business.

The answer is committed before the door opens: while the database is away nobody new is heard.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from calls import events, services
from calls.live import wake
from calls.live.door import ConsentState, opening
from calls.live.messages import CONSENT_MAIL
from calls.models import Call, CallConsent, CallInbox, CallState
from calls.services import CallError, CallNotFound, CallOver
from tenants.consent.rules import Answer, Mode, answers_for, is_given
from tenants.context import require_tenant
from tenants.members.refs import MemberRef

RECORDED_SOURCES = frozenset({"sample", "replay"})
"""Nobody is on the line: the answer is that of whoever made the recording."""


class ConsentRefusedError(CallError):
    """This can not be recorded: the call's mode knows no such answer, or the customer has said no for good."""

    close_code = 4403
    status = 409
    code = "consent_not_possible"


def start_call(
    *, member: MemberRef, channels: int, customer: str, source: str, places: Sequence[str], answer: Answer
) -> Call:
    """A new call of `member`, with the answer when the caller has it already."""
    with transaction.atomic():
        call = services.create_call(member=member, channels=channels, customer=customer, source=source, places=places)
        if answer is not Answer.NONE:
            _take(call, answer, member)
    return call


def state_of(call: Call) -> ConsentState:
    return ConsentState(Mode(call.consent_mode), Answer(call.consent_answer))


def to_wire(call: Call) -> dict[str, Any]:
    """What the call needs, what was answered, and whose audio comes in."""
    state = state_of(call)
    return {
        "mode": call.consent_mode,
        "answer": call.consent_answer,
        "hears": opening(state, call.channels).value,
        "wording": call.consent_wording,
        "language": call.consent_language,
        "place": call.place,
        "answers": [each.value for each in answers_for(state.mode)],
    }


def record_answer(call_id: uuid.UUID, *, member: MemberRef, answer: Answer) -> Call:
    """The customer's answer, recorded by the person on the call; committed when this returns.

    The same answer again changes nothing. Raises `CallError` for another's or an ended call,
    `ConsentRefusedError`, and what the database raises.
    """
    services.own_call(call_id, member)
    with transaction.atomic():
        call = Call.objects.select_for_update().filter(pk=call_id).first()
        if call is None:
            raise CallNotFound
        if call.state == CallState.ENDED:
            raise CallOver
        if call.consent_answer != answer.value:
            _take(call, answer, member)
    return call


def is_on_unheard_call(member: MemberRef) -> bool:
    """Whether the member is on a call that may not be heard just now: their microphone hears its customer too."""
    calls = Call.objects.filter(member_id=member.id, state=CallState.OPEN)
    return any(not is_given(state.mode, state.answer) for state in map(state_of, calls))


def _take(call: Call, answer: Answer, member: MemberRef) -> None:
    """Checks and writes the answer: on the call, as a row of its own, and into the log by whoever may number it."""
    before = state_of(call)
    if before.answer.is_refusal:
        raise ConsentRefusedError("The customer has said no: that stands for this call.")
    if answer not in answers_for(before.mode):
        raise ConsentRefusedError("Here the customer has to answer: send yes or no.")
    call.consent_answer, call.consent_at = answer.value, timezone.now()
    call.save(update_fields=["consent_answer", "consent_at"])
    CallConsent.objects.create(
        call=call,
        mode=call.consent_mode,
        answer=answer.value,
        wording=call.consent_wording,
        language=call.consent_language,
        place=call.place,
        given_by=_given_by(call),
        recorded_by_id=member.id,
        recorded_by_name=member.name,
        recorded_at=call.consent_at,
    )
    _tell(call, member)


def _tell(call: Call, member: MemberRef) -> None:
    """While a process owns the call only it numbers events: it finds this in its inbox."""
    payload = events.consent(
        mode=call.consent_mode,
        answer=call.consent_answer,
        hears=opening(state_of(call), call.channels).value,
        wording=call.consent_wording,
        language=call.consent_language,
        place=call.place,
        given_by=_given_by(call),
        recorded_by=member.name,
    )
    if call.epoch == 0:
        services.append_first(call, events.Kind.CONSENT, payload)
        return
    message = {"type": CONSENT_MAIL, "payload": dict(payload)}
    CallInbox.objects.create(call=call, member_id=member.id, member_name=member.name, is_own_call=True, message=message)
    business_id = require_tenant().id
    transaction.on_commit(lambda: wake.send_inbox(business_id, call.id), robust=True)


def _given_by(call: Call) -> str:
    return "recording" if call.source in RECORDED_SOURCES else "customer"
