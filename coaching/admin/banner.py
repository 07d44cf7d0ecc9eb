"""What stands above every list of the playbook: what calls use, what is not published yet, and what to do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from coaching import playbook_versions
from coaching.models import Play
from coaching.packs import BUILT_IN, load_pack, pack_names


def banner() -> dict[str, Any]:
    """The banner's words and buttons."""
    version = playbook_versions.published()
    built_in = load_pack(BUILT_IN)
    is_empty = not Play.objects.exists()
    return {
        "version": version,
        "changes": len(playbook_versions.unpublished()),
        "is_empty": is_empty,
        "built_in": built_in.title,
        "built_in_plays": len(built_in.plays),
        "packs": [(pack.name, pack.title, len(pack.plays)) for pack in map(load_pack, pack_names()) if is_empty],
        "publish_url": reverse("admin:coaching_playbook_publish"),
        "pack_url": reverse("admin:coaching_playbook_pack"),
        "import_url": reverse("admin:coaching_playbook_import"),
        "export_url": reverse("admin:coaching_playbook_export"),
        "history_url": reverse("admin:coaching_playbookversion_changelist"),
    }


class WithBanner:
    """For the admins of what a playbook version holds."""

    list_before_template = "admin/coaching/playbook/banner.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {**(extra_context or {}), "playbook": banner()}
        response: HttpResponse = super().changelist_view(request, context)  # type: ignore[misc]  # Django's ModelAdmin
        return response
