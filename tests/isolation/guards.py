"""The guards that keep businesses apart, each with a way to take it away for real and to put it back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from django.db.utils import Error as DatabaseError

from tenants import context
from tenants.postgresql.base import DatabaseWrapper

Patch = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Guard:
    """`take` and `put` are SQL, run by a superuser; `options` change the database's settings, `code` our own code.

    `found_by`: the attempts that must turn into surprises.
    """

    name: str
    found_by: tuple[str, ...]
    take: str = ""
    put: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    code: Patch = nullcontext


def _sets_no_role() -> AbstractContextManager[Any]:
    return patch.object(DatabaseWrapper, "_wanted", lambda _, business: ((business.schema_name, "public"), None))


def _switches_once() -> AbstractContextManager[Any]:
    switch = DatabaseWrapper._handle_search_path

    def first_only(self: DatabaseWrapper, cursor: Any = None) -> None:
        if self._applied is None:
            switch(self, cursor)

    return patch.object(DatabaseWrapper, "_handle_search_path", first_only)


def _swallows_errors() -> AbstractContextManager[Any]:
    """As django-tenants' own does."""
    switch = DatabaseWrapper._handle_search_path

    def quiet(self: DatabaseWrapper, cursor: Any = None) -> None:
        try:
            switch(self, cursor)
        except DatabaseError:
            self.connection.rollback()

    return patch.object(DatabaseWrapper, "_handle_search_path", quiet)


def _believes_after(undoing: str) -> AbstractContextManager[Any]:
    """The note of what is set outlives a rollback, which the setting does not."""
    undo = getattr(DatabaseWrapper, undoing)

    def keeping(self: DatabaseWrapper, *args: Any) -> None:
        applied = self._applied
        undo(self, *args)
        self._applied = applied

    return patch.object(DatabaseWrapper, undoing, keeping)


def _public_by_default() -> AbstractContextManager[Any]:
    current = context.current
    return patch.object(context, "current", lambda: current() or context.PUBLIC)


GUARDS = (
    Guard(
        "parameters are bound by the server",
        ("RESET ROLE stacked, with parameters",),
        options={"server_side_binding": False},
    ),
    Guard(
        "every statement is prepared",
        ("RESET ROLE stacked, without parameters",),
        options={"prepare_threshold": None},
    ),
    Guard(
        "the pool resets connections",
        ("connection back in the pool",),
        options={"pool": {"min_size": 1, "max_size": 4, "reset": lambda _: None}},
    ),
    Guard("the role is set", ("own role and schema", "pg_stat_activity of others"), code=_sets_no_role),
    Guard(
        "the role is set for each business",
        ("connection after an error", "prepared statements in turns"),
        code=_switches_once,
    ),
    Guard("an error while setting it is raised", ("connection after a missing role",), code=_swallows_errors),
    Guard("a rollback is noticed", ("connection after a rollback",), code=lambda: _believes_after("rollback")),
    Guard(
        "a savepoint's rollback is noticed",
        ("connection after a savepoint's rollback",),
        code=lambda: _believes_after("savepoint_rollback"),
    ),
    Guard("no business means an error", ("no business at all",), code=_public_by_default),
    Guard(
        "set_config is revoked",
        ("set_config of the role in an expression",),
        "GRANT EXECUTE ON FUNCTION set_config(text, text, boolean) TO PUBLIC",
        "REVOKE EXECUTE ON FUNCTION set_config(text, text, boolean) FROM PUBLIC",
    ),
    Guard(
        "plpgsql is revoked",
        ("DO block",),
        "GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC",
        "REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC",
    ),
    Guard(
        "large objects are revoked",
        ("large object",),
        "GRANT EXECUTE ON FUNCTION lo_from_bytea(oid, bytea) TO PUBLIC",
        "REVOKE EXECUTE ON FUNCTION lo_from_bytea(oid, bytea) FROM PUBLIC",
    ),
    Guard(
        "advisory locks are revoked",
        ("advisory lock",),
        "GRANT EXECUTE ON FUNCTION pg_advisory_xact_lock(bigint) TO PUBLIC",
        "REVOKE EXECUTE ON FUNCTION pg_advisory_xact_lock(bigint) FROM PUBLIC",
    ),
    Guard(
        "the login role inherits nothing",
        ("no business, qualified name",),
        "GRANT {ours} TO {login} WITH INHERIT TRUE",
        "REVOKE {ours} FROM {login}",
    ),
    Guard(
        "no rights on another's schema",
        (
            "qualified name, read",
            "query_to_xml, read",
            "SET search_path, then a plain name",
            "LOCK of another's table",
            "view of another's table",
            "pg_stats of others",
        ),
        "GRANT USAGE ON SCHEMA globex TO {ours}; GRANT SELECT ON ALL TABLES IN SCHEMA globex TO {ours}",
        "REVOKE ALL ON ALL TABLES IN SCHEMA globex FROM {ours}; REVOKE ALL ON SCHEMA globex FROM {ours}",
    ),
    Guard(
        "nothing of another's is written",
        ("qualified name, write", "qualified name, sequence"),
        "GRANT USAGE ON SCHEMA globex TO {ours}; GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA globex TO {ours};"
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA globex TO {ours}",
        "REVOKE ALL ON ALL TABLES IN SCHEMA globex FROM {ours};"
        "REVOKE ALL ON ALL SEQUENCES IN SCHEMA globex FROM {ours};"
        "REVOKE ALL ON SCHEMA globex FROM {ours}",
    ),
    Guard(
        "policies on hosts",
        (
            "hosts of other businesses",
            "insert of another's row",
            "insert in our name for another",
            "shared tables whose policies spare their owner",
        ),
        "ALTER TABLE tenants_domain DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE tenants_domain ENABLE ROW LEVEL SECURITY",
    ),
    Guard(
        "policies on businesses",
        ("other businesses' rows",),
        "ALTER TABLE tenants_tenant DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE tenants_tenant ENABLE ROW LEVEL SECURITY",
    ),
    Guard(
        "policies are forced",
        ("shared tables whose policies spare their owner",),
        "ALTER TABLE tenants_domain NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE tenants_domain FORCE ROW LEVEL SECURITY",
    ),
    Guard(
        "a new shared table has policies",
        ("shared tables whose policies spare their owner",),
        "CREATE TABLE public.forgotten (tenant bigint REFERENCES tenants_tenant)",
        "DROP TABLE public.forgotten",
    ),
    Guard(
        "views look with the rights of who asks",
        ("view of another's table", "views that look with their owner's rights"),
        "ALTER VIEW acme.isolation_view RESET (security_invoker)",
        "ALTER VIEW acme.isolation_view SET (security_invoker = true)",
    ),
    Guard(
        "a host is verified outside",
        ("calling one's own host verified",),
        "GRANT UPDATE ON tenants_domain TO {all}",
        "REVOKE UPDATE ON tenants_domain FROM {all}",
    ),
    Guard(
        "prices are read only",
        ("writing the price list",),
        "GRANT UPDATE ON rates_price TO {all}",
        "REVOKE UPDATE ON rates_price FROM {all}",
    ),
    Guard(
        "operators are apart",
        ("operators and their sessions",),
        "GRANT SELECT ON public.members_member, public.django_session TO {all}",
        "REVOKE SELECT ON public.members_member, public.django_session FROM {all}",
    ),
    Guard(
        "requests for businesses are apart",
        ("who asked for a business", "asking for a business"),
        "GRANT SELECT, UPDATE ON signup_businessrequest TO {all}",
        "REVOKE SELECT, UPDATE ON signup_businessrequest FROM {all}",
    ),
    Guard(
        "businesses' tables are not in the shared schema",
        ("no business, plain name",),
        "CREATE TABLE public.house_branding (); GRANT SELECT ON public.house_branding TO {login}",
        "DROP TABLE public.house_branding",
    ),
    Guard(
        "no temporary tables",
        ("temporary table", "temporary table by the login role"),
        "GRANT TEMPORARY ON DATABASE {database} TO PUBLIC",
        "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC",
    ),
    Guard(
        "no tables in the shared schema",
        ("CREATE in the shared schema", "CREATE by the login role"),
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    ),
    Guard(
        "no tables in the own schema",
        ("CREATE in the own schema",),
        "GRANT CREATE ON SCHEMA acme TO {ours}",
        "REVOKE CREATE ON SCHEMA acme FROM {ours}",
    ),
    Guard(
        "no schemas",
        ("CREATE SCHEMA",),
        "GRANT CREATE ON DATABASE {database} TO PUBLIC",
        "REVOKE CREATE ON DATABASE {database} FROM PUBLIC",
    ),
    Guard(
        "the login role makes no roles",
        ("new role by the login role",),
        "ALTER ROLE {login} CREATEROLE",
        "ALTER ROLE {login} NOCREATEROLE",
    ),
    Guard(
        "the login role is no superuser",
        ("COPY TO PROGRAM by the login role", "no business, qualified name", "temporary table by the login role"),
        "ALTER ROLE {login} SUPERUSER",
        "ALTER ROLE {login} NOSUPERUSER",
    ),
    Guard(
        "the history of a business is sealed",
        ("history of migrations",),
        "GRANT INSERT ON acme.django_migrations TO {ours}",
        "REVOKE INSERT ON acme.django_migrations FROM {ours}",
    ),
    Guard(
        "the shared history is sealed",
        ("history of migrations by the login role",),
        "GRANT INSERT ON public.django_migrations TO {login}",
        "REVOKE INSERT ON public.django_migrations FROM {login}",
    ),
    Guard(
        "audit lines do not change",
        ("audit log, UPDATE",),
        "GRANT UPDATE ON acme.audit_auditline TO {ours}",
        "REVOKE UPDATE ON acme.audit_auditline FROM {ours}",
    ),
    Guard(
        "audit lines stay",
        ("audit log, DELETE", "audit log, TRUNCATE"),
        "GRANT DELETE, TRUNCATE ON acme.audit_auditline TO {ours}",
        "REVOKE DELETE, TRUNCATE ON acme.audit_auditline FROM {ours}",
    ),
    Guard(
        "no programs on the server",
        ("COPY TO PROGRAM",),
        "GRANT pg_execute_server_program TO {ours}",
        "REVOKE pg_execute_server_program FROM {ours}",
    ),
    Guard(
        "no files of the server",
        ("file on the server",),
        "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO PUBLIC; GRANT pg_read_server_files TO {ours}",
        "REVOKE EXECUTE ON FUNCTION pg_read_file(text) FROM PUBLIC; REVOKE pg_read_server_files FROM {ours}",
    ),
    Guard(
        "large objects are read by nobody",
        ("large objects of others",),
        "GRANT SELECT ON pg_largeobject TO {ours}",
        "REVOKE SELECT ON pg_largeobject FROM {ours}",
    ),
    Guard(
        "statements of others are hidden",
        ("pg_stat_activity of others",),
        "GRANT pg_read_all_stats TO {ours}",
        "REVOKE pg_read_all_stats FROM {ours}",
    ),
    Guard(
        "statements of others are not ended",
        ("ending another's statement",),
        "GRANT pg_signal_backend TO {ours}",
        "REVOKE pg_signal_backend FROM {ours}",
    ),
    Guard(
        "a business is nobody's admin",
        ("grant of another's role",),
        "GRANT {theirs} TO {ours} WITH ADMIN OPTION",
        "REVOKE {theirs} FROM {ours}",
    ),
)

# Walls that Postgres itself is made of: there is nothing of ours to take away.
OF_POSTGRES = {
    "query_to_xml, RESET ROLE",
    "SET SESSION AUTHORIZATION",
    "settings of the login role",
    "prepared statements through the pool",
}
