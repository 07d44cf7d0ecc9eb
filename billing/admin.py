"""The ledger in the admin of a business: to look at, never to change."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from billing.models import UsageEntry
from billing.prices import usd
from billing.reports import NO_PRICE
from tenants.context import current


@admin.register(UsageEntry)
class UsageEntryAdmin(ModelAdmin):  # type: ignore[misc]
    """Read-only. The public host has no ledger: operators see businesses and prices, not their use."""

    list_display = ["at", "component", "provider", "model", "quantity", "unit", "purpose", "is_waste", "cost"]
    list_filter = ["component", "provider", "purpose", "is_waste", "is_estimate"]
    search_fields = ["call_id", "model"]
    date_hierarchy = "at"
    ordering = ["-at"]
    show_full_result_count = False

    @admin.display(description="Cost", ordering="cost_micros")
    def cost(self, entry: UsageEntry) -> str:
        return NO_PRICE if entry.cost_micros is None else usd(entry.cost_micros, digits=6)

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


def _is_business() -> bool:
    business = current()
    return business is not None and not business.is_public
