"""The admin of a table with exactly one row: its list goes straight to it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin


class SingleRowAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """There is exactly one row: nothing to add, to delete or to list."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        if not self.has_view_or_change_permission(request):
            return super().changelist_view(request)  # type: ignore[no-any-return]
        self.model.objects.get_or_create(pk=1)
        name = f"{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:{name}", args=[1]))

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:  # noqa: ARG002
        return HttpResponseRedirect(request.get_full_path())

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False
