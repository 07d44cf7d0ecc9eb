"""The shared schema: which businesses there are and which hosts lead to them."""

from __future__ import annotations

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Tenant(TenantMixin):  # type: ignore[misc]  # django-tenants has no types
    """A business: one Postgres schema and one NOLOGIN database role.

    `schema_name` (from TenantMixin) is permanent: storage paths, group names and the role derive from it.
    """

    name = models.CharField(max_length=100)
    trade = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    auto_create_schema = False
    auto_drop_schema = False

    class Meta:
        verbose_name = "business"
        verbose_name_plural = "businesses"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Domain(DomainMixin):  # type: ignore[misc]
    """A host name that leads to a business."""

    class Meta:
        ordering = ["domain"]

    def __str__(self) -> str:
        return str(self.domain)
