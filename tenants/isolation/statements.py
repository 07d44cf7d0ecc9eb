"""Attempts that are one statement each. Every one is undone, and none touches a row when it gets through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenants.isolation.attempt import DENIED, NOT_IN_FUNCTION, STACKED, Attempt, Expected
from tenants.isolation.shape import OPEN_VIEWS, SHARED_TABLES
from tenants.isolation.stage import Rows, Stage

Judge = Callable[[Rows], str]


def some(rows: Rows) -> str:
    return f"{len(rows)} rows" if rows else ""


def ran(rows: Rows) -> str:  # noqa: ARG001 - that it ran says it all
    return "it ran"


def said(
    name: str,
    text: str,
    *,
    parameters: list[Any] | None = None,
    reached: Judge = ran,
    is_public: bool = False,
    refusals: tuple[str, ...] = (DENIED,),
    **more: Any,
) -> Attempt:
    """`text` said inside our business, or with `is_public` by the login role without any."""

    def reach(stage: Stage) -> str:
        return reached(stage.ask(text, parameters, is_public=is_public))

    return Attempt(name=name, reach=reach, refusals=frozenset(refusals), **more)


OTHER_SCHEMAS = (
    said("qualified name, read", "SELECT product_name FROM {theirs}.house_branding"),
    said("qualified name, write", "UPDATE {theirs}.house_branding SET product_name = product_name WHERE false"),
    said("qualified name, sequence", "SELECT nextval(pg_get_serial_sequence('{theirs}.django_migrations', 'id'))"),
    said("no business, qualified name", "SELECT product_name FROM {ours}.house_branding", is_public=True),
    said(
        "query_to_xml, read",
        "SELECT query_to_xml('SELECT product_name FROM {theirs}.house_branding', true, true, '')",
    ),
    said("LOCK of another's table", "LOCK TABLE {theirs}.house_branding IN ACCESS SHARE MODE"),
)

OTHER_ROLES = (
    said(
        "set_config of the role in an expression",
        "SELECT product_name FROM house_branding UNION SELECT set_config('role', {their_role_text}, true)",
        needs_superuser=True,
    ),
    said(
        "query_to_xml, RESET ROLE",
        "SELECT query_to_xml('RESET ROLE', true, true, '')",
        refusals=(NOT_IN_FUNCTION,),
    ),
    said(
        "RESET ROLE stacked, with parameters",
        "SELECT 1 WHERE 'x' = %s; RESET ROLE; SET ROLE {their_role}; SELECT product_name FROM {theirs}.house_branding",
        parameters=["y"],
        refusals=(STACKED,),
    ),
    said(
        "RESET ROLE stacked, without parameters",
        "SELECT 1; RESET ROLE; SET ROLE {their_role}; SELECT product_name FROM {theirs}.house_branding",
        refusals=(STACKED,),
    ),
    said("SET SESSION AUTHORIZATION", "SET LOCAL SESSION AUTHORIZATION {their_role}"),
    said("settings of the login role", "ALTER ROLE {login} SET search_path TO {theirs}"),
    said("grant of another's role", "GRANT {their_role} TO {our_role}"),
    said("DO block", "DO $$ BEGIN PERFORM 1; END $$", needs_superuser=True),
    said(
        "RESET ROLE as a whole statement",
        "RESET ROLE",
        expected=Expected.OPEN,
        why="Postgres has no lock for it: who chooses a whole statement leaves the role",
    ),
    said(
        "SET ROLE of another as a whole statement",
        "SET ROLE {their_role}",
        expected=Expected.OPEN,
        why="the login role may become each business, that is its work; who chooses a whole statement may, too",
    ),
)

SHARED_ROWS = (
    said(
        "hosts of other businesses",
        "SELECT 1 FROM tenants_domain WHERE owner_role <> current_user",
        reached=some,
        expected=Expected.NOTHING,
    ),
    said(
        "other businesses' rows",
        "SELECT 1 FROM tenants_tenant WHERE owner_role <> current_user",
        reached=some,
        expected=Expected.NOTHING,
    ),
    said("operators and their sessions", "SELECT 1 FROM public.members_member, public.django_session"),
    said("who asked for a business", "SELECT admin_email FROM public.signup_businessrequest"),
    said("asking for a business", "UPDATE public.signup_businessrequest SET state = 'confirmed' WHERE false"),
    said("writing the price list", "UPDATE rates_price SET id = id WHERE false"),
    said("calling one's own host verified", "UPDATE tenants_domain SET verified_at = now() WHERE false"),
    said(
        "shared tables whose policies spare their owner",
        f"SELECT 1 FROM ({SHARED_TABLES}) AS t (name, is_on, is_forced) WHERE NOT (is_on AND is_forced)",  # noqa: S608
        reached=some,
        expected=Expected.NOTHING,
    ),
    said(
        "views that look with their owner's rights",
        OPEN_VIEWS,
        reached=some,
        expected=Expected.NOTHING,
    ),
)

SHAPE = (
    said("CREATE in the own schema", "CREATE TABLE isolation_probe (x int)"),
    said("CREATE in the shared schema", "CREATE TABLE public.isolation_probe (x int)"),
    said("CREATE SCHEMA", "CREATE SCHEMA isolation_probe"),
    said("temporary table", "CREATE TEMPORARY TABLE isolation_probe (x int)"),
    said("CREATE by the login role", "CREATE TABLE public.isolation_probe (x int)", is_public=True),
    said("temporary table by the login role", "CREATE TEMPORARY TABLE isolation_probe (x int)", is_public=True),
    said("new role by the login role", "CREATE ROLE isolation_probe", is_public=True),
    said(
        "history of migrations", "INSERT INTO django_migrations (app, name, applied) SELECT '', '', now() WHERE false"
    ),
    said(
        "history of migrations by the login role",
        "INSERT INTO public.django_migrations (app, name, applied) SELECT '', '', now() WHERE false",
        is_public=True,
    ),
    said("audit log, UPDATE", "UPDATE audit_auditline SET actor_name = '' WHERE false"),
    said("audit log, DELETE", "DELETE FROM audit_auditline WHERE false"),
    said("audit log, TRUNCATE", "TRUNCATE audit_auditline"),
)

SERVER = (
    said("COPY TO PROGRAM", "COPY (SELECT 1) TO PROGRAM 'true'"),
    said("COPY TO PROGRAM by the login role", "COPY (SELECT 1) TO PROGRAM 'true'", is_public=True),
    said("file on the server", "SELECT pg_read_file('PG_VERSION')"),
    said("large object", "SELECT lo_from_bytea(0, 'x')", needs_superuser=True),
    said("large objects of others", "SELECT 1 FROM pg_largeobject LIMIT 1"),
    said("advisory lock", "SELECT pg_advisory_xact_lock(hashtextextended('isolation probe', 0))", needs_superuser=True),
    said(
        "pg_stats of others",
        "SELECT 1 FROM pg_stats WHERE schemaname = {theirs_text}",
        reached=some,
        expected=Expected.NOTHING,
    ),
    said(
        "names and sizes of others' tables",
        "SELECT pg_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE nspname = {theirs_text}",
        reached=some,
        expected=Expected.OPEN,
        why="the catalogue is readable by all: names of schemas, roles and tables, sizes and counts of rows; no rows",
    ),
)

STATEMENTS = (*OTHER_SCHEMAS, *OTHER_ROLES, *SHARED_ROWS, *SHAPE, *SERVER)
