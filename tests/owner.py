"""What only the database's owner may do for tests: make the businesses, and sweep away what tests committed.

`python -m tests.owner` makes the tables and the businesses in a process of its own, as an installation does.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import product
from typing import Any

import psycopg
from psycopg import sql

from tenants.postgresql.roles import role_name

BUSINESSES = {"acme": "Acme Cloud", "globex": "Globex Solar"}
# One party's consent is enough there: tests about consent choose another place.
PLACE = "US-NY"
# What belongs to the installation, not to a test.
KEPT = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "tenants_tenant",
    "tenants_domain",
    "rates_price",
}
RESTORED = ("house_branding", "house_policy")


@dataclass(frozen=True)
class Swept:
    """The first rows of each business's house, to put back after a test has changed them."""

    rows: dict[tuple[str, str], list[dict[str, Any]]]


def make_businesses() -> None:
    import django

    django.setup()
    from tenants.provisioning import create_business
    from tenants.schemas import migrate_shared

    migrate_shared()
    for schema, name in BUSINESSES.items():
        create_business(schema_name=schema, name=name, host=f"{schema}.localhost", trade="tests", place=PLACE)


def connect(url: str = "") -> psycopg.Connection[Any]:
    return psycopg.connect(url or os.environ["DATABASE_OWNER_URL"], autocommit=True)


_kept: list[psycopg.Connection[Any]] = []


def _kept_connection() -> psycopg.Connection[Any]:
    """The connection of all sweeps of this process: a new one would read the catalogue of all tables every time.

    A test may have ended it, together with all others of the server.
    """
    try:
        _kept[0].execute("SELECT 1")
    except (IndexError, psycopg.OperationalError):
        _kept[:] = [connect()]
    return _kept[0]


def someone_waits(connection: psycopg.Connection[Any]) -> bool:
    """Whether anybody waits for what this connection holds."""
    waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)) LIMIT 1"
    return connection.execute(waits).fetchone() is not None


def remember() -> Swept:
    with connect() as owner:
        return Swept({table: _rows(owner, table) for table in product(BUSINESSES, RESTORED)})


def remove_business(schema: str, *, url: str = "") -> None:
    """Takes a business out again: schema, rows and role. Nothing when there is none. `url`: another database."""
    with connect(url) as owner:
        role = role_name(owner.info.dbname, schema)
        owner.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
        owner.execute(
            "DELETE FROM tenants_domain USING tenants_tenant t WHERE tenant_id = t.id AND schema_name = %s", [schema]
        )
        owner.execute("DELETE FROM tenants_tenant WHERE schema_name = %s", [schema])
        if owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
            owner.execute(
                sql.SQL("GRANT {0} TO CURRENT_USER; DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role))
            )


def sweep(swept: Swept) -> None:
    """Empties every table that tests filled, in all schemas, and restores the house. Fails when a test left a lock.

    Few tables hold rows after a test, and TRUNCATE, which makes new files, costs a hundred times a DELETE. It is left
    for tables with a policy or a trigger, which may forbid DELETE. Foreign keys are looked at when it commits.
    """
    owner = _kept_connection()
    with owner.transaction():
        owner.execute("SET LOCAL lock_timeout TO '10s'")
        found = owner.execute(_TABLES, [[*BUSINESSES, "public"]]).fetchall()
        tables = {(schema, table): can_delete for schema, table, can_delete in found if table not in KEPT}
        names = {key: sql.Identifier(*key) for key in tables}
        owner.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.SQL(", ").join(names.values())))
        unchanged = {key for key, rows in swept.rows.items() if _rows(owner, key) == rows}
        filled = [key for key in _filled(owner, list(tables)) if key not in unchanged]
        for key in sorted(filled, key=lambda key: tables[key]):  # a table that lost rows can not be truncated any more
            command = "DELETE FROM {}" if tables[key] else "TRUNCATE {} CASCADE"
            owner.execute(sql.SQL(command).format(names[key]))
        for key in swept.rows.keys() - unchanged:
            _fill(owner, key, swept.rows[key])


_TABLES = """
SELECT n.nspname, c.relname,
  NOT c.relrowsecurity AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = ANY(%s)
"""

Table = tuple[str, str]
Rows = list[dict[str, Any]]


def _rows(owner: psycopg.Connection[Any], table: Table) -> Rows:
    with owner.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        return cursor.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(*table))).fetchall()


def _filled(owner: psycopg.Connection[Any], tables: list[Table]) -> list[Table]:
    """Those with rows. The owner, outside any business, sees what policies hide from businesses.

    Most never had a row: a look at the size of their files costs a tenth of a look into them.
    """
    sizes = "SELECT at - 1 FROM unnest(%s::regclass[]) WITH ORDINALITY named(of, at) WHERE pg_relation_size(of) > 0"
    grown = owner.execute(sizes, [[f'"{schema}"."{table}"' for schema, table in tables]]).fetchall()
    one = "SELECT {} WHERE EXISTS (SELECT FROM {})"
    asked = [sql.SQL(one).format(sql.Literal(at), sql.Identifier(*tables[at])) for (at,) in grown]
    return [tables[at] for (at,) in owner.execute(sql.SQL(" UNION ALL ").join(asked), prepare=False)] if asked else []


def _fill(owner: psycopg.Connection[Any], table: Table, rows: Rows) -> None:
    for row in rows:
        owner.execute(
            sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                sql.Identifier(*table),
                sql.SQL(", ").join(map(sql.Identifier, row)),
                sql.SQL(", ").join(sql.Placeholder() * len(row)),
            ),
            list(row.values()),
        )


if __name__ == "__main__":
    make_businesses()
