"""Prompt versions: write a draft from what is in use, test it, publish it, go back. All without leaving the admin."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminRadioSelectWidget

from coaching import difference, prompt_versions
from coaching.admin.prompt_form import PromptForm
from coaching.models import PromptPublication, PromptPurpose, PromptVersion
from tenants.members.models import Member

MAX_NOTE = 200
WORDED = ("system", "examples", "temperature", "model", "max_output_tokens", "deadline_s", "max_requests", "note")


@admin.register(PromptVersion)
class PromptVersionAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A draft has a form; what was tested or published is shown as it is, with its history."""

    form = PromptForm
    list_display = ("__str__", "state", "note", "created_at", "created_by")
    list_filter = ("purpose",)
    list_select_related = ("created_by",)
    search_fields = ("note", "system")
    show_full_result_count = False
    actions_list = ("new_live", "new_report")
    change_form_outer_before_template = "admin/coaching/promptversion/life.html"

    class Media:
        css = {"all": ("css/prompts_admin.css",)}

    def get_fieldsets(self, request: HttpRequest, obj: PromptVersion | None = None) -> Any:  # noqa: ARG002
        if obj is not None and obj.is_frozen:
            return ()
        names = WORDED if obj is not None else ("purpose", *WORDED)
        limits = ("model", "max_output_tokens", "deadline_s", "max_requests")
        texts = tuple(name for name in names if name not in limits)
        return ((None, {"fields": (*texts, "seen_revision")}), ("Model and limits", {"fields": limits}))

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "purpose":
            return forms.ChoiceField(
                choices=PromptPurpose.choices,
                widget=UnfoldAdminRadioSelectWidget,
                help_text="Live cards help during the call, reports are written after it.",
            )
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start from what is in use, or from the version that is named, so that it is a change and no blank page."""
        start = _version(request.GET.get("from"))
        asked = start.purpose if start else request.GET.get("purpose", "")
        purpose = PromptPurpose(asked) if asked in PromptPurpose.values else PromptPurpose.LIVE
        start = start or prompt_versions.published_version(purpose)
        prompt = start.as_value() if start else prompt_versions.BUILT_IN[purpose]
        initial = {
            "purpose": purpose.value,
            "system": prompt.system,
            "examples": [asdict(one) for one in prompt.examples],
        }
        if start is None:
            return initial | {"temperature": prompt.temperature}
        return initial | {
            "temperature": start.temperature,
            "model": start.model,
            "max_output_tokens": start.max_output_tokens,
            "deadline_s": start.deadline_ms / 1_000 if start.deadline_ms else None,
            "max_requests": start.max_requests,
        }

    def save_model(self, request: HttpRequest, obj: PromptVersion, form: PromptForm, change: bool) -> None:
        """Somebody who was faster, after the form was checked, keeps what they saved; the author is told."""
        try:
            if change:
                seen = form.cleaned_data["seen_revision"] or 0
                prompt_versions.change_draft(obj, form.wording(), seen_revision=seen)
            else:
                saved = prompt_versions.save_draft(form.wording(), author=_member(request))
                obj.pk, obj.number = saved.pk, saved.number
        except prompt_versions.PromptConflict as conflict:
            request.prompt_conflict = str(conflict)  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: PromptVersion, post_url_continue: str | None = None) -> Any:  # noqa: ARG002
        messages.success(request, f"{obj} is saved as a draft. Test it on stored calls, then publish it.")
        return HttpResponseRedirect(self._address(obj))

    def response_change(self, request: HttpRequest, obj: PromptVersion) -> HttpResponse:
        if not self._told(request):
            messages.success(request, f"{obj} is saved. It is not in use until you publish it.")
        return HttpResponseRedirect(self._address(obj))

    def log_addition(self, *args: Any) -> None:
        """The history is the versions themselves."""

    def log_change(self, *args: Any) -> None:
        """The history is the versions themselves."""

    def has_change_permission(self, request: HttpRequest, obj: PromptVersion | None = None) -> bool:
        return bool(super().has_change_permission(request, obj)) and (obj is None or not obj.is_frozen)

    def has_delete_permission(self, request: HttpRequest, obj: PromptVersion | None = None) -> bool:
        return obj is not None and not obj.is_frozen and bool(super().has_delete_permission(request, obj))

    def delete_model(self, request: HttpRequest, obj: PromptVersion) -> None:
        try:
            prompt_versions.discard_draft(obj)
        except prompt_versions.PromptConflict as conflict:
            messages.error(request, str(conflict))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        version = _version(object_id)
        if version is not None and version.is_frozen and request.method == "POST":
            messages.error(
                request, f"{version} was tested or published meanwhile and no longer changes. Start a new one."
            )
            return HttpResponseRedirect(self._address(version))
        context = {**(extra_context or {}), **(self._life(version) if version else {})}
        return cast(HttpResponse, super().change_view(request, object_id, form_url, context))

    def get_urls(self) -> list[URLPattern]:
        publish = self.admin_site.admin_view(require_POST(self.publish_view))
        return [
            path("<int:version_id>/publish/", publish, name="coaching_promptversion_publish"),
            *super().get_urls(),
        ]

    def publish_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """One click: put a draft or an earlier version into use."""
        if not super().has_change_permission(request):
            raise PermissionDenied
        version = PromptVersion.objects.filter(pk=version_id).first()
        if version is None:
            raise Http404
        try:
            publication = prompt_versions.publish(
                version,
                by=_member(request),
                note=request.POST.get("note", "").strip()[:MAX_NOTE],
                seen_publication=_number(request.POST.get("seen_publication")),
                seen_revision=_number(request.POST.get("seen_revision")),
            )
        except prompt_versions.PromptConflict as conflict:
            messages.error(request, str(conflict))
        else:
            back = "Back to " if publication.is_rollback else ""
            messages.success(request, f"{back}{version}: in use for calls that start from now on.")
        return HttpResponseRedirect(self._address(version))

    @action(description="New version for live cards", url_path="new-live", permissions=["add"], icon="add")  # type: ignore[untyped-decorator]
    def new_live(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002 - unfold's signature
        return HttpResponseRedirect(self._new(PromptPurpose.LIVE))

    @action(description="New version for reports", url_path="new-report", permissions=["add"], icon="add")  # type: ignore[untyped-decorator]
    def new_report(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        return HttpResponseRedirect(self._new(PromptPurpose.REPORT))

    @admin.display(description="state")
    def state(self, version: PromptVersion) -> str:
        return state_of(version)

    def _life(self, version: PromptVersion) -> dict[str, Any]:
        """What the page says above the text: where this version stands, what to do next, what differs, its history."""
        publication = prompt_versions.published(version.purpose)
        in_use = prompt_versions.published_prompt(version.purpose)
        is_in_use = publication is not None and publication.version_id == version.pk
        history = PromptPublication.objects.select_related("version", "published_by").filter(purpose=version.purpose)
        return {
            "version": version,
            "prompt": version.as_value(),
            "state": state_of(version),
            "is_in_use": is_in_use,
            "was_in_use": not is_in_use and version.publications.exists(),
            "in_use": publication.version if publication else None,
            "seen_publication": publication.number if publication else 0,
            "pieces": () if is_in_use else difference.between(in_use, version.as_value()),
            "history": history.order_by("-number")[:20],
            "publish_url": reverse(f"{self.admin_site.name}:coaching_promptversion_publish", args=[version.pk]),
            "test_url": self._test_url(version),
            "new_url": f"{self._new(PromptPurpose(version.purpose))}&from={version.pk}",
            "max_note": MAX_NOTE,
            "title": str(version),
        }

    def _told(self, request: HttpRequest) -> bool:
        conflict = getattr(request, "prompt_conflict", "")
        if conflict:
            messages.error(request, conflict)
        return bool(conflict)

    def _test_url(self, version: PromptVersion) -> str:
        """The page that tests belongs to the app above; without it there is no button."""
        try:
            return f"{reverse(f'{self.admin_site.name}:calls_prompttest_add')}?version={version.pk}"
        except NoReverseMatch:
            return ""

    def _address(self, version: PromptVersion) -> str:
        return reverse(f"{self.admin_site.name}:coaching_promptversion_change", args=[version.pk])

    def _new(self, purpose: PromptPurpose) -> str:
        return f"{reverse(f'{self.admin_site.name}:coaching_promptversion_add')}?purpose={purpose.value}"


def state_of(version: PromptVersion) -> str:
    """Where a version stands in its life: Draft, Tested, In use, Rolled back, Used before."""
    if not version.is_frozen:
        return "Draft"
    last = version.publications.order_by("-number").first()
    if last is None:
        return "Tested"
    after = PromptPublication.objects.filter(purpose=version.purpose, number=last.number + 1).first()
    if after is None:
        return "In use"
    return "Rolled back" if after.is_rollback else "Used before"


def _member(request: HttpRequest) -> Member:
    return cast(Member, request.user)


def _version(text: object) -> PromptVersion | None:
    number = _number(text)
    return PromptVersion.objects.filter(pk=number).first() if number is not None else None


def _number(text: object) -> int | None:
    """A number from an address or a form; None for anything else."""
    value = str(text or "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
