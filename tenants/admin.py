"""What operators see on the public host: the businesses and their host names."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline

from tenants.models import Domain, Tenant


class VerifiedAtOnce:
    """What operators add leads to its business at once; a field like any other, so that a double is found."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "verified_at":
            options["initial"] = timezone.now
        return super().formfield_for_dbfield(db_field, request, **options)  # type: ignore[misc]  # the admin class's


class DomainInline(VerifiedAtOnce, TabularInline):  # type: ignore[misc]  # unfold has no types
    model = Domain
    fields = ["domain", "is_primary", "verified_at"]
    extra = 0
    tab = False


@admin.register(Tenant)
class TenantAdmin(ModelAdmin):  # type: ignore[misc]
    """Names and hosts only: making a business needs the database's owner, so it is a command."""

    list_display = ["name", "schema_name", "trade", "primary_host", "created_at"]
    search_fields = ["name", "schema_name", "domains__domain"]
    fields = ["name", "trade", "schema_name", "created_at"]
    readonly_fields = ["schema_name", "created_at"]
    inlines = [DomainInline]

    @admin.display(description="Host")
    def primary_host(self, tenant: Tenant) -> str:
        domain = tenant.get_primary_domain()
        return domain.domain if domain else "—"

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """`manage.py create_business` makes schema, role and tables with it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """A row without its schema would leave data nobody owns."""
        return False


@admin.register(Domain)
class DomainAdmin(VerifiedAtOnce, ModelAdmin):  # type: ignore[misc]
    list_display = ["domain", "tenant", "is_primary", "verified_at"]
    fields = ["domain", "tenant", "is_primary", "verified_at"]
    search_fields = ["domain", "tenant__name"]
    list_filter = ["is_primary"]
