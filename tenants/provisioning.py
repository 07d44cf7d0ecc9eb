"""Making a business, as the owner: schema, role, grants, tables and first rows in one go."""

from __future__ import annotations

import re

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management import call_command
from django.db import connection, transaction

from tenants.context import PUBLIC_SCHEMA, business_scope, public_scope
from tenants.house.models import Branding, Policy
from tenants.models import Domain, Tenant
from tenants.postgresql.roles import create_business_role, seal_migrations
from tenants.selectors import business_of, hosts

_SCHEMA_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_RESERVED = {PUBLIC_SCHEMA, "information_schema"}


def create_business(*, schema_name: str, name: str, host: str, trade: str = "") -> Tenant:
    """A business that can sign in: its row, host, schema, role, grants, tables, brand and policies.

    Idempotent: what a broken attempt left is completed, an existing business keeps what it changed itself.
    Raises `ValidationError` for a name that can not be a schema, a host of another business, and
    `ImproperlyConfigured` when not run as the owner.
    """
    _check(schema_name)
    tenant: Tenant
    with public_scope(), transaction.atomic():
        tenant, _ = Tenant.objects.get_or_create(schema_name=schema_name, defaults={"name": name, "trade": trade})
        _claim_host(tenant, host)
    prepare_schema(schema_name)
    with business_scope(business_of(tenant)):
        Branding.objects.get_or_create(pk=1, defaults={"product_name": name[:60]})
        Policy.objects.get_or_create(pk=1)
    hosts.forget()
    return tenant


def prepare_schema(schema_name: str) -> None:
    """Schema, role and grants in one transaction, then the migrations. Idempotent."""
    with public_scope():
        connection.ensure_connection()
        raw = connection.connection
        create_business_role(raw, schema=schema_name, owner=raw.info.user, app=settings.DATABASE_APP_ROLE)
    with public_scope():
        call_command("migrate_schemas", tenant=True, schema_name=schema_name, interactive=False, verbosity=0)
    with public_scope():
        connection.ensure_connection()
        seal_migrations(connection.connection, schema=schema_name, app=settings.DATABASE_APP_ROLE)


def _check(schema_name: str) -> None:
    if connection.settings_dict.get("BUSINESS_ROLES", True):
        raise ImproperlyConfigured("Businesses are made by the owner: set SALESPILOT_AS_OWNER=true.")
    if not settings.DATABASE_APP_ROLE:
        raise ImproperlyConfigured("Set DATABASE_URL too: its role gets the right to work for the new business.")
    if not _SCHEMA_NAME.fullmatch(schema_name) or schema_name in _RESERVED or schema_name.startswith("pg_"):
        raise ValidationError(
            "A business's short name starts with a letter, then letters, digits and _, all lower case, at most 41."
        )


def _claim_host(tenant: Tenant, host: str) -> None:
    domain, _ = Domain.objects.get_or_create(domain=host.lower(), defaults={"tenant": tenant, "is_primary": True})
    if domain.tenant_id != tenant.pk:
        raise ValidationError("This host already leads to another business.")
