"""Back-tests of plays in the admin: start one from a play's form, watch it run, mark what it found."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from calls.models import PlayTest, PlayTestHit
from calls.play_tests import results, starting
from calls.tasks import run_play_test
from coaching import handbook, working_copy
from coaching.admin.play_form import PlayForm
from coaching.handbook import Handbook
from coaching.handbook_changes import Mode, between, keeping_off
from coaching.models import Play
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.context import require_tenant
from tenants.members.models import Member

NEWEST = (20, starting.USUAL_CALLS, 100, starting.MAX_CALLS)
MARKS = {"right": True, "wrong": False, "none": None}


@admin.register(PlayTest)
class PlayTestAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("__str__", "state", "asked_by", "asked_at")
    list_filter = ("state",)
    list_select_related = ("asked_by",)
    search_fields = ("title", "key")
    show_full_result_count = False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, view: Any, name: str) -> URLPattern:
            pattern: URLPattern = path(route, self.admin_site.admin_view(view), name=f"calls_playtest_{name}")
            return pattern

        return [
            own("<int:test_id>/progress/", self.progress_view, "progress"),
            own("<int:test_id>/mark/", require_POST(self.mark_view), "mark"),
            own("<int:test_id>/save/", require_POST(self.save_view), "save"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        """The form of a play is sent here, saved or not. Asked for without one, it says where to begin."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            messages.info(request, "Open a play, or write a new one, and choose “Test it on stored calls”.")
            return HttpResponseRedirect(reverse(f"{self.admin_site.name}:coaching_play_changelist"))
        form = PlayForm(request.POST, instance=_play(request.GET.get("play")))
        if not form.is_valid():
            return self._refused(request, [f"{_label(form, name)}: {words}" for name, words in _errors(form)])
        asked = request.POST.get("newest", "")
        newest = int(asked) if asked in {str(number) for number in NEWEST} else starting.USUAL_CALLS
        try:
            test = starting.start(form.value(), newest=newest, by=cast(Member, request.user))
        except starting.PlayTestRefused as refusal:
            return self._refused(request, [str(refusal)])
        business = require_tenant()
        transaction.on_commit(lambda: run_play_test.send(business, test_id=test.pk))
        return HttpResponseRedirect(self._address(test))

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
        samples = results.samples(test)
        if not is_part:
            _note_look(request, test, samples)
        context: dict[str, Any] = {
            "test": test,
            "progress": results.progress(test),
            "figures": results.figures(test),
            "samples": samples,
            "mark_url": self._url("mark", test),
        }
        if is_part:
            return TemplateResponse(request, "admin/calls/playtest/results.html", context)
        saved = Play.objects.filter(key=test.key).first()
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(test),
            "play": handbook.read({"plays": [test.play]}).plays[0],
            "saved": saved,
            "is_saved": saved is not None and _is_as_tested(saved, test),
            "may_edit": request.user.has_perm("coaching.change_play"),
            "save_url": self._url("save", test),
            "progress_url": self._url("progress", test),
        }
        return TemplateResponse(request, "admin/calls/playtest/test.html", context)

    def progress_view(self, request: HttpRequest, test_id: int) -> JsonResponse:
        """What the waiting page asks for."""
        return JsonResponse(asdict(results.progress(self._test(request, test_id))))

    def mark_view(self, request: HttpRequest, test_id: int) -> HttpResponse:
        """One sample is right, wrong, or not marked any more."""
        test = self._test(request, test_id)
        number = request.POST.get("hit", "")
        hit = PlayTestHit.objects.filter(test=test, pk=number).first() if number.isdigit() else None
        if hit is None or request.POST.get("mark") not in MARKS:
            raise Http404
        results.mark(hit, is_right=MARKS[request.POST["mark"]], by=cast(Member, request.user))
        return HttpResponseRedirect(f"{self._address(test)}#hit-{hit.pk}")

    def save_view(self, request: HttpRequest, test_id: int) -> HttpResponse:
        """The play as it was tested goes into the playbook; calls notice once that is published."""
        test = self._test(request, test_id)
        if not request.user.has_perm("coaching.change_play"):
            raise PermissionDenied
        play = handbook.read({"plays": [test.play]})
        working_copy.lay_over(keeping_off(working_copy.read(), play), Mode.ADD, by=cast(Member, request.user))
        messages.success(request, f"“{test.title}” is saved. Calls use it once you publish the playbook.")
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:coaching_play_changelist"))

    def _test(self, request: HttpRequest, test_id: object) -> PlayTest:
        if not self.has_view_permission(request):
            raise PermissionDenied
        number = str(test_id)
        tests = PlayTest.objects.select_related("asked_by")
        test = tests.filter(pk=number).first() if number.isascii() and number.isdigit() and len(number) < 10 else None
        if test is None:
            raise Http404
        return test

    def _refused(self, request: HttpRequest, reasons: list[str]) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "This can not be tested yet",
            "reasons": reasons,
        }
        return TemplateResponse(request, "admin/calls/playtest/refused.html", context, status=422)

    def _address(self, test: PlayTest) -> str:
        return reverse(f"{self.admin_site.name}:calls_playtest_change", args=[test.pk])

    def _url(self, name: str, test: PlayTest) -> str:
        return reverse(f"{self.admin_site.name}:calls_playtest_{name}", args=[test.pk])


def _play(text: str | None) -> Play | None:
    return Play.objects.filter(pk=text).first() if text and text.isascii() and text.isdigit() else None


def _errors(form: PlayForm) -> list[tuple[str, str]]:
    return [(name, str(words)) for name, all_ in form.errors.items() for words in all_]


def _label(form: PlayForm, name: str) -> str:
    field = form.fields.get(name)
    return str(field.label or name).capitalize() if field is not None else "Play"


def _is_as_tested(saved: Play, test: PlayTest) -> bool:
    now = Handbook(plays=(working_copy.as_value(saved),))
    return not between(now, handbook.read({"plays": [test.play]}))


def _note_look(request: HttpRequest, test: PlayTest, samples: list[results.Sample]) -> None:
    """The page quotes calls: each look at it is a look at them."""
    for call_id in {sample.call_id for sample in samples}:
        record(
            Action.CALL_VIEWED,
            actor=cast(Member, request.user),
            via=Via.ADMIN,
            subject="call",
            subject_id=call_id,
            detail={"play_test": test.pk},
        )
