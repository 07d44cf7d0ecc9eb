"""Publishing the playbook, going back, and files: all of it on a few plain pages."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from coaching import handbook_changes, handbook_yaml, playbook_files, playbook_versions, services, working_copy
from coaching.admin.banner import banner
from coaching.handbook_changes import Mode
from coaching.handbook_yaml import MAX_BYTES, BadFile
from coaching.models import PlaybookVersion
from coaching.packs import pack_names
from coaching.playbook_files import FileConflict
from coaching.playbook_versions import MAX_NOTE, PlaybookConflict
from tenants.branding import export_name
from tenants.context import require_tenant
from tenants.members.models import Member

CHANGES_SHOWN = 200


class FileForm(forms.Form):
    """First step: `file`. Second step: `text`, the file as it was shown in the preview."""

    file = forms.FileField(required=False)
    text = forms.CharField(required=False, strip=False, max_length=MAX_BYTES)
    mode = forms.ChoiceField(choices=[(mode.value, mode.value) for mode in Mode])
    seen = forms.CharField(required=False, max_length=16)

    def content(self) -> bytes:
        file = self.cleaned_data["file"]
        if file is not None:
            return bytes(file.read(MAX_BYTES + 1))
        return str(self.cleaned_data["text"]).encode()


@admin.register(PlaybookVersion)
class PlaybookVersionAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """History is read-only. Whoever may edit plays may publish them."""

    list_display = ("__str__", "state", "note", "published_at", "published_by")
    list_select_related = ("published_by",)
    list_before_template = "admin/coaching/playbook/banner.html"

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, view: Any, name: str) -> URLPattern:
            pattern: URLPattern = path(route, self.admin_site.admin_view(view), name=f"coaching_playbook_{name}")
            return pattern

        return [
            own("publish/", self.publish_view, "publish"),
            own("import/", self.import_view, "import"),
            own("export/", self.export_view, "export"),
            own("pack/", require_POST(self.pack_view), "pack"),
            own("<int:number>/file/", self.export_view, "file"),
            own("<int:number>/use/", require_POST(self.use_view), "use"),
            own("<int:number>/take/", require_POST(self.take_view), "take"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {**(extra_context or {}), "playbook": banner()}
        return cast(HttpResponse, super().changelist_view(request, context))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002
        extra_context: Any = None,  # noqa: ARG002
    ) -> HttpResponse:
        """One version: what it holds, how it differs from the one in use, and the ways back to it."""
        self._check(request, "view")
        version = PlaybookVersion.objects.filter(pk=object_id).first() if object_id.isdigit() else None
        if version is None:
            raise Http404
        used = playbook_versions.published()
        book = playbook_versions.book_of(version)
        is_in_use = used is not None and used.pk == version.pk
        changes = () if used is None or is_in_use else _between(used, version)
        context = {
            "title": str(version),
            "version": version,
            "used": used,
            "is_in_use": is_in_use,
            "book": book,
            "changes": changes[:CHANGES_SHOWN],
            "more": max(0, len(changes) - CHANGES_SHOWN),
            "max_note": MAX_NOTE,
            "may_edit": self._may_edit(request),
        }
        return self._page(request, "version", context)

    def publish_view(self, request: HttpRequest) -> HttpResponse:
        """What would change for calls, then one click."""
        self._check(request, "change")
        if request.method == "POST":
            try:
                version = playbook_versions.publish(
                    by=_member(request),
                    note=request.POST.get("note", "").strip(),
                    seen_number=_number(request.POST.get("seen_number")),
                    seen_fingerprint=request.POST.get("seen_fingerprint", ""),
                )
            except PlaybookConflict as conflict:
                messages.error(request, str(conflict))
                return HttpResponseRedirect(request.path)
            messages.success(request, f"{version}: in use for calls that start from now on.")
            return HttpResponseRedirect(self._address("coaching_play_changelist"))
        used = playbook_versions.published()
        changes = playbook_versions.unpublished()
        context = {
            "title": "Publish the playbook",
            "used": used,
            "seen_number": used.number if used else 0,
            "seen_fingerprint": handbook_changes.fingerprint(working_copy.read()),
            "changes": changes[:CHANGES_SHOWN],
            "more": max(0, len(changes) - CHANGES_SHOWN),
            "counted": handbook_changes.counted(changes),
            "max_note": MAX_NOTE,
            "playbook": banner(),
        }
        return self._page(request, "publish", context)

    def use_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """Publish an earlier version again."""
        self._check(request, "change")
        version = self._version(number)
        try:
            now_used = playbook_versions.roll_back(
                version,
                by=_member(request),
                note=request.POST.get("note", "").strip(),
                seen_number=_number(request.POST.get("seen_number")),
            )
        except PlaybookConflict as conflict:
            messages.error(request, str(conflict))
            now_used = version
        else:
            messages.success(request, f"Back to {version}, now {now_used}: in use for calls that start from now on.")
        return HttpResponseRedirect(self._address("coaching_playbookversion_change", now_used.pk))

    def take_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """Make the working copy what a version holds."""
        self._check(request, "change")
        version = self._version(number)
        changes = playbook_versions.take_over(version, by=_member(request))
        messages.success(request, f"The playbook you edit is now as in {version}: {len(changes)} entries changed.")
        return HttpResponseRedirect(self._address("coaching_play_changelist"))

    def pack_view(self, request: HttpRequest) -> HttpResponse:
        """Start from an industry pack. Not published: the admin looks first."""
        self._check(request, "change")
        name = request.POST.get("pack", "")
        if name not in pack_names():
            raise Http404
        pack = services.apply_pack(name, publish=False)
        messages.success(
            request, f"“{pack.title}” is in your playbook. Read it, change what does not suit you, then publish it."
        )
        return HttpResponseRedirect(self._address("coaching_play_changelist"))

    def export_view(self, request: HttpRequest, number: int | None = None) -> HttpResponse:
        """The working copy, or a version, as a file to keep or to edit."""
        self._check(request, "view")
        book = working_copy.read() if number is None else playbook_versions.book_of(self._version(number))
        text = playbook_files.export(book, by=_member(request), version=number)
        response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
        name = export_name(f"playbook-v{number}" if number else "playbook", "yaml")
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """A file in two steps: look at what it would change, then apply it. Mistakes are told all at once."""
        self._check(request, "change")
        context: dict[str, Any] = {"title": "Import a playbook", "max_kb": MAX_BYTES // 1_000, "mode": Mode.ADD.value}
        form = FileForm(request.POST, request.FILES) if request.method == "POST" else None
        if form is not None and form.is_valid():
            mode, content = Mode(form.cleaned_data["mode"]), form.content()
            context["mode"] = mode.value
            try:
                preview = playbook_files.preview(content, mode)
                if form.cleaned_data["seen"] and "apply" in request.POST:
                    return self._applied(request, preview.book, mode, form.cleaned_data["seen"])
            except BadFile as error:
                context["problems"] = error.problems
            except FileConflict as conflict:
                messages.error(request, str(conflict))
            else:
                context |= {
                    "preview": preview,
                    "changes": preview.changes[:CHANGES_SHOWN],
                    "more": max(0, len(preview.changes) - CHANGES_SHOWN),
                    "counted": handbook_changes.counted(preview.changes),
                    "text": handbook_yaml.dump(preview.book),
                }
        elif form is not None:
            messages.error(request, "Choose a file, and whether it is added or takes the place of everything.")
        return self._page(request, "import", context)

    def _applied(self, request: HttpRequest, book: Any, mode: Mode, seen: str) -> HttpResponse:
        changes = playbook_files.apply(book, mode, by=_member(request), seen=seen)
        messages.success(request, f"{len(changes)} entries imported. Calls use them once you publish the playbook.")
        return HttpResponseRedirect(self._address("coaching_play_changelist"))

    @admin.display(description="state")
    def state(self, version: PlaybookVersion) -> str:
        used = playbook_versions.published()
        if used is not None and used.pk == version.pk:
            return f"In use (v{version.restored} again)" if version.restored else "In use"
        return f"v{version.restored} again" if version.restored else "Used before"

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/coaching/playbook/{name}.html", {**shared, **context})

    def _may_edit(self, request: HttpRequest) -> bool:
        return bool(super().has_change_permission(request))

    def _check(self, request: HttpRequest, right: str) -> None:
        may = self._may_edit(request) if right == "change" else self.has_view_permission(request)
        if not may or require_tenant().is_public:
            raise PermissionDenied

    def _version(self, number: int) -> PlaybookVersion:
        version = PlaybookVersion.objects.filter(number=number).first()
        if version is None:
            raise Http404
        return version

    def _address(self, name: str, *args: object) -> str:
        return reverse(f"{self.admin_site.name}:{name}", args=args)


def _between(used: PlaybookVersion, version: PlaybookVersion) -> tuple[handbook_changes.Change, ...]:
    return handbook_changes.between(playbook_versions.book_of(used), playbook_versions.book_of(version))


def _member(request: HttpRequest) -> Member:
    return cast(Member, request.user)


def _number(text: object) -> int | None:
    value = str(text or "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
