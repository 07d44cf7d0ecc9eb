"""The schema of one business, as the owner: role, grants, tables, and bringing it up to date under a lock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import connection, transaction
from django.db.migrations import Migration as DiskMigration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from tenants.context import PUBLIC, Business, business_scope, public_scope
from tenants.postgresql.roles import create_business_role, open_business, share_tables
from tenants.template.disk import usable_template

LOCK_SECONDS = 10.0

Migration = tuple[str, str]  # app and name


class SchemaBusy(RuntimeError):
    """Another process works on the same schema and did not finish in time. Trying again later is safe."""

    retryable = True

    def __init__(self, schema: str) -> None:
        super().__init__(f"Another process is working on {schema}. Run it again when that one is done.")


@contextmanager
def schema_lock(schema: str, *, wait_s: float = LOCK_SECONDS) -> Iterator[None]:
    """One process at a time works on a schema. The lock ends with the connection, so also with a killed process.

    Raises `SchemaBusy` after `wait_s`.
    """
    with public_scope():
        raw = owner_connection()
        key = f"salespilot:{schema}"
        before = raw.execute("SHOW lock_timeout", prepare=False).fetchone()
        raw.execute(f"SET lock_timeout = {max(1, round(wait_s * 1000))}", prepare=False)
        try:
            raw.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [key])
        except psycopg.errors.LockNotAvailable:
            raise SchemaBusy(schema) from None
        finally:
            raw.execute(f"SET lock_timeout = '{before[0] if before else 0}'", prepare=False)
    try:
        yield
    finally:
        if connection.connection is raw and not raw.closed:
            raw.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])


def lay_out(schema: str) -> bool:
    """Schema, role and grants, and the template's tables when there are none yet. Idempotent.

    Inside the caller's transaction: all of it or nothing. Returns whether the tables are up to date with the
    migrations on disk; when not, `migrate_tables` has to follow.
    """
    raw = owner_connection()
    is_empty = _is_empty(raw, schema)
    create_business_role(raw, schema=schema, owner=raw.info.user, has_tables=not is_empty)
    if is_empty:
        template = usable_template()
        if template is None:
            return False
        with connection.wrap_database_errors:
            # Functions may speak of tables that come later in the text.
            raw.execute("SET LOCAL check_function_bodies = off", prepare=False)
            raw.execute(template.for_schema(schema), prepare=False)
    if not open_business(raw, schema=schema, app=settings.DATABASE_APP_ROLE):
        return False
    return not missing(applied_in(raw, schema), migrations_on_disk())


def bring_up_to_date(schema: str) -> None:
    """A business's schema with all of its tables, whatever there was before; a killed run goes on where it stopped.

    Expects the shared schema to be up to date, and the caller to hold `schema_lock`.
    """
    with public_scope(), transaction.atomic():
        is_current = lay_out(schema)
    if not is_current:
        migrate_tables(Business(id=0, schema_name=schema, name=schema))
        with public_scope(), transaction.atomic():
            open_business(owner_connection(), schema=schema, app=settings.DATABASE_APP_ROLE)


def migrate_shared() -> None:
    """The shared schema: businesses, domains, operators, prices; and what businesses may do there.

    Raises `ImproperlyConfigured` when nobody knows whom to grant it to.
    """
    if not settings.DATABASE_APP_ROLE:
        raise ImproperlyConfigured("Set DATABASE_URL too: its role gets the right to work with the tables.")
    migrate_tables(PUBLIC)
    with public_scope():
        share_tables(owner_connection(), app=settings.DATABASE_APP_ROLE)


def migrate_tables(business: Business) -> None:
    """Django's own migrate in one schema; each migration with its note in the history is one transaction."""
    with business_scope(business):
        with _shared_out_of_sight():
            MigrationRecorder(connection).ensure_schema()
        call_command(Migrate(), interactive=False, verbosity=0, skip_checks=True)


@contextmanager
def _shared_out_of_sight() -> Iterator[None]:
    """Else the shared schema's history is taken for this one's, and nothing seems to be missing."""
    connection.include_public_schema = False  # type: ignore[attr-defined]  # our backend's
    try:
        yield
    finally:
        connection.include_public_schema = True  # type: ignore[attr-defined]


def owner_connection() -> psycopg.Connection:
    connection.ensure_connection()
    raw: psycopg.Connection = connection.connection
    return raw


def applied_in(raw: psycopg.Connection, schema: str) -> set[Migration]:
    rows = raw.execute(
        psycopg.sql.SQL("SELECT app, name FROM {}").format(psycopg.sql.Identifier(schema, "django_migrations"))
    )
    return {(app, name) for app, name in rows}


def migrations_on_disk() -> dict[Migration, DiskMigration]:
    """Those of all installed apps: a business's history names them all."""
    return dict(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def missing(applied: set[Migration], on_disk: Mapping[Migration, DiskMigration]) -> list[Migration]:
    """What of `on_disk` is not in `applied`; a squashed migration counts as its parts."""
    return [
        key
        for key, migration in on_disk.items()
        if key not in applied and not (migration.replaces and set(migration.replaces) <= applied)
    ]


def _is_empty(raw: psycopg.Connection, schema: str) -> bool:
    """By what depends on the schema, for which there is an index; with many businesses pg_class is long."""
    found = raw.execute(
        "SELECT 1 FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass AND refobjid = to_regnamespace(%s)::oid "
        "AND classid = 'pg_class'::regclass LIMIT 1",
        [f'"{schema}"'],
    )
    return found.fetchone() is None
