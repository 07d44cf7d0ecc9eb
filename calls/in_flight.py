"""Calls in flight, for whoever has to end all of a business's: `tenants.erasure`. Within the current business."""

from __future__ import annotations

from calls.live import wake
from calls.models import Call, CallInbox, CallState
from calls.services import end_call
from tenants.context import require_tenant
from tenants.erasure.live import LiveWork


def count() -> int:
    return Call.objects.filter(state=CallState.OPEN).count()


def ask() -> None:
    """As a person who hangs up: the owner hears out, saves and ends the call; a process without it looks by itself."""
    for call in Call.objects.filter(state=CallState.OPEN):
        CallInbox.objects.create(
            call=call, member_id=call.member_id, member_name="", is_own_call=True, message={"type": "end"}
        )
        wake.send_inbox(require_tenant().id, call.id)


def cut() -> None:
    """Those that no process answers for. An owner that is only slow is superseded: it writes nothing any more."""
    for call_id in Call.objects.filter(state=CallState.OPEN).values_list("pk", flat=True):
        end_call(call_id, reason="silent")


WORK = LiveWork(name="calls", count=count, ask=ask, cut=cut)
