"""Which businesses are behind the code, read for all of them at once: a second or two for 1,000."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psycopg
from django.conf import settings
from psycopg import sql

from tenants.context import PUBLIC_SCHEMA
from tenants.postgresql.roles import role_name
from tenants.schemas import Migration, migrations_on_disk, missing

# Each schema in a query locks two relations, which must fit in the server's lock table (6,400 by default).
BATCH = 200

_STATE = """
SELECT s.schema, coalesce(has_table_privilege(r.oid, h.oid, 'INSERT'), true)
FROM unnest(%s::text[], %s::text[]) AS s (schema, role)
JOIN pg_class h ON h.oid = to_regclass(format('%%I.django_migrations', s.schema))
LEFT JOIN pg_roles r ON r.rolname = s.role
"""


@dataclass(frozen=True, slots=True)
class Heads:
    """The businesses by what has to be done, in the order asked for. A business may be behind and ahead.

    `unfinished` were never made to the end: making them again completes them. `ahead` have migrations that this code
    does not know.
    """

    current: tuple[str, ...]
    behind: tuple[str, ...]
    unfinished: tuple[str, ...]
    ahead: tuple[str, ...]


def read_heads(raw: psycopg.Connection, schemas: Sequence[str]) -> Heads:
    """Reads only, and holds no lock beyond a batch. `raw` must be in autocommit."""
    sealed = _sealed(raw, schemas)
    applied: dict[str, set[Migration]] = {}
    known = [schema for schema in schemas if schema in sealed]
    for start in range(0, len(known), BATCH):
        applied |= _applied(raw, known[start : start + BATCH])
    on_disk = migrations_on_disk()
    behind = {schema for schema, done in applied.items() if missing(done, on_disk) or not sealed[schema]}
    return Heads(
        current=tuple(schema for schema in schemas if schema in applied and schema not in behind),
        behind=tuple(schema for schema in schemas if schema in behind),
        unfinished=tuple(schema for schema in schemas if schema not in applied),
        ahead=tuple(schema for schema in schemas if applied.get(schema, set()) - on_disk.keys()),
    )


def is_shared_behind(raw: psycopg.Connection) -> bool:
    found = raw.execute("SELECT to_regclass('public.django_migrations') IS NOT NULL").fetchone()
    if not (found and found[0]):
        return True
    if not _is_shared_sealed(raw):
        return True
    return bool(missing(_applied(raw, [PUBLIC_SCHEMA])[PUBLIC_SCHEMA], migrations_on_disk()))


def is_from_before(raw: psycopg.Connection) -> bool:
    """True where tables were made by the first preview, whose first migrations were written anew since."""
    found = raw.execute(
        "SELECT to_regclass('public.tenants_tenant') IS NOT NULL AND NOT EXISTS (SELECT FROM pg_attribute"
        " WHERE attrelid = to_regclass('public.tenants_tenant') AND attname = 'owner_role')"
    ).fetchone()
    return found is not None and bool(found[0])


def _is_shared_sealed(raw: psycopg.Connection) -> bool:
    """False where migrating stopped before its last grants."""
    found = raw.execute(
        "SELECT has_table_privilege(oid, 'public.django_migrations', 'INSERT') FROM pg_roles WHERE rolname = %s",
        [settings.DATABASE_APP_ROLE],
    ).fetchone()
    return found is not None and not found[0]


def _sealed(raw: psycopg.Connection, schemas: Sequence[str]) -> dict[str, bool]:
    """The schemas with a history of migrations; False where making one stopped before its last grants."""
    roles = [role_name(raw.info.dbname, schema) for schema in schemas]
    return {schema: not is_open for schema, is_open in raw.execute(_STATE, [list(schemas), roles])}


def _applied(raw: psycopg.Connection, schemas: Iterable[str]) -> dict[str, set[Migration]]:
    one = "SELECT {} AS schema, array_agg(app), array_agg(name) FROM {}"
    query = sql.SQL(" UNION ALL ").join(
        sql.SQL(one).format(sql.Literal(schema), sql.Identifier(schema, "django_migrations")) for schema in schemas
    )
    return {
        schema: set(zip(apps or (), names or (), strict=True))
        for schema, apps, names in raw.execute(query, prepare=False)
    }
