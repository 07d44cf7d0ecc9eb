"""Calls in the admin of a business: the log as it was written, to read only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from calls import claims, looks, rep_first, versions
from calls.events import Kind
from calls.models import Call, CallEvent, CallState, ReportState
from calls.play_tests.admin import PlayTestAdmin
from calls.prompt_tests.admin import PromptTestAdmin
from calls.tasks import write_report
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.context import current, require_tenant
from tenants.house.policies import current_policy
from tenants.members.models import Member
from tenants.members.refs import MemberRef

__all__ = ["CallAdmin", "PlayTestAdmin", "PromptTestAdmin"]

EVENTS_SHOWN = 2_000
"""A page holds the first so many; an hour's call has about as many."""


@dataclass(frozen=True, slots=True)
class LogRow:
    seq: int
    clock_ms: int
    kind: str
    text: str


@admin.register(Call)
class CallAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ["started_at", "member", "customer", "state", "report_state", "source", "last_seq"]
    list_filter = ["state", "report_state", "source"]
    search_fields = ["customer", "member__name"]
    list_select_related = ["member"]
    date_hierarchy = "started_at"
    ordering = ["-started_at"]
    show_full_result_count = False
    actions = ["write_again", "release"]
    fields = [
        *("member", "customer", "source", "channels", "state", "started_at", "ended_at", "end_reason"),
        *("place", "consent_mode", "consent", "report_link", "report_state", "report_attempts", "report_error", "log"),
    ]
    readonly_fields = ["consent", "report_link", "log", "closed_because"]

    @admin.action(description="Write the reports again", permissions=["view"])
    def write_again(self, request: HttpRequest, queryset: QuerySet[Call]) -> None:
        """For reports that failed or were written without the model. Open calls and reports at work are left out."""
        asked = [call_id for call_id in queryset.values_list("pk", flat=True) if claims.ask_again(call_id)]
        for call_id in asked:
            record(Action.REPORT_REWRITTEN, actor=_asking(request), via=Via.ADMIN, subject="call", subject_id=call_id)
            write_report.send(require_tenant(), call_id=str(call_id))
        self.message_user(request, f"{len(asked)} reports will be written again.")

    @admin.action(description="Open to managers and admins before its time", permissions=["view"])
    def release(self, request: HttpRequest, queryset: QuerySet[Call]) -> None:
        """Against the policy that reps see their calls first: noted in the audit log, one line for each call."""
        admin_ref = MemberRef.from_member(_asking(request))
        count = sum(rep_first.release(call, member=admin_ref, via=Via.ADMIN) for call in queryset)
        self.message_user(request, f"{count} opened. The audit log says that it was you.")

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Opening a call's page here is a look at the call, if it shows anything of what was said."""
        response: HttpResponse = super().change_view(request, object_id, *args, **kwargs)
        call = self.get_object(request, object_id)
        if response.status_code == 200 and call is not None and _shows(call, request):
            looks.opened(call, _asking(request), via=Via.ADMIN)
        return response

    def get_fields(self, request: HttpRequest, obj: Call | None = None) -> list[str]:
        """Of a call that its rep sees first, and of a live one that nobody may watch, there is no log and no report."""
        fields: list[str] = list(super().get_fields(request, obj))
        if obj is None or _shows(obj, request):
            return fields
        return [name for name in fields if name not in {"report_link", "log"}] + ["closed_because"]

    @admin.display(description="Log and report")
    def closed_because(self, call: Call) -> str:
        opens_at = rep_first.opens_at(call, current_policy())
        if opens_at is None:
            return "Calls are not watched live here: it can be seen once it has ended."
        return f"{call.member.name} sees this call first: it opens on {opens_at:%Y-%m-%d, %H:%M} UTC."

    @admin.display(description="Consent")
    def consent(self, call: Call) -> SafeString:
        """Every answer: what was said, when, recorded by whom, after which words."""
        rows = [
            (
                f"{row.answer.capitalize()}, {row.recorded_at:%Y-%m-%d %H:%M:%S} UTC, by {row.recorded_by_name}",
                row.wording,
            )
            for row in call.consents.all()
        ]
        return format_html_join("", "<p>{}<br><q>{}</q></p>", rows) or format_html(
            "<p>{}</p>", "No answer was recorded."
        )

    @admin.display(description="Report")
    def report_link(self, call: Call) -> str | SafeString:
        if call.report_state != ReportState.READY:
            return "–"
        return format_html('<a href="{}">Open the report</a>', reverse("report", args=[call.pk]))

    @admin.display(description="Log")
    def log(self, call: Call) -> SafeString:
        events = CallEvent.objects.filter(call=call).order_by("seq")
        rows = [log_row(call, event) for event in events[:EVENTS_SHOWN]]
        return render_to_string("admin/calls/log.html", {"rows": rows, "hidden": max(0, call.last_seq - len(rows))})

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_business() and bool(super().has_module_permission(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_business() and bool(super().has_view_permission(request, obj))

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 -- Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


def _shows(call: Call, request: HttpRequest) -> bool:
    """As `services.visible_call` for an admin: own calls always, others' by the policy."""
    if call.member_id == request.user.pk:
        return True
    policy = current_policy()
    if call.state == CallState.OPEN:
        return policy.allow_live_watching
    return rep_first.opens_at(call, policy) is None


def _asking(request: HttpRequest) -> Member:
    return cast("Member", request.user)


def log_row(call: Call, event: CallEvent) -> LogRow:
    """One event in words a person reads; times of speech on the capture clock, others since the call started."""
    payload: Mapping[str, Any] = event.payload
    since_start_ms = int((event.at - call.started_at).total_seconds() * 1_000)
    clock_ms = payload.get("start_ms", payload.get("trigger_end_ms", since_start_ms))
    return LogRow(event.seq, max(0, int(clock_ms)), event.kind.replace("_", " ").capitalize(), _text(event))


def _text(event: CallEvent) -> str:
    describe = _DESCRIBED.get(event.kind)
    # An entry written by another version of the program is shown as it is.
    with suppress(KeyError):
        if describe is not None:
            return describe(event.payload)
    plain = {key: value for key, value in event.payload.items() if isinstance(value, str | int) and value != ""}
    return ", ".join(f"{_words(key)} {value}" for key, value in plain.items())


def _signal(payload: Mapping[str, Any]) -> str:
    state = f" · {payload['state']}" if "state" in payload else ""
    return f"{_words(payload['kind'])} · {_words(payload['topic'])}{state}: “{payload['quote']}”"


def _made_by(card: Mapping[str, Any]) -> str:
    words = versions.of_card(card)
    return f" ({words})" if words else ""


_DESCRIBED: dict[str, Callable[[Mapping[str, Any]], str]] = {
    Kind.LINE: lambda line: f"{line['channel'].capitalize()}: {line['text']}",
    Kind.SIGNAL: _signal,
    Kind.MOMENT: _signal,
    Kind.CARD: lambda card: f"{card['lane'].capitalize()} card “{card['title']}”: {card['say']}{_made_by(card)}",
    Kind.CARD_ACTION: lambda deed: f"Card {deed['action']} by {deed['member']}",
    Kind.NOTE: lambda note: f"{note['author']}: {note['text']}",
    Kind.USAGE: lambda used: f"{used['provider']} {used['model']}: {used['quantity']:,} {used['unit']}".replace(
        "_", " "
    ),
}


def _words(name: str) -> str:
    return str(name).replace("_", " ").replace("-", " ")


def _is_business() -> bool:
    business = current()
    return business is not None and not business.is_public
