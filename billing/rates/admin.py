"""The price list, for operators on the public host. A new price is a new row: rows are added, never changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from billing.prices import usd
from billing.rates.models import Price
from tenants.context import current


@admin.register(Price)
class PriceAdmin(ModelAdmin):  # type: ignore[misc]
    """Entries keep the price they were made with, so adding a row changes no old bill."""

    list_display = ["component", "provider", "model", "unit", "amount", "valid_from", "source"]
    list_filter = ["component", "provider", "unit"]
    search_fields = ["model", "source"]

    @admin.display(description="Price")
    def amount(self, price: Price) -> str:
        return f"{usd(price.micros, digits=6)} for {price.per:,} {price.unit}"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_public() and bool(super().has_module_permission(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_public() and bool(super().has_view_permission(request, obj))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_public() and bool(super().has_add_permission(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


def _is_public() -> bool:
    business = current()
    return business is not None and business.is_public
