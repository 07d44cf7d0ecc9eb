"""The shared schema: which businesses there are and which hosts lead to them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django_tenants.models import DomainMixin, TenantMixin

from tenants.postgresql.fields import OwnerRoleField, owner_role


class Tenant(TenantMixin):  # type: ignore[misc]  # django-tenants has no types
    """A business: one Postgres schema and one NOLOGIN database role.

    `schema_name` (from TenantMixin) is permanent: storage paths, group names and the role derive from it.
    """

    name = models.CharField(max_length=100)
    trade = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    owner_role = OwnerRoleField()

    auto_create_schema = False
    auto_drop_schema = False

    class Meta:
        verbose_name = "business"
        verbose_name_plural = "businesses"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.owner_role = owner_role(self.schema_name)
        super().save(*args, **kwargs)


class Domain(DomainMixin):  # type: ignore[misc]
    """A host name that leads to a business once it is verified. A business reads its own.

    Several may ask for the same name; it leads to the first that is verified. Postgres lets a business's role only
    ask for and withdraw names; everything else is set outside any business, in `public_scope`.

    What DNS has to prove (`is_proven_by_dns`) is looked up again and again, see tenants/domains/watching.py:
    `check_after` is when next, None for never; `finding` says in words what is wrong, empty when all is right;
    `wrong_since` is set while a verified name fails; `told_at` is when its admins were written to about that.
    """

    domain = models.CharField(max_length=253, db_index=True)
    verified_at = models.DateTimeField(null=True, blank=True, help_text="Empty: asked for, and leads nowhere yet.")
    owner_role = OwnerRoleField()
    is_proven_by_dns = models.BooleanField(default=False, db_default=False, editable=False)
    asked_at = models.DateTimeField(null=True, default=timezone.now, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    check_after = models.DateTimeField(null=True, editable=False)
    finding = models.TextField(blank=True, default="", db_default="", editable=False)
    wrong_since = models.DateTimeField(null=True, editable=False)
    told_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["domain"]
        indexes = [
            models.Index(fields=["check_after"], condition=Q(check_after__isnull=False), name="domain_to_be_checked")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["domain"],
                condition=Q(verified_at__isnull=False),
                name="domain_leads_to_one",
                violation_error_message="This host already leads to another business.",
            ),
            models.UniqueConstraint(
                fields=["tenant", "domain"],
                name="domain_once_per_business",
                violation_error_message="This business already has this host.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.domain)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.owner_role = self.tenant.owner_role
        super().save(*args, **kwargs)
