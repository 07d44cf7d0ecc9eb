"""The whole installation: the shared schema first, then every business that is behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from tenants.context import PUBLIC_SCHEMA, public_scope
from tenants.models import Tenant
from tenants.schemas import migrate_shared, owner_connection, schema_lock
from tenants.upgrade.heads import Heads, is_from_before, is_shared_behind, read_heads
from tenants.upgrade.many import OnDone, upgrade_many
from tenants.upgrade.one import Patience
from tenants.upgrade.report import Report

OnStart = Callable[[int], OnDone]


def look(only: Sequence[str] = ()) -> Report:
    """Who is behind; changes nothing. Raises `ImproperlyConfigured` when not run as the owner."""
    began = time.monotonic()
    _check()
    if _is_shared_behind():
        raise ImproperlyConfigured("The shared schema is behind itself. Run migrate_behind without --check.")
    heads, count = _heads(only)
    return Report(
        businesses=count,
        current=len(heads.current),
        seconds=time.monotonic() - began,
        waiting=heads.behind,
        unfinished=heads.unfinished,
        ahead=heads.ahead,
    )


def upgrade(*, workers: int, patience: Patience, on_start: OnStart, only: Sequence[str] = ()) -> Report:
    """Migrates what is behind. `on_start` hears how many those are and returns who hears each outcome.

    Two runs at once share the work: a schema that the other holds is waited for and then found done. Killed at any
    point it can be run again. Raises whatever stops the shared schema, before any business was touched, and
    `ImproperlyConfigured` when not run as the owner or when a name in `only` is not a business's.
    """
    began = time.monotonic()
    _check()
    is_shared_behind_now = _is_shared_behind()
    if is_shared_behind_now:
        with schema_lock(PUBLIC_SCHEMA):
            migrate_shared()
    heads, count = _heads(only)
    outcomes = upgrade_many(heads.behind, workers=workers, patience=patience, on_done=on_start(len(heads.behind)))
    return Report(
        businesses=count,
        current=len(heads.current),
        seconds=time.monotonic() - began,
        is_shared_migrated=is_shared_behind_now,
        migrated=tuple(outcome for outcome in outcomes if not outcome.error),
        failed=tuple(outcome for outcome in outcomes if outcome.error),
        unfinished=heads.unfinished,
        ahead=heads.ahead,
    )


def _is_shared_behind() -> bool:
    with public_scope():
        return is_shared_behind(owner_connection())


def _heads(only: Sequence[str]) -> tuple[Heads, int]:
    with public_scope():
        known = list(Tenant.objects.order_by("schema_name").values_list("schema_name", flat=True))
        unknown = sorted(set(only) - set(known))
        if unknown:
            raise ImproperlyConfigured(f"There is no business {unknown[0]!r}.")
        wanted = [schema for schema in known if schema in only] if only else known
        return read_heads(owner_connection(), wanted), len(wanted)


def _check() -> None:
    if connection.settings_dict.get("BUSINESS_ROLES", True):
        raise ImproperlyConfigured("Tables are changed by the owner: set SALESPILOT_AS_OWNER=true.")
    if not settings.DATABASE_APP_ROLE:
        raise ImproperlyConfigured("Set DATABASE_URL too: its role gets the rights on new tables.")
    with public_scope():
        if is_from_before(owner_connection()):
            raise ImproperlyConfigured(
                "This database was made by the first preview and can not be upgraded. Begin with an empty one: "
                "`make clean-data` removes the embedded one, with its demo and all calls in it."
            )
