"""Attempts that take several steps: forgotten businesses, errors, rollbacks, the pool, and neighbours at work."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db.utils import Error as DatabaseError

from tenants.context import PUBLIC, Business, business_scope
from tenants.isolation.attempt import DENIED, NO_BUSINESS, UNKNOWN, Attempt, Expected
from tenants.isolation.stage import Stage, rows

WHO = "SELECT current_user, current_schema()"
BRAND = "SELECT product_name FROM house_branding"
INSERT_HOST = (
    "INSERT INTO tenants_domain (domain, tenant_id, is_primary, owner_role) "
    "VALUES ('isolation-probe.invalid', %s, false, %s)"
)
TURNS = 6


def no_business(stage: Stage) -> str:
    with stage.connection() as wrapper, business_scope(None):
        return "it ran" if rows(wrapper, "SELECT 1") else ""


def search_path(stage: Stage) -> str:
    with stage.connection() as wrapper, business_scope(stage.ours), stage.undone(wrapper):
        rows(wrapper, stage.text_for(wrapper, "SET LOCAL search_path TO {theirs}"))
        return "their rows" if rows(wrapper, BRAND) else ""


def own_role(stage: Stage) -> str:
    with stage.connection() as wrapper:
        return _stranger(stage, wrapper, stage.ours)


def after_an_error(stage: Stage) -> str:
    with stage.connection() as wrapper:
        with business_scope(stage.theirs), suppress(DatabaseError):
            rows(wrapper, "SELECT 1 / 0")
        return _stranger(stage, wrapper, stage.ours)


def after_a_missing_role(stage: Stage) -> str:
    """A half-made business: what follows must not run as whoever came before."""
    half_made = Business(id=0, schema_name="isolation_half_made", name="")
    with stage.connection() as wrapper:
        with business_scope(stage.theirs):
            rows(wrapper, BRAND)
        with business_scope(half_made), suppress(DatabaseError):
            return f"it ran as {rows(wrapper, WHO)[0][0]}"
        return _stranger(stage, wrapper, stage.ours)


def after_a_rollback(stage: Stage) -> str:
    """The role is set inside the transaction, so a rollback takes it back: nobody may believe it still stands."""
    with stage.connection() as wrapper:
        with business_scope(stage.theirs):
            rows(wrapper, BRAND)
        with business_scope(stage.ours), stage.undone(wrapper):
            rows(wrapper, BRAND)
        return _stranger(stage, wrapper, stage.ours)


def after_a_savepoint(stage: Stage) -> str:
    with stage.connection() as wrapper, stage.undone(wrapper):
        with business_scope(stage.theirs):
            rows(wrapper, "SAVEPOINT isolation_probe")
        with business_scope(stage.ours):
            rows(wrapper, BRAND)
            wrapper.savepoint_rollback("isolation_probe")
            return _stranger(stage, wrapper, stage.ours)


def in_turns(stage: Stage) -> str:
    """The same statement, prepared, for one business and the other on one connection."""
    with stage.connection() as wrapper:
        for turn in range(TURNS):
            if found := _stranger(stage, wrapper, (stage.ours, stage.theirs)[turn % 2]):
                return found
    return ""


def through_the_pool(stage: Stage) -> str:
    """The same, each time on whatever connection the pool gives."""
    for turn in range(TURNS):
        with stage.connection() as wrapper:
            if found := _stranger(stage, wrapper, (stage.ours, stage.theirs)[turn % 2]):
                return found
    return ""


def back_in_the_pool(stage: Stage) -> str:
    """A connection that was used for a business is nobody's when the next user gets it."""
    with stage.connection() as wrapper, business_scope(stage.ours):
        used = rows(wrapper, "SELECT pg_backend_pid()")[0][0]
        pool = wrapper.pool
    taken: list[Any] = []
    try:
        while len(taken) < pool.get_stats()["pool_size"]:
            taken.append(pool.getconn())
            if taken[-1].info.backend_pid == used:
                is_nobody = taken[-1].execute("SELECT current_user = session_user").fetchone()[0]
                return "" if is_nobody else "a connection that is still a business's"
    finally:
        for raw in taken:
            pool.putconn(raw)
    return "a pool that lost the connection"


def host_for_another(stage: Stage) -> str:
    theirs = stage.theirs
    with stage.connection() as wrapper, business_scope(stage.ours), stage.undone(wrapper):
        rows(wrapper, INSERT_HOST, [theirs.id, stage.role_of(theirs)])
    return "a row of another business"


def host_in_our_name(stage: Stage) -> str:
    with stage.connection() as wrapper, business_scope(stage.ours), stage.undone(wrapper):
        rows(wrapper, INSERT_HOST, [stage.theirs.id, stage.role_of(stage.ours)])
    return "a row that leads to another business"


def their_statements(stage: Stage) -> str:
    """What a neighbour on another connection is asking."""
    with stage.connection() as neighbour, business_scope(stage.theirs):
        pid = rows(neighbour, "SELECT pg_backend_pid() /* isolation probe */")[0][0]
        with business_scope(stage.ours):
            seen = stage.ask("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid])
    return "their statement" if any("isolation probe" in (query or "") for (query,) in seen) else ""


def ending_others(stage: Stage) -> str:
    with stage.connection() as neighbour, business_scope(stage.theirs):
        pid = rows(neighbour, "SELECT pg_backend_pid()")[0][0]
        return "their connection" if stage.ask("SELECT pg_cancel_backend(%s)", [pid]) else ""


def through_a_view(stage: Stage) -> str:
    """The owner's view of another business's table in our schema, where one was laid out for this."""
    with stage.connection() as wrapper, business_scope(stage.ours), stage.undone(wrapper):
        if rows(wrapper, "SELECT to_regclass('isolation_view')")[0][0] is None:
            return ""
        return "their rows" if rows(wrapper, "SELECT * FROM isolation_view") else ""


def public_schema_of_a_business(stage: Stage) -> str:
    """The path falls back on the shared schema: only for those tables that are meant to be shared."""
    with stage.connection() as wrapper, business_scope(PUBLIC):
        return "a business's table" if rows(wrapper, "SELECT to_regclass('house_branding')")[0][0] else ""


def _stranger(stage: Stage, wrapper: Any, business: Business) -> str:
    """Words when a statement of `business` runs as somebody else, or sees somebody else's rows."""
    with business_scope(business):
        role, schema = rows(wrapper, WHO)[0]
        if (role, schema) != (stage.role_of(business), business.schema_name):
            return f"somebody else's role or schema ({schema})"
        rows(wrapper, BRAND)
    return ""


SITUATIONS = (
    Attempt("no business at all", no_business, refusals=frozenset({NO_BUSINESS})),
    Attempt("no business, plain name", public_schema_of_a_business, Expected.NOTHING),
    Attempt("own role and schema", own_role, Expected.NOTHING),
    Attempt("SET search_path, then a plain name", search_path, refusals=frozenset({UNKNOWN, DENIED})),
    Attempt("insert of another's row", host_for_another),
    Attempt("insert in our name for another", host_in_our_name),
    Attempt("view of another's table", through_a_view, Expected.NOTHING),
    Attempt("pg_stat_activity of others", their_statements, Expected.NOTHING),
    Attempt("ending another's statement", ending_others),
    Attempt("connection after an error", after_an_error, Expected.NOTHING),
    Attempt("connection after a missing role", after_a_missing_role, Expected.NOTHING),
    Attempt("connection after a rollback", after_a_rollback, Expected.NOTHING),
    Attempt("connection after a savepoint's rollback", after_a_savepoint, Expected.NOTHING),
    Attempt("prepared statements in turns", in_turns, Expected.NOTHING),
    Attempt("prepared statements through the pool", through_the_pool, Expected.NOTHING),
    Attempt("connection back in the pool", back_in_the_pool, Expected.NOTHING),
)
