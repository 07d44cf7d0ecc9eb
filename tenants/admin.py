"""What operators see on the public host: the businesses and their host names."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from tenants.figures import last_call_of
from tenants.models import Domain, Tenant
from tenants.selectors import business_of
from tenants.signup.admin import BusinessRequestAdmin
from tenants.signup.operating import Standing, invited_again, standing_of

__all__ = ["BusinessRequestAdmin", "DomainAdmin", "TenantAdmin"]


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
    """Names, hosts and how each is doing. "Add" asks the builder for one: making it needs the database's owner."""

    list_display = ["name", "show_hosts", "show_standing", "show_members", "show_last_call", "created_at"]
    # A few queries for each: see `_standing`.
    list_per_page = 25
    actions = ["send_invitation_again"]
    search_fields = ["name", "schema_name", "domains__domain"]
    fields = ["name", "trade", "schema_name", "created_at"]
    readonly_fields = ["schema_name", "created_at"]
    inlines = [DomainInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        found: QuerySet[Tenant] = super().get_queryset(request).prefetch_related("domains")
        return found

    @admin.display(description="Hosts")
    def show_hosts(self, tenant: Tenant) -> str:
        """The primary one first."""
        verified = [domain for domain in tenant.domains.all() if domain.verified_at]
        verified.sort(key=lambda domain: (not domain.is_primary, domain.domain))
        return ", ".join(domain.domain for domain in verified) or "—"

    @display(  # type: ignore[untyped-decorator]
        description="State", label={"In use": "success", "Invited": "info", "No admin": "warning"}
    )
    def show_standing(self, tenant: Tenant) -> str:
        return _standing(tenant).words

    @admin.display(description="Members")
    def show_members(self, tenant: Tenant) -> int:
        return _standing(tenant).members

    @admin.display(description="Last call")
    def show_last_call(self, tenant: Tenant) -> Any:
        return last_call_of(business_of(tenant))

    @admin.action(description="Send the first admin's invitation again", permissions=["change"])
    def send_invitation_again(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> None:
        for tenant in queryset:
            messages.info(request, invited_again(tenant))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponseBase:  # noqa: ARG002
        if not self.has_add_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("admin:signup_businessrequest_add"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """A row without its schema would leave data nobody owns."""
        return False


def _standing(tenant: Tenant) -> Standing:
    """Asked once for a row of the list, not once for each column."""
    if not hasattr(tenant, "_standing"):
        tenant._standing = standing_of(tenant)  # noqa: SLF001 - ours, on this row
    standing: Standing = tenant._standing  # noqa: SLF001
    return standing


@admin.register(Domain)
class DomainAdmin(VerifiedAtOnce, ModelAdmin):  # type: ignore[misc]
    list_display = ["domain", "tenant", "is_primary", "verified_at"]
    fields = ["domain", "tenant", "is_primary", "verified_at"]
    search_fields = ["domain", "tenant__name"]
    list_filter = ["is_primary"]
