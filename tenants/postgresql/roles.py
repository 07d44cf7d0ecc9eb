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
# Not possible as a schema's name, so no business ever gets this role for its own.
ALL_BUSINESSES = "all-businesses"
# What a business's role may read but not change, by the section of roles.sql that says so.
SEALED = {"history": "django_migrations", "audit": "audit_auditline"}
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
    service's admin); then the section `superuser` is left out, and `missing_walls` tells what that opens.
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


def create_business_role(connection: psycopg.Connection, *, schema: str, owner: str, has_tables: bool = True) -> None:
    """Schema, role and grants of one business, as the owner, in one transaction. Idempotent.

    The application can become a new business only after `open_business`. Without `has_tables` only default
    privileges are given, which tables made later get by themselves.
    """
    role = role_name(connection.info.dbname, schema)
    with connection.transaction():
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
        names = {"schema": schema, "role": role, "owner": owner}
        _run(connection, "business", **names, businesses=shared_role(connection))
        if has_tables:
            _run(connection, "tables", schema=schema, role=role)
            _seal(connection, schema=schema, role=role)


def open_business(connection: psycopg.Connection, *, schema: str, app: str) -> bool:
    """After the migrations of one business, in one transaction: seals its history and its audit log, then lets the
    application become it. False, and still closed to it, while one of these tables is missing.
    """
    role = role_name(connection.info.dbname, schema)
    with connection.transaction():
        if not _seal(connection, schema=schema, role=role):
            return False
        _run(connection, "open", role=role, app=app)
    return True


def share_tables(connection: psycopg.Connection, *, app: str) -> None:
    """After the migrations of the shared schema, as the owner: what all businesses may do there. Idempotent."""
    role = shared_role(connection)
    with connection.transaction():
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
        _run(connection, "shared", businesses=role, app=app)


def shared_role(connection: psycopg.Connection) -> str:
    """The role whose rights all businesses of this database inherit."""
    return role_name(connection.info.dbname, ALL_BUSINESSES)


def _seal(connection: psycopg.Connection, *, schema: str, role: str) -> bool:
    """Whether all sealed tables are there; those that are get sealed."""
    is_complete = True
    for section, table in SEALED.items():
        found = connection.execute("SELECT to_regclass(%s)", [f'"{schema}".{table}']).fetchone()
        if found and found[0]:
            _run(connection, section, schema=schema, role=role)
        else:
            is_complete = False
    return is_complete


def _run(connection: psycopg.Connection, section: str, **names: str) -> None:
    for statement in statements(section, **names):
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
