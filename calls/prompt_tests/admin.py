"""Tests of prompts in the admin: choose calls, watch it run, read both versions side by side."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin

from calls.models import PromptTest, PromptTestMoment
from calls.prompt_tests import results, starting
from calls.tasks import run_prompt_test
from coaching.models import PromptVersion
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.context import require_tenant
from tenants.members.models import Member

NEWEST = (3, 5, 10, starting.MAX_CALLS)


@admin.register(PromptTest)
class PromptTestAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("__str__", "state", "moments", "asked_by", "asked_at")
    list_filter = ("state",)
    list_select_related = ("version", "asked_by")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[PromptTest]:
        return cast("QuerySet[PromptTest]", super().get_queryset(request)).annotate(counted=Count("moments"))

    @admin.display(description="moments")
    def moments(self, test: PromptTest) -> int:
        return int(getattr(test, "counted", 0))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def get_urls(self) -> list[URLPattern]:
        progress = self.admin_site.admin_view(self.progress_view)
        return [path("<int:test_id>/progress/", progress, name="calls_prompttest_progress"), *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        """Which version, on which calls. Without a model it says what to set."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        version = _version(request)
        if request.method == "POST":
            try:
                return self._started(request, version)
            except starting.TestRefused as refusal:
                messages.error(request, str(refusal))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Test {version} on stored calls",
            "version": version,
            "hindrance": starting.hindrance(version),
            "calls": starting.stored_calls(),
            "newest": NEWEST,
            "most_moments": starting.MAX_MOMENTS,
        }
        return TemplateResponse(request, "admin/calls/prompttest/start.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002
        extra_context: Any = None,  # noqa: ARG002
    ) -> HttpResponse:
        """The results. `?part=results` gives the results alone, for the page that refreshes itself."""
        test = self._test(request, object_id)
        is_part = request.GET.get("part") == "results"
        if not is_part:
            _note_look(request, test)
        shown = results.progress(test)
        context: dict[str, Any] = {
            "test": test,
            "progress": shown,
            "figures": results.figures(test),
            "moments": results.moments(test),
        }
        if is_part:
            return TemplateResponse(request, "admin/calls/prompttest/results.html", context)
        version_url = reverse(f"{self.admin_site.name}:coaching_promptversion_change", args=[test.version_id])
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{test.version} beside {test.against or 'the built-in text'}",
            "version_url": version_url,
            "progress_url": reverse(f"{self.admin_site.name}:calls_prompttest_progress", args=[test.pk]),
        }
        return TemplateResponse(request, "admin/calls/prompttest/test.html", context)

    def progress_view(self, request: HttpRequest, test_id: int) -> JsonResponse:
        """What the waiting page asks for."""
        return JsonResponse(asdict(results.progress(self._test(request, test_id))))

    def _test(self, request: HttpRequest, test_id: object) -> PromptTest:
        if not self.has_view_permission(request):
            raise PermissionDenied
        number = str(test_id)
        tests = PromptTest.objects.select_related("version", "against", "asked_by")
        test = tests.filter(pk=number).first() if number.isascii() and number.isdigit() and len(number) < 10 else None
        if test is None:
            raise Http404
        return test

    def _started(self, request: HttpRequest, version: PromptVersion) -> HttpResponse:
        test = starting.start(version=version, call_ids=_chosen(request), by=cast(Member, request.user))
        business = require_tenant()
        transaction.on_commit(lambda: run_prompt_test.send(business, test_id=test.pk))
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:calls_prompttest_change", args=[test.pk]))


def _version(request: HttpRequest) -> PromptVersion:
    number = request.POST.get("version") or request.GET.get("version") or ""
    known = number.isascii() and number.isdigit() and len(number) < 10
    version = PromptVersion.objects.filter(pk=number).first() if known else None
    if version is None:
        raise Http404
    return version


def _chosen(request: HttpRequest) -> list[uuid.UUID]:
    """The calls that were ticked, else the newest so many."""
    ticked = []
    for text in request.POST.getlist("call"):
        try:
            ticked.append(uuid.UUID(text))
        except ValueError:
            continue
    if ticked:
        return ticked
    asked = request.POST.get("newest", "")
    count = int(asked) if asked in {str(number) for number in NEWEST} else NEWEST[0]
    return [call.pk for call in starting.stored_calls(count)]


def _note_look(request: HttpRequest, test: PromptTest) -> None:
    """The page quotes calls: each look at it is a look at them."""
    for call_id in PromptTestMoment.objects.filter(test=test).values_list("call_id", flat=True).order_by().distinct():
        record(
            Action.CALL_VIEWED,
            actor=cast(Member, request.user),
            via=Via.ADMIN,
            subject="call",
            subject_id=call_id,
            detail={"prompt_test": test.pk},
        )
