"""Django system checks: settings and databases that would mix businesses stop the start.

The checks that ask the database run with `manage.py check --database default` (and before migrations).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.utils import Error as DatabaseError

from tenants.context import public_scope

ENGINE = "tenants.postgresql"
# In the order in which `check_role` asks.
ROLE_MESSAGES: tuple[CheckMessage, ...] = (
    Error("The application signs in as a superuser or as a role that makes roles.", id="tenants.E010"),
    Error("The application's role inherits its businesses' rights: ALTER ROLE … NOINHERIT.", id="tenants.E011"),
    Error("The application's role owns tables: DATABASE_URL must not name the owner.", id="tenants.E012"),
    Error("The application's role may create objects or temporary tables.", id="tenants.E013"),
    checks.Warning(
        "Everyone may execute set_config: an injected expression could change the role. See docs/security.md.",
        id="tenants.W010",
    ),
)


@register(Tags.security)
def check_settings(app_configs: Any, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    found: list[CheckMessage] = []
    for alias, database in settings.DATABASES.items():
        found += _database_settings(alias, database)
    if any(getattr(settings, name) for name in ("SESSION_COOKIE_DOMAIN", "CSRF_COOKIE_DOMAIN")):
        found.append(Error("Cookies must belong to one host.", hint="Unset the cookie domains.", id="tenants.E005"))
    if "signed_cookies" in settings.SESSION_ENGINE:
        found.append(Error("A signed-cookie session would be valid in every business.", id="tenants.E006"))
    if settings.CACHES["default"].get("KEY_FUNCTION") != "tenants.caching.make_key":
        found.append(Error("Cache keys must name their business.", hint="Set KEY_FUNCTION.", id="tenants.E007"))
    return found


def _database_settings(alias: str, database: dict[str, Any]) -> list[CheckMessage]:
    options = database.get("OPTIONS", {})
    wrong = [
        (
            database.get("ENGINE") != ENGINE,
            f"Database {alias!r} does not use {ENGINE}, which keeps businesses apart.",
            "tenants.E001",
        ),
        (
            database.get("CONN_MAX_AGE", 0) != 0,
            f"Database {alias!r} keeps connections per thread: under ASGI each request has its own. Use the pool.",
            "tenants.E002",
        ),
        (
            options.get("server_side_binding") is not True,
            f"Database {alias!r} binds parameters in the client: stacked statements would run.",
            "tenants.E003",
        ),
        (
            options.get("prepare_threshold") != 0,
            f"Database {alias!r} does not prepare every statement: stacked statements without parameters would run.",
            "tenants.E004",
        ),
    ]
    return [Error(message, id=number) for is_wrong, message, number in wrong if is_wrong]


@register(Tags.database)
def check_databases(app_configs: Any, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Asks each named database about the role we sign in with and about a pooler between."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if not connection.settings_dict.get("BUSINESS_ROLES", True):
            continue
        with public_scope():
            try:
                found += check_role(connection) + check_pooler(connection)
            except DatabaseError as error:
                found.append(checks.Warning(f"Database {alias!r} could not be asked: {error}", id="tenants.W001"))
    return found


def check_role(connection: Any) -> list[CheckMessage]:
    """The application's role may own nothing, create nothing and bypass nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT rolsuper OR rolbypassrls OR rolcreaterole, rolinherit,
                   EXISTS (SELECT 1 FROM pg_class WHERE relowner = r.oid)
                       OR EXISTS (SELECT 1 FROM pg_namespace WHERE nspowner = r.oid),
                   has_database_privilege(current_database(), 'CREATE')
                       OR has_database_privilege(current_database(), 'TEMP'),
                   has_function_privilege('public', 'pg_catalog.set_config(text, text, boolean)', 'EXECUTE')
            FROM pg_roles r WHERE rolname = session_user
            """
        )
        answers = cursor.fetchone()
    return [message for is_wrong, message in zip(answers, ROLE_MESSAGES, strict=True) if is_wrong]


def check_pooler(connection: Any, attempts: int = 20) -> list[CheckMessage]:
    """A pooler in transaction mode hands each statement to another server process, with another business's role.

    Two signs: the process changes between two statements, or a setting made in one is gone in the next.
    """
    with connection.cursor() as cursor:
        processes = set()
        for _ in range(attempts):
            cursor.execute("SELECT pg_backend_pid()")
            processes.add(cursor.fetchone()[0])
    if len(processes) > 1:
        return [
            Error(
                "A pooler in transaction mode stands before the database: it would mix businesses.",
                hint="Use session mode, or connect directly; Sales Pilot has a pool of its own.",
                id="tenants.E020",
            )
        ]
    return []
