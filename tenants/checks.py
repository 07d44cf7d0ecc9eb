"""Django system checks: settings and databases that would mix businesses stop the start.

Each web, worker and beat process runs them when it starts (salespilot/startup.py); `manage.py check --database default`
does, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

ENGINE = "tenants.postgresql"
NOT_FOR_PSYCOPG = {"pool", "server_side_binding", "prepare_threshold", "isolation_level", "assume_role"}
PREPARE = "Run python -m salespilot.quickstart.prepare: it sets the roles and their rights anew."
# In the order in which `check_role` asks.
ROLE_MESSAGES: tuple[CheckMessage, ...] = (
    Error(
        "The application signs in as a superuser, or as a role that makes roles or passes policies.",
        hint=PREPARE,
        id="tenants.E010",
    ),
    Error(
        "The application's role inherits its businesses' rights: a forgotten business would read all of them.",
        hint=f"ALTER ROLE … NOINHERIT, and grant the businesses' roles anew WITH INHERIT FALSE; or {PREPARE}",
        id="tenants.E011",
    ),
    Error(
        "The application's role owns tables.",
        hint="DATABASE_URL must not name the owner: the owner's address is DATABASE_OWNER_URL.",
        id="tenants.E012",
    ),
    Error("The application's role may create objects or temporary tables.", hint=PREPARE, id="tenants.E013"),
)
# What only a superuser can close: the question whether it is open, and in words what is.
WALLS = {
    "has_function_privilege('public', 'pg_catalog.set_config(text, text, boolean)', 'EXECUTE')": (
        "an expression smuggled into a query may change the role (set_config)"
    ),
    "has_language_privilege('public', 'plpgsql', 'USAGE')": "DO blocks run (plpgsql)",
    "has_function_privilege('public', 'pg_catalog.lo_from_bytea(oid, bytea)', 'EXECUTE')": "large objects can be made",
    "has_function_privilege('public', 'pg_catalog.pg_advisory_lock(bigint)', 'EXECUTE')": (
        "advisory locks can hold up upgrades"
    ),
}


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
    """Asks each named database about the role we sign in with and about a pooler between.

    On connections of its own, outside Django's pool: a process that forks after this takes none of them along.
    """
    found: list[CheckMessage] = []
    for alias in databases or ():
        database = connections.settings[alias]
        if not database.get("BUSINESS_ROLES", True):
            continue
        try:
            with plain_connection(database) as one, plain_connection(database) as other:
                found += check_pooler(one, other) or [*check_role(one), *check_walls(one)]
        except psycopg.Error as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            found.append(
                checks.Warning(f"Database {alias!r} could not be asked how it is set up: {reason}", id="tenants.W001")
            )
    return found


def plain_connection(database: dict[str, Any]) -> psycopg.Connection[Any]:
    """As the application signs in, without prepared statements: a pooler would trip over those before it is found."""
    options = {key: value for key, value in database["OPTIONS"].items() if key not in NOT_FOR_PSYCOPG}
    address = {"host": database["HOST"], "port": database["PORT"], "password": database["PASSWORD"]}
    return psycopg.connect(
        dbname=database["NAME"],
        user=database["USER"],
        autocommit=True,
        prepare_threshold=None,
        **{key: value for key, value in address.items() if value},
        **{"connect_timeout": 10, **options},
    )


def check_role(connection: psycopg.Connection[Any]) -> list[CheckMessage]:
    """The application's role may own nothing, create nothing, inherit nothing and bypass nothing."""
    answers = connection.execute(
        """
        SELECT rolsuper OR rolbypassrls OR rolcreaterole,
               EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid AND pg_has_role(r.oid, m.roleid, 'USAGE')),
               EXISTS (SELECT FROM pg_class WHERE relowner = r.oid)
                   OR EXISTS (SELECT FROM pg_namespace WHERE nspowner = r.oid),
               has_database_privilege(current_database(), 'CREATE')
                   OR has_database_privilege(current_database(), 'TEMP')
                   OR has_schema_privilege('public', 'CREATE')
        FROM pg_roles r WHERE rolname = session_user
        """
    ).fetchone()
    assert answers is not None
    return [message for is_wrong, message in zip(answers, ROLE_MESSAGES, strict=True) if is_wrong]


def check_walls(connection: psycopg.Connection[Any]) -> list[CheckMessage]:
    """One line about what no superuser has closed."""
    answers = connection.execute(f"SELECT {', '.join(WALLS)}").fetchone()
    missing = [words for words, is_open in zip(WALLS.values(), answers or (), strict=True) if is_open]
    if not missing:
        return []
    return [
        checks.Warning(
            f"This database was prepared without a superuser: {'; '.join(missing)}.",
            hint=f"{PREPARE} With a superuser's DATABASE_ADMIN_URL; where there is none, see docs/security.md.",
            id="tenants.W010",
        )
    ]


def check_pooler(
    one: psycopg.Connection[Any], other: psycopg.Connection[Any], attempts: int = 20
) -> list[CheckMessage]:
    """A pooler in transaction mode hands each statement to any server process, with another business's role.

    Two signs: a connection's process changes between two statements (under load, or when the pooler takes its servers
    in turns), and two connections meet the same process (when it takes the last one used). `one` speaks twice in a
    row: in strict alternation each could meet a process of its own by chance.
    """
    ones, others = set(), set()
    for _ in range(attempts):
        ones |= {_process(one), _process(one)}
        others.add(_process(other))
    if len(ones) == len(others) == 1 and ones != others:
        return []
    return [
        Error(
            "A pooler in transaction mode stands before the database: it would mix businesses.",
            hint="Use session mode, or connect directly; Sales Pilot has a pool of its own.",
            id="tenants.E020",
        )
    ]


def _process(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])


def check_redis(url: str) -> list[CheckMessage]:
    """A Redis that makes room by forgetting loses tasks and wake-ups without a word. Away it is no fault: see docs."""
    client = redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5)
    try:
        policy = str(client.info("memory").get("maxmemory_policy", "noeviction"))
    except redis.RedisError as error:
        return [checks.Warning(f"Redis could not be asked how it is set up: {error}", id="tenants.W021")]
    finally:
        client.close()
    if policy == "noeviction":
        return []
    return [
        checks.Warning(
            f"Redis forgets keys when it is full (maxmemory-policy {policy}): tasks and wake-ups would vanish.",
            hint="CONFIG SET maxmemory-policy noeviction, or give REDIS_URL a Redis of its own.",
            id="tenants.W020",
        )
    ]
