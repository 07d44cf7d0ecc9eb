"""The pages of the call: who may see them, and which words and numbers go on them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from calls import consents, looks, recording_page, recordings, rep_first, report_page, selectors
from calls.models import Call, CallState, ReportState
from calls.services import CALLERS, CallForbidden, CallHeld, CallNotFound, reachable_call, visible_call
from tenants.audit.models import Via
from tenants.consent.rules import UNKNOWN, standard_rules
from tenants.house import policies
from tenants.members.access import can_watch, leads_nobody, require_role
from tenants.members.models import Member, Role
from tenants.members.refs import MemberRef

PAGE_SIZE = 25
HOME_CALLS = 6
SALES = CALLERS
WATCH = (Role.MANAGER, Role.ADMIN)


def _member(request: HttpRequest) -> Member:
    return cast(Member, request.user)


CallView = Callable[[HttpRequest, Call], HttpResponseBase]


def _of_call(view: CallView) -> Callable[[HttpRequest, uuid.UUID], HttpResponseBase]:
    """Hands the view its call: 404 when this business has none such, 403 when it is not theirs to see, or not yet."""

    @wraps(view)
    def found(request: HttpRequest, call_id: uuid.UUID) -> HttpResponseBase:
        member = _member(request)
        try:
            call = visible_call(call_id, MemberRef.from_member(member))
        except CallNotFound:
            raise Http404 from None
        except CallHeld as held:
            context = {"call": held.call, "opens_at": held.opens_at, "may_override": member.is_admin}
            return render(request, "calls/held.html", context, status=403)
        except CallForbidden as refusal:
            raise PermissionDenied(refusal.reason) from None
        return view(request, call)

    return found


@require_GET
@require_role()
def home(request: HttpRequest) -> HttpResponse:
    """Where each role begins."""
    member = _member(request)
    if not member.has_role(*SALES):
        return redirect("/billing/")
    context: dict[str, Any] = {
        "calls": selectors.filtered_calls(member, selectors.CallFilter(state=CallState.ENDED))[:HOME_CALLS],
        "own_open": Call.objects.filter(member=member, state=CallState.OPEN).first(),
        "rows": selectors.calls_in_flight(member) if can_watch(member.roles) else [],
        "leads_nobody": leads_nobody(member),
        "is_watching_off": not policies.current_policy().allow_live_watching,
        "can_watch": can_watch(member.roles),
    }
    return render(request, "calls/home.html", context)


@require_GET
@require_role(*SALES)
def call_list(request: HttpRequest) -> HttpResponse:
    member = _member(request)
    wanted = _filter_of(request)
    page = Paginator(selectors.filtered_calls(member, wanted), PAGE_SIZE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "page": page,
        "wanted": wanted,
        "is_filtered": wanted != selectors.CallFilter(),
        "members": selectors.members_with_calls(member) if can_watch(member.roles) else [],
        "states": CallState.choices,
        "leads_nobody": leads_nobody(member),
        "query": query.urlencode(),
    }
    return render(request, "calls/list.html", context)


@require_GET
@never_cache
@require_role(*SALES)
def new_call(request: HttpRequest) -> HttpResponse:
    """The check before a call; the call itself goes on in the same page, which holds the microphone."""
    rulings = policies.rulings()
    distinct = list(dict.fromkeys((ruling.mode.value, ruling.wording) for ruling in rulings.values()))
    consent = {
        "ofPlace": {place: distinct.index((each.mode.value, each.wording)) for place, each in rulings.items()},
        "rulings": [{"mode": mode, "wording": wording} for mode, wording in distinct],
    }
    context = {
        "config": {**_config(request), "consent": consent},
        "places": standard_rules().places(),
        "usual_place": policies.current_policy().customers_place or UNKNOWN,
    }
    return render(request, "calls/new.html", context)


@require_GET
@never_cache
@require_role(*SALES)
@_of_call
def call(request: HttpRequest, call: Call) -> HttpResponse:
    """An open call of one's own, found again; others are watched, ended ones have a report."""
    if call.state == CallState.ENDED:
        return redirect("report", call_id=call.id)
    if call.member_id != _member(request).pk:
        return redirect("watch", call_id=call.id)
    return render(request, "calls/call.html", {"call": call, "config": _config(request, call)})


@require_GET
@never_cache
@require_role(*SALES)
@_of_call
def report(request: HttpRequest, call: Call) -> HttpResponse:
    """The report, or what has become of it so far."""
    if call.state == CallState.OPEN:
        return redirect("call", call_id=call.id)
    member = _member(request)
    view = report_page.build(call, with_cost=member.is_admin, with_versions=can_watch(member.roles))
    looks.opened(call, member, via=Via.WEB)
    config = {"stateUrl": f"/calls/{call.id}/report/state/", "state": call.report_state}
    policy = policies.current_policy()
    context = {
        "call": call,
        "report": view,
        "config": config,
        "opens_at": rep_first.opens_at(call, policy) if call.member_id == member.pk else None,
        "recording": recordings.find(call, MemberRef.from_member(member), policy),
    }
    return render(request, "calls/report.html", context)


@require_safe
@require_role(*SALES)
@_of_call
def recording(request: HttpRequest, call: Call) -> HttpResponseBase:
    """The call's sound, for the player of the report page."""
    return recording_page.respond(request, call, MemberRef.from_member(_member(request)))


@require_POST
@require_role(*SALES)
def release_report(request: HttpRequest, call_id: uuid.UUID) -> HttpResponse:
    """The rep lets managers see the report before its time; an admin may too, which the audit log keeps."""
    member = MemberRef.from_member(_member(request))
    try:
        call = reachable_call(call_id, member)
    except CallNotFound:
        raise Http404 from None
    except CallForbidden as refusal:
        raise PermissionDenied(refusal.reason) from None
    if not rep_first.may_release(call, member):
        raise PermissionDenied("Only the person on the call, or an admin, can release its report.")
    rep_first.release(call, member=member, via=Via.WEB)
    return redirect("report", call_id=call.id)


@require_GET
@never_cache
@require_role(*SALES)
@_of_call
def report_state(request: HttpRequest, call: Call) -> HttpResponse:  # noqa: ARG001
    """What a waiting report page asks for."""
    return JsonResponse({"state": call.report_state, "is_final": call.report_state in _WRITTEN})


_WRITTEN = frozenset({ReportState.READY.value, ReportState.FAILED.value})


@require_GET
@never_cache
@require_role(*WATCH)
def live_board(request: HttpRequest) -> HttpResponse:
    """Calls in flight. `?part=rows` gives the rows alone, for the page that refreshes itself."""
    context = {
        "rows": selectors.calls_in_flight(_member(request)),
        "leads_nobody": leads_nobody(_member(request)),
        "is_watching_off": not policies.current_policy().allow_live_watching,
    }
    template = "calls/_live_rows.html" if request.GET.get("part") == "rows" else "calls/live.html"
    return render(request, template, context)


@require_GET
@never_cache
@require_role(*WATCH)
@_of_call
def watch(request: HttpRequest, call: Call) -> HttpResponse:
    """A call of a colleague as it happens, with a way to send the rep a note."""
    if call.state == CallState.ENDED:
        return redirect("report", call_id=call.id)
    looks.opened(call, _member(request), via=Via.WEB)
    return render(request, "calls/watch.html", {"call": call, "config": _config(request, call)})


def _filter_of(request: HttpRequest) -> selectors.CallFilter:
    """The list's filter from the address; what makes no sense is left out."""
    member_id = request.GET.get("member", "")
    state = request.GET.get("state", "")
    return selectors.CallFilter(
        customer=request.GET.get("customer", "").replace("\x00", "").strip()[:120],
        member_id=int(member_id) if member_id.isascii() and member_id.isdigit() and len(member_id) < 10 else None,
        state=state if state in CallState.values else "",
    )


def _config(request: HttpRequest, call: Call | None = None) -> dict[str, Any]:
    """What the scripts of the call need to know."""
    may_recognise = policies.current_policy().allow_browser_speech
    config: dict[str, Any] = {
        "member": _member(request).name,
        "sampleUrl": static("audio/sample-call.flac"),
        "browserSpeech": may_recognise,
    }
    if call is not None:
        config["call"] = {
            "id": str(call.id),
            "channels": call.channels,
            "customer": call.customer,
            "source": call.source,
            "rep": call.member.name,
            "ageMs": int((timezone.now() - call.started_at).total_seconds() * 1000),
            "audio": f"/ws/calls/{call.id}/audio",
            "events": f"/ws/calls/{call.id}/events",
            "consent": consents.to_wire(call),
            "browserSpeech": may_recognise,
        }
    return config
