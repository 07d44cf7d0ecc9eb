"""What only the database's owner may do for tests: make the businesses, and sweep away what tests committed.

`python -m tests.owner` makes the tables and the businesses in a process of its own, as an installation does.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
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


def remember() -> Swept:
    with connect() as owner, owner.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        return Swept(
            {
                (schema, table): cursor.execute(
                    sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, table))
                ).fetchall()
                for schema in BUSINESSES
                for table in RESTORED
            }
        )


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
    """Empties every table that tests fill, in all schemas, and restores the house. Fails when a test left a lock."""
    with connect() as owner:
        owner.execute("SET lock_timeout TO '10s'")
        found = owner.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s)", [[*BUSINESSES, "public"]]
        ).fetchall()
        tables = [sql.Identifier(schema, table) for schema, table in found if table not in KEPT]
        with owner.transaction():
            owner.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(tables)))
            for (schema, table), rows in swept.rows.items():
                for row in rows:
                    owner.execute(
                        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                            sql.Identifier(schema, table),
                            sql.SQL(", ").join(map(sql.Identifier, row)),
                            sql.SQL(", ").join(sql.Placeholder() * len(row)),
                        ),
                        list(row.values()),
                    )


if __name__ == "__main__":
    make_businesses()
