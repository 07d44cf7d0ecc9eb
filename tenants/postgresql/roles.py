"""Database roles: one for the owner, one for the application, one per business. The SQL stands in roles.sql.

Roles belong to the whole cluster, so a business's role carries the database's name. Back them up with
`pg_dumpall --roles-only`.
"""

from __future__ import annotations

import hashlib
import re
from importlib import resources

import psycopg
from psycopg import sql

MAX_NAME_BYTES = 63
_SECTION = re.compile(r"^-- section: (\w+)$", re.MULTILINE)


def role_name(database: str, schema: str) -> str:
    """The NOLOGIN role of the business whose schema is `schema` in `database`; at most 63 bytes.

    A schema name holds no colon, so two pairs never meet in one name; a name that would be cut
    by Postgres ends in a hash of the whole instead.
    """
    name = f"{database}:{schema}"
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    start = name.encode()[: MAX_NAME_BYTES - 17].decode(errors="ignore")
    return f"{start}~{digest}"


def statements(section: str, **names: str) -> list[sql.Composed]:
    """The statements of one section of roles.sql, with `names` as quoted identifiers."""
    text = resources.files(__package__).joinpath("roles.sql").read_text(encoding="utf-8")
    parts = _SECTION.split(text)
    body = dict(zip(parts[1::2], parts[2::2], strict=True))[section]
    lines = "\n".join(line for line in body.splitlines() if not line.startswith("--"))
    identifiers = {key: sql.Identifier(value) for key, value in names.items()}
    return [
        # roles.sql is ours, not input.
        sql.SQL(statement.strip()).format(**identifiers)
        for statement in lines.split(";")
        if statement.strip()
    ]


def prepare_database(
    admin_url: str, *, database: str, owner: str, owner_password: str, app: str, app_password: str
) -> None:
    """Make both login roles, the database and its grants. Idempotent; passwords are set again each time.

    `admin_url` belongs to a superuser, or to a role that may create roles and databases (a managed
    service's admin); then the one revoke that needs a superuser is left out, see docs/security.md.
    """
    names = {"database": database, "owner": owner, "app": app}
    with psycopg.connect(admin_url, autocommit=True) as admin:
        for name, password in ((owner, owner_password), (app, app_password)):
            _ensure_login(admin, name, password)
        for statement in statements("cluster", **names):
            admin.execute(statement)
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            # Before 16 and outside a superuser's hands, giving a database away needs membership in the new owner.
            admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(owner)))
            admin.execute(
                sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(sql.Identifier(database))
            )
    with psycopg.connect(admin_url, dbname=database) as inside:
        for statement in statements("database", **names):
            inside.execute(statement)
        if _is_superuser(inside):
            for statement in statements("superuser", **names):
                inside.execute(statement)


def create_business_role(
    connection: psycopg.Connection, *, schema: str, owner: str, app: str, has_tables: bool = True
) -> None:
    """Schema, role and grants of one business, as the owner, in one transaction. Idempotent.

    Without `has_tables` only default privileges are given, which tables made later get by themselves.
    """
    role = role_name(connection.info.dbname, schema)
    with connection.transaction():
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN NOINHERIT").format(sql.Identifier(role)))
        for statement in statements("business", schema=schema, role=role, owner=owner, app=app):
            connection.execute(statement)
        for statement in statements("tables", schema=schema, role=role) if has_tables else ():
            connection.execute(statement)


def seal_migrations(connection: psycopg.Connection, *, schema: str, app: str) -> None:
    """After the migrations of one business: their history is the owner's alone, the audit log only grows."""
    role = role_name(connection.info.dbname, schema)
    for statement in statements("migrated", schema=schema, role=role, app=app):
        connection.execute(statement)


def _ensure_login(admin: psycopg.Connection, name: str, password: str) -> None:
    exists = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    verb = sql.SQL("ALTER ROLE" if exists else "CREATE ROLE")
    admin.execute(
        sql.SQL("{} {} LOGIN PASSWORD {}").format(verb, sql.Identifier(name), sql.Literal(password)),
    )


def _is_superuser(connection: psycopg.Connection) -> bool:
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])
