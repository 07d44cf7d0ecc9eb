"""Prompt versions."""

from __future__ import annotations

import difflib
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from coaching import services
from coaching.models import PromptPurpose, PromptVersion


@admin.register(PromptVersion)
class PromptVersionAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """History is read-only: a change is a new version, copied from the published one, in use once published."""

    list_display = ("__str__", "state", "note", "created_at", "published_at")
    list_filter = ("purpose",)
    actions = ("publish_selected",)
    fields = ("purpose", "system", "temperature", "note")

    def get_readonly_fields(self, request: HttpRequest, obj: PromptVersion | None = None) -> tuple[str, ...]:  # noqa: ARG002
        if obj is None:
            return ()
        return ("purpose", "number", "system", "temperature", "note", "created_at", "published_at", "difference")

    def get_fields(self, request: HttpRequest, obj: PromptVersion | None = None) -> tuple[str, ...]:
        return self.fields if obj is None else self.get_readonly_fields(request, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start from what is in use, so that a new version is a change and not a blank page."""
        purpose = request.GET.get("purpose", PromptPurpose.LIVE)
        if purpose not in PromptPurpose.values:
            purpose = PromptPurpose.LIVE
        prompt = services.published_prompt(purpose)
        return {"purpose": purpose, "system": prompt.system, "temperature": prompt.temperature}

    def save_model(self, request: HttpRequest, obj: PromptVersion, form: Any, change: bool) -> None:  # noqa: ARG002
        if change:
            raise PermissionDenied
        saved = services.save_prompt_version(
            purpose=obj.purpose, system=obj.system, temperature=obj.temperature, note=obj.note
        )
        obj.pk, obj.number = saved.pk, saved.number
        messages.info(request, "Saved. It is used once you publish it: select it in the list.")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    @admin.action(description="Publish (one version)", permissions=["add"])
    def publish_selected(self, request: HttpRequest, chosen: QuerySet[PromptVersion]) -> None:
        versions = list(chosen[:2])
        if len(versions) != 1:
            messages.error(request, "Choose exactly one version to publish.")
            return
        services.publish(versions[0])
        messages.success(request, f"{versions[0]} is in use for calls that start from now on.")

    @admin.display(description="state")
    def state(self, version: PromptVersion) -> str:
        published = services.published_version(version.purpose)
        if published is not None and published.pk == version.pk:
            return "in use"
        return "used before" if version.published_at else "draft"

    @admin.display(description="compared with the one in use")
    def difference(self, version: PromptVersion) -> SafeString | str:
        published = services.published_prompt(version.purpose)
        if published.version_id == version.pk:
            return "This is the one in use."
        lines = difflib.unified_diff(
            published.system.splitlines(), version.system.splitlines(), "in use", str(version), lineterm="", n=1
        )
        return format_html('<pre class="whitespace-pre-wrap">{}</pre>', "\n".join(lines) or "The same text.")
