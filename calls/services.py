"""What may be done to a call in the database. Synchronous, keyword-only, within the current business.

Nothing here runs on a live call's hot path: the session writes its log through `calls.live.store`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from billing import budgets
from calls import events, looks, rep_first, tail
from calls.clock import database_now
from calls.live import wake
from calls.live.messages import MAX_NOTE_CHARS
from calls.models import Call, CallEvent, CallInbox, CallState, Gap, ReportState
from calls.typed import without_secrets
from tenants.audit.models import Via
from tenants.context import Business, require_tenant
from tenants.house.policies import current_policy, ruling_for
from tenants.members.access import can_watch, reach_of
from tenants.members.help_modes import HelpMode
from tenants.members.models import Member, Role
from tenants.members.refs import MemberRef

MAX_CUSTOMER_CHARS = 120
CALLERS = (Role.REP, Role.MANAGER, Role.ADMIN)
"""Who may be on a call."""

OWNED_S = 3.0
"""So long after its last sign of life an owner is left the call by whoever comes without a socket."""

_NOT_IN_REACH = "This is a call of somebody in none of the teams you lead."


class CallError(Exception):
    """A call can not be had. `close_code` is for sockets, `status` for HTTP, `reason` for people."""

    close_code = 4404
    status = 404
    code = "no_such_call"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OwnedElsewhere(CallError):
    """Another process has the call, and hears its client."""

    status = 503
    code = "elsewhere"

    def __init__(self) -> None:
        super().__init__("Another server has this call now. Send it again in a moment.")


class CallNotFound(CallError):
    """No such call in this business; a call of another business looks the same."""

    def __init__(self) -> None:
        super().__init__("There is no such call.")


class CallForbidden(CallError):
    """The call exists, but is not this member's to see or to feed."""

    close_code = 4403
    status = 403
    code = "not_allowed"


class CallHeld(CallForbidden):
    """Its rep sees it first: it opens to this member at `opens_at`, or when it is released."""

    code = "rep_first"

    def __init__(self, call: Call, opens_at: datetime) -> None:
        when = f"{opens_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        super().__init__(f"The rep sees this call first: it opens at {when}, or once the rep releases it.")
        self.call = call
        self.opens_at = opens_at


class CallOver(CallError):
    """The call has ended: it takes no more audio and no more lines."""

    close_code = 4403
    status = 409
    code = "call_ended"

    def __init__(self) -> None:
        super().__init__("This call has ended.")


def create_call(
    *, member: MemberRef, channels: int, customer: str = "", source: str = "browser", places: Sequence[str] = ()
) -> Call:
    """A new open call of `member` with its first event. `channels` is 1 (rep only) or 2.

    `places`: where the customer is (codes of tenants/consent/rules.yaml), none for the business's usual place. What
    consent the call needs is decided here and stays, whatever happens to the policy.
    """
    ruling = ruling_for(places)
    now = database_now()
    customer = without_secrets(customer, current_policy().redact, at_most=MAX_CUSTOMER_CHARS)
    with transaction.atomic():
        call = Call.objects.create(
            member_id=member.id,
            channels=channels,
            customer=customer,
            source=source,
            last_seq=1,
            started_at=now,
            heard_at=now,
            place=ruling.place,
            consent_mode=ruling.mode.value,
            consent_wording=ruling.wording,
            consent_language=ruling.language,
        )
        started = events.call_started(
            channels=channels,
            source=source,
            customer=customer,
            member=member.name,
            place=ruling.place,
            consent_mode=ruling.mode.value,
        )
        _insert(call.id, 1, events.Kind.CALL_STARTED, started)
    return call


def append_first(call: Call, kind: events.Kind, payload: events.Payload) -> None:
    """Adds an event to a call that nobody has owned yet. The caller holds the row's lock, or has just made it."""
    call.last_seq += 1
    call.save(update_fields=["last_seq"])
    _insert(call.id, call.last_seq, kind, payload)


def visible_call(call_id: uuid.UUID, member: MemberRef) -> Call:
    """The call if `member` may see it now: own calls at once, others' as `reach_of` and the policy allow.

    Raises `CallNotFound`, `CallHeld`, or `CallForbidden` for a colleague's call and for billing staff.
    """
    call = reachable_call(call_id, member)
    if call.member_id == member.id:
        return call
    policy = current_policy()
    if call.state == CallState.OPEN and not policy.allow_live_watching:
        raise CallForbidden("Calls are not watched live here: it can be seen once it has ended.")
    opens_at = rep_first.opens_at(call, policy)
    if opens_at is not None:
        raise CallHeld(call, opens_at)
    return call


def reachable_call(call_id: uuid.UUID, member: MemberRef) -> Call:
    """The call if it is the member's own or of somebody in their reach, be it open, held or not. Shows nothing of it.

    Raises `CallNotFound`, `CallForbidden`.
    """
    call = Call.objects.select_related("member").filter(pk=call_id).first()
    if call is None:
        raise CallNotFound
    is_own = call.member_id == member.id and member.has_role(*CALLERS)
    if not is_own and not reach_of(member).covers(call.member_id):
        raise CallForbidden(_NOT_IN_REACH if can_watch(member.roles) else "This is a colleague's call.")
    return call


def read_call(call_id: uuid.UUID, member: MemberRef, *, via: Via) -> Call:
    """As `visible_call`, for whoever goes on to read it through the API or a socket: noted in the audit log."""
    call = visible_call(call_id, member)
    looks.went_on(call, member, via=via)
    return call


def own_call(call_id: uuid.UUID, member: MemberRef) -> Call:
    """The call if it is `member`'s own: only its rep feeds it, whatever else others may see of it."""
    call = visible_call(call_id, member)
    if call.member_id != member.id:
        raise CallForbidden("Only the person on the call can send its audio.")
    return call


def check_unowned(call_id: uuid.UUID) -> None:
    """Raises `OwnedElsewhere` while the call's owner, some other process, gave a sign of life within seconds."""
    since = Now() - timedelta(seconds=OWNED_S)
    if Call.objects.filter(pk=call_id, state=CallState.OPEN, epoch__gt=0, heard_at__gt=since).exists():
        raise OwnedElsewhere


def claim_epoch(call_id: uuid.UUID) -> int:
    """Makes the caller the owner: the new epoch. Every other owner's next write fails. Raises `CallOver`."""
    claimed = Call.objects.filter(pk=call_id, state=CallState.OPEN).update(epoch=F("epoch") + 1, heard_at=Now())
    if not claimed:
        raise CallOver if Call.objects.filter(pk=call_id).exists() else CallNotFound
    return int(Call.objects.values_list("epoch", flat=True).get(pk=call_id))


def end_call(call_id: uuid.UUID, *, reason: str, duration_ms: int | None = None, epoch: int | None = None) -> bool:
    """Ends the call: state, last event, report due, and the task sent on commit. A second time does nothing.

    Increments the epoch, so an owner that still writes is superseded. Without `duration_ms` the length is
    what was acknowledged or transcribed. With `epoch` only its owner ends the call: False when that is another by now.
    Without, its owner may not have lived to hear what it kept: that becomes a gap.
    """
    now = database_now()
    with transaction.atomic():
        calls = Call.objects.filter(pk=call_id, state=CallState.OPEN)
        ended = (calls if epoch is None else calls.filter(epoch=epoch)).update(
            state=CallState.ENDED,
            ended_at=now,
            end_reason=reason,
            epoch=F("epoch") + 1,
            last_seq=F("last_seq") + 1,
            report_state=ReportState.DUE,
            report_due_at=now,
        )
        if not ended:
            return not calls.exists()
        call = Call.objects.get(pk=call_id)
        unheard = tail.add_gap(call) if epoch is None else None
        length_ms = _length_ms(call, unheard) if duration_ms is None else duration_ms
        last = events.call_ended(reason=reason, duration_ms=length_ms, epoch=call.epoch)
        _insert(call_id, call.last_seq, events.Kind.CALL_ENDED, last)
        if unheard is not None:
            told = events.gap(start_ms=unheard.start_ms, end_ms=unheard.end_ms, reason=unheard.reason)
            append_event(call_id, events.Kind.GAP, told)
        CallInbox.objects.filter(call_id=call_id).delete()
        business = require_tenant()
        transaction.on_commit(lambda: _ask_for_report(business, call_id), robust=True)
        transaction.on_commit(lambda: budgets.note_ended(call_id, now), robust=True)
        transaction.on_commit(lambda: wake.send(business.id, call_id, call.last_seq), robust=True)
    return True


def is_over(call_id: uuid.UUID) -> bool:
    return not Call.objects.filter(pk=call_id, state=CallState.OPEN).exists()


def append_event(call_id: uuid.UUID, kind: events.Kind, payload: events.Payload) -> int:
    """Adds an event to a call that nobody owns any more, the report for one; returns its number.

    Raises `CallNotFound` while the call is open: only its owner may number events then.
    """
    with transaction.atomic():
        updated = Call.objects.filter(pk=call_id, state=CallState.ENDED).update(last_seq=F("last_seq") + 1)
        if not updated:
            raise CallNotFound
        seq = int(Call.objects.values_list("last_seq", flat=True).get(pk=call_id))
        _insert(call_id, seq, kind, payload)
        business_id = require_tenant().id
        transaction.on_commit(lambda: wake.send(business_id, call_id, seq), robust=True)
    return seq


def leave_message(call_id: uuid.UUID, member: MemberRef, message: dict[str, Any]) -> None:
    """Leaves `message` for the process that owns the call, and wakes it. Raises `CallNotFound`, `CallOver`."""
    call = Call.objects.filter(pk=call_id).first()
    if call is None:
        raise CallNotFound
    if call.state == CallState.ENDED:
        raise CallOver
    CallInbox.objects.create(
        call=call,
        member_id=member.id,
        member_name=member.name,
        is_own_call=call.member_id == member.id,
        message=_clean_message(message),
    )
    wake.send_inbox(require_tenant().id, call.id)


def keep_help_mode(member_id: int, mode: HelpMode) -> None:
    """What a member chose during a call holds for the calls after it."""
    Member.objects.filter(pk=member_id).update(help_mode=mode.value)


def _clean_message(message: dict[str, Any]) -> dict[str, Any]:
    if message.get("type") != "note":
        return message
    clean = without_secrets(str(message.get("text", "")), current_policy().redact, at_most=MAX_NOTE_CHARS)
    return {**message, "text": clean}


def _ask_for_report(business: Business, call_id: uuid.UUID) -> None:
    from calls.tasks import write_report  # noqa: PLC0415 - tasks stand above services

    write_report.send(business, call_id=str(call_id))


def _insert(call_id: uuid.UUID, seq: int, kind: events.Kind, payload: events.Payload) -> None:
    CallEvent.objects.create(call_id=call_id, seq=seq, at=timezone.now(), kind=kind.value, payload=dict(payload))


def _length_ms(call: Call, unheard: Gap | None) -> int:
    last_line = CallEvent.objects.filter(call=call, kind=events.Kind.LINE.value).order_by("-seq").first()
    spoken_ms = int(last_line.payload["end_ms"]) if last_line else 0
    return max(call.acked_samples // 16, spoken_ms, unheard.end_ms if unheard else 0)
