"""The audit log in the admin of a business, for its admins: to search and to export, never to change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET
from unfold.admin import ModelAdmin

from tenants.audit.export import csv_lines
from tenants.audit.models import Action, AuditLine, Via
from tenants.audit.services import record
from tenants.branding import export_name
from tenants.context import require_tenant
from tenants.members.models import Member

SYSTEM = "system"


class PersonFilter(admin.SimpleListFilter):
    title = "person"
    parameter_name = "person"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's
        people = Member.objects.order_by("name").values_list("pk", "name")
        return [(SYSTEM, "The system or an operator"), *((str(pk), name) for pk, name in people)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditLine]) -> QuerySet[AuditLine]:  # noqa: ARG002
        person = self.value()
        if not person:
            return queryset
        if person == SYSTEM:
            return queryset.filter(actor_id=None)
        # Nobody has such a number: no line, rather than all of them.
        return queryset.filter(actor_id=int(person)) if person.isascii() and person.isdigit() else queryset.none()


class SubjectFilter(admin.SimpleListFilter):
    title = "subject"
    parameter_name = "subject"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        subjects = AuditLine.objects.order_by("subject").values_list("subject", flat=True).distinct()
        return [(subject, subject.capitalize()) for subject in subjects]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditLine]) -> QuerySet[AuditLine]:  # noqa: ARG002
        return queryset.filter(subject=self.value()) if self.value() else queryset


@admin.register(AuditLine)
class AuditLineAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ["show_at", "show_actor", "action", "show_subject", "show_detail", "show_way"]
    list_display_links = None
    list_filter = ["at", PersonFilter, "action", SubjectFilter, "via"]
    list_filter_sheet = True
    list_before_template = "admin/audit/auditline/export.html"
    search_fields = ["actor_name", "subject_name", "=subject_id"]
    search_help_text = "A person's name, a thing's name, or its exact id (of a call: the end of its address)."
    date_hierarchy = "at"
    ordering = ["-id"]
    list_per_page = 50
    show_full_result_count = False
    actions = None

    @admin.display(description="At (UTC)", ordering="at")
    def show_at(self, line: AuditLine) -> str:
        return f"{line.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Way", ordering="via")
    def show_way(self, line: AuditLine) -> str:
        return line.get_via_display()

    @admin.display(description="Person", ordering="actor_name")
    def show_actor(self, line: AuditLine) -> str:
        return line.actor_name or "System"

    @admin.display(description="Subject", ordering="subject")
    def show_subject(self, line: AuditLine) -> str | SafeString:
        words = f"{line.subject.capitalize()} {line.subject_name or line.subject_id}".strip()
        if line.subject != "call":
            return words
        address = reverse("admin:calls_call_change", args=[line.subject_id])
        return format_html('<a href="{}">Call {}</a>', address, line.subject_id[:8])

    @admin.display(description="Details")
    def show_detail(self, line: AuditLine) -> str:
        return "; ".join(f"{_words(name)}: {_words(_named(name, value))}" for name, value in line.detail.items())

    def get_urls(self) -> list[URLPattern]:
        own = [path("export/", self.admin_site.admin_view(self.export), name="audit_auditline_export")]
        return [*own, *super().get_urls()]

    @method_decorator(require_GET)
    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """What the list shows with its filters and search, all of it, as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found: ChangeList = self.get_changelist_instance(request)
        record(
            Action.EXPORTED,
            actor=cast("Member", request.user),
            via=Via.ADMIN,
            subject="audit log",
            # The names of the filters: what was searched for may be somebody's name.
            detail={"filters": sorted(name for name in request.GET if name != "p")},
        )
        name = export_name(f"audit-{timezone.now():%Y-%m-%d}", "csv")
        return StreamingHttpResponse(
            csv_lines(require_tenant(), cast("QuerySet[AuditLine]", found.queryset)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
        )

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


def _named(name: str, value: object) -> object:
    """Numbers of members as their names, as far as they are still known."""
    if name.partition("_")[0] not in {"member", "members", "leaders"}:
        return value
    numbers: list[Any] = value if isinstance(value, list) else [value]
    known = dict(Member.objects.filter(pk__in=numbers).values_list("pk", "name"))
    return [known.get(number, f"member {number}") for number in numbers]


def _words(value: object) -> str:
    """A value of `detail` as people read it."""
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value)) or "nothing"
    if isinstance(value, Mapping):
        return ", ".join(f"{_words(name)} {_words(each)}" for name, each in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("_", " ")
