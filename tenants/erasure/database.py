"""The database's part of erasing a business, as the owner: doors, shared rows, the schema in portions, the role."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from psycopg import sql

from tenants.context import Business, business_scope, public_scope
from tenants.members.models import Member
from tenants.models import Domain, Tenant
from tenants.schemas import owner_connection
from tenants.selectors import hosts

TABLES_AT_ONCE = 10
"""Dropped in one transaction. Each table takes a lock, each of its indexes one more, and all sessions of the server
share one list of locks (`max_locks_per_transaction` × `max_connections`)."""

LOCK_WAIT_MS = 60_000
SHARED = "public"
ASKED = frozenset({"members_member", "audit_auditline", "calls_call"})
ROLE_COLUMN = "owner_role"

Raw = psycopg.Connection[Any]


class InUse(RuntimeError):
    """A task or a request still works with a table of the business. Run it again when that one is done."""

    retryable = True

    def __init__(self) -> None:
        super().__init__(
            "Something still works with this business's tables and did not finish within a minute. Run it again: it "
            "goes on where it stopped."
        )


def shut_doors(business: Business) -> None:
    """No host leads there and nobody is signed in any more, once the caller's transaction is committed.

    Other processes believe a host for up to 10 s; sockets ask again every 7 s and end.
    """
    with public_scope():
        Domain.objects.filter(tenant_id=business.id).delete()
    if is_furnished(business.schema_name):
        with business_scope(business):
            Member.objects.update(is_active=False)


def is_furnished(schema: str) -> bool:
    """Whether the tables are there that are asked by name. What a schema lacks is found in the shared one otherwise:
    of a business that was made by halves, the operators' own.
    """
    raw = owner_connection()
    return set(relations(raw, schema, "r")) >= ASKED


def close(business: Business, role: str, domain_ids: Sequence[int], domains: Sequence[str]) -> None:
    """From the caller's commit on the application can not become the business, and knows of none.

    A task that waits then finds no business. A connection that has become the business already stays so until it is
    given back: what it works with is dropped next.
    """
    raw = owner_connection()
    with public_scope():
        _delete_operators_notes(business, domain_ids, domains)
        Tenant.objects.filter(pk=business.id).delete()
        for table in tables_with_role(raw):
            raw.execute(
                sql.SQL("DELETE FROM {} WHERE {} = %s").format(
                    sql.Identifier(SHARED, table), sql.Identifier(ROLE_COLUMN)
                ),
                [role],
            )
    _run(raw, "REVOKE {} FROM {}", role, settings.DATABASE_APP_ROLE)
    hosts.forget()


def _delete_operators_notes(business: Business, domain_ids: Sequence[int], domains: Sequence[str]) -> None:
    """What the operators' admin remembers of changes of the business's row and hosts: it names them."""
    ours = LogEntry.objects.filter(content_type__in=ContentType.objects.filter(app_label="tenants"))
    ours.filter(content_type__model="tenant", object_id=str(business.id)).delete()
    by_host = ours.filter(content_type__model="domain")
    by_host.filter(object_id__in=[str(each) for each in domain_ids]).delete()
    by_host.filter(object_repr__in=list(domains)).delete()


def tables_with_role(raw: Raw) -> list[str]:
    """Shared tables whose rows name their business's role: those that have policies (docs/security.md)."""
    rows = raw.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = %s AND NOT a.attisdropped "
        "ORDER BY 1",
        [ROLE_COLUMN],
    )
    return [name for (name,) in rows]


def count_rows(raw: Raw, schema: str) -> dict[str, int]:
    """Exact numbers of rows by table; tables without rows are left out."""
    counts = {}
    for table in relations(raw, schema, "rp"):
        row = raw.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))).fetchone()
        if row and row[0]:
            counts[table] = int(row[0])
    return counts


def relations(raw: Raw, schema: str, kinds: str) -> list[str]:
    """Names in the schema; `kinds` as in pg_class: r tables, p partitioned ones, v views, m materialised, f foreign."""
    rows = raw.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s)::oid AND relkind = ANY(%s) ORDER BY 1",
        [f'"{schema}"', list(kinds)],
    )
    return [name for (name,) in rows]


def drop_schema(schema: str) -> None:
    """Table by table in small transactions, then the rest. What a run that was cut off left is dropped by the next.

    Raises `InUse`.
    """
    raw = owner_connection()
    _drop_all(raw, schema, "v", "DROP VIEW IF EXISTS {} CASCADE")
    _drop_all(raw, schema, "m", "DROP MATERIALIZED VIEW IF EXISTS {} CASCADE")
    _drop_all(raw, schema, "f", "DROP FOREIGN TABLE IF EXISTS {} CASCADE")
    _drop_all(raw, schema, "rp", "DROP TABLE IF EXISTS {} CASCADE")
    with _patient(raw):
        _run(raw, "DROP SCHEMA IF EXISTS {} CASCADE", schema)


def _drop_all(raw: Raw, schema: str, kinds: str, statement: str) -> None:
    while names := relations(raw, schema, kinds)[:TABLES_AT_ONCE]:
        found = sql.SQL(", ").join(sql.Identifier(schema, name) for name in names)
        with _patient(raw):
            raw.execute(sql.SQL(statement).format(found), prepare=False)


@contextmanager
def _patient(raw: Raw) -> Iterator[None]:
    """One transaction that waits for locks, but not for ever. Raises `InUse`."""
    try:
        with transaction.atomic():
            raw.execute(f"SET LOCAL lock_timeout = {LOCK_WAIT_MS}", prepare=False)
            yield
    except psycopg.errors.LockNotAvailable as error:
        raise InUse from error


def drop_role(role: str) -> None:
    """With whatever it was granted in this database. Nothing when it is gone."""
    raw = owner_connection()
    if not is_there(raw, role):
        return
    with transaction.atomic():
        # To give away and to drop what a role has takes its rights, which making it does not bring along.
        _run(raw, "GRANT {} TO CURRENT_USER", role)
        _run(raw, "REASSIGN OWNED BY {} TO CURRENT_USER", role)
        _run(raw, "DROP OWNED BY {}", role)
        _run(raw, "DROP ROLE {}", role)


def is_there(raw: Raw, role: str) -> bool:
    return raw.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role], prepare=False).fetchone() is not None


def _run(raw: Raw, statement: str, *names: str) -> None:
    text = sql.SQL(statement)
    raw.execute(text.format(*map(sql.Identifier, names)), prepare=False)
