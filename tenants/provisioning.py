"""Making a business, as the owner: schema, role, grants, tables, first rows and first admin in one go."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import connection, transaction
from django.dispatch import Signal
from django.utils import timezone

from tenants import schemas
from tenants.context import PUBLIC_SCHEMA, business_scope, public_scope
from tenants.erasure import mark
from tenants.house.models import Branding, Policy
from tenants.house.policies import starting_policy
from tenants.members.models import Member, Role
from tenants.models import Domain, Tenant
from tenants.postgresql.roles import role_name
from tenants.selectors import business_of, hosts

_SCHEMA_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_RESERVED = {PUBLIC_SCHEMA, "information_schema"}

# Sent after the commit, inside the business, with `member`: somebody has to invite them, they have no password.
first_admin_added = Signal()


class HostTaken(ValidationError):
    """The host leads to another business."""

    def __init__(self) -> None:
        super().__init__("This host already leads to another business.")


def create_business(
    *,
    schema_name: str,
    name: str,
    host: str,
    trade: str = "",
    place: str = "",
    admin_email: str = "",
    admin_name: str = "",
    claim: Callable[[Tenant, bool], None] = lambda tenant, is_new: None,  # noqa: ARG005 - nothing to say
) -> Tenant:
    """A business that can sign in: its row, host, schema, role, grants, tables, brand, policies, and its first admin.

    One transaction while template.sql is up to date with the migrations. Otherwise the rest is migrated in steps
    of its own, and a broken attempt is completed by the next. Idempotent: an existing business is brought up to date
    and keeps what it changed itself. `admin_email` adds an admin without a password; receivers of `first_admin_added`
    invite them, once the commit has happened. Two attempts at the same name take turns.

    `place` (`US-CA`, `DE` …) chooses the consent rule it starts with; without one the strictest. `claim` is called in
    the transaction that makes the business's row, with the row and whether it is new; what it raises ends the attempt.

    Raises `ValidationError` for a name that can not be a schema, an odd address, an unknown place or a host of
    another business, `ImproperlyConfigured` when not run as the owner, and `SchemaBusy`.
    """
    admin = _admin(admin_email, admin_name)
    check_may_make(schema_name)
    policy = _starting_policy(place)
    with schemas.schema_lock(schema_name):
        refuse_half_erased(schema_name)
        with public_scope(), transaction.atomic(durable=True):
            tenant: Tenant
            facts = {"name": name, "trade": trade}
            tenant, is_new = Tenant.objects.get_or_create(schema_name=schema_name, defaults=facts)
            claim(tenant, is_new)
            claim_host(tenant, host)
            is_current = schemas.lay_out(schema_name)
            if is_current:
                _furnish(tenant, name=name, admin=admin, policy=policy)
        if not is_current:
            schemas.bring_up_to_date(schema_name)
            with public_scope(), transaction.atomic(durable=True):
                _furnish(tenant, name=name, admin=admin, policy=policy)
    hosts.forget()
    return tenant


def _furnish(tenant: Tenant, *, name: str, admin: Member | None, policy: dict[str, Any]) -> None:
    """The first rows, inside the caller's transaction."""
    business = business_of(tenant)
    with business_scope(business):
        Branding.objects.get_or_create(pk=1, defaults={"product_name": name[:60]})
        Policy.objects.get_or_create(pk=1, defaults=policy)
        if admin is None or Member.objects.filter(email=admin.email).exists():
            return
        admin.save()

    def announce() -> None:
        with business_scope(business):
            first_admin_added.send(sender=Member, member=admin)

    transaction.on_commit(announce)


def _admin(email: str, name: str) -> Member | None:
    """The first admin, not saved yet; None when none is wanted. Raises `ValidationError`."""
    if not email:
        return None
    email = Member.objects.normalize_email(email).lower()
    member = Member(email=email, name=name or email.partition("@")[0][:100], roles=[Role.ADMIN.value])
    member.set_unusable_password()
    member.clean_fields()
    return member


def _starting_policy(place: str) -> dict[str, Any]:
    try:
        return starting_policy(place)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def check_may_make(schema_name: str) -> None:
    """Raises `ImproperlyConfigured` when not run as the owner, `ValidationError` for a name that can be no schema."""
    if connection.settings_dict.get("BUSINESS_ROLES", True):
        raise ImproperlyConfigured("Businesses are made by the owner: set SALESPILOT_AS_OWNER=true.")
    if not settings.DATABASE_APP_ROLE:
        raise ImproperlyConfigured("Set DATABASE_URL too: its role gets the right to work for the new business.")
    if not _SCHEMA_NAME.fullmatch(schema_name) or schema_name in _RESERVED or schema_name.startswith("pg_"):
        raise ValidationError(
            "A business's short name starts with a letter, then letters, digits and _, all lower case, at most 41."
        )


def refuse_half_erased(schema_name: str) -> None:
    """Raises `ValidationError` while the erasure of a business of this name was begun and not ended."""
    with public_scope():
        raw = schemas.owner_connection()
        if mark.read(raw, role_name(raw.info.dbname, schema_name)):
            raise ValidationError("A business of this name is being erased: run erase_business again until it is done.")


def claim_host(tenant: Tenant, host: str) -> None:
    """The owner's word is proof enough: the host leads here at once. Raises `ValidationError` when it is taken."""
    host = host.lower()
    if Domain.objects.filter(domain=host, verified_at__isnull=False).exclude(tenant=tenant).exists():
        raise HostTaken
    now = timezone.now()
    domain, _ = Domain.objects.get_or_create(
        domain=host, tenant=tenant, defaults={"is_primary": True, "verified_at": now}
    )
    if domain.verified_at is None:
        domain.verified_at = now
        domain.save(update_fields=["verified_at"])
