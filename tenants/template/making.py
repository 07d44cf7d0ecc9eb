"""A schema with every migration applied: what template.sql is made from and compared with."""

from __future__ import annotations

from django.db import transaction
from psycopg import sql

from tenants.context import Business, public_scope
from tenants.schemas import migrate_shared, migrate_tables, owner_connection


def migrate_fresh(schema: str) -> list[str]:
    """Makes `schema` and migrates it from nothing, as the owner. Returns what was applied, as `app.name`, in order."""
    migrate_shared()
    with public_scope(), transaction.atomic():
        owner_connection().execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    migrate_tables(Business(id=0, schema_name=schema, name=schema))
    with public_scope():
        rows = owner_connection().execute(
            sql.SQL("SELECT app, name FROM {} ORDER BY id").format(sql.Identifier(schema, "django_migrations"))
        )
    return [f"{app}.{name}" for app, name in rows]
