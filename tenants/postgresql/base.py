"""The database backend: every cursor speaks for the current business, or not at all.

django-tenants keeps the tenant on the connection, and a connection belongs to a thread. Under ASGI one
thread serves many businesses in turn, so "set now, query later" reads whoever came last. Here the
business lives in `tenants.context` (a ContextVar that follows `await`, tasks and worker threads), and the
connection only remembers what it was last told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import Any

import psycopg
from django.db.utils import OperationalError
from django_tenants.postgresql_backend import base
from psycopg import sql

from tenants import context
from tenants.context import PUBLIC, PUBLIC_SCHEMA, Business, NoBusiness
from tenants.postgresql.patience import PatientConnection, answers_within
from tenants.postgresql.roles import role_name
from tenants.postgresql.schema import SchemaEditor

_include_public: ContextVar[bool] = ContextVar("include_public", default=True)

POOL_ANSWER_S = 3.0
"""To the pool's own questions: a connection that does not answer them is no connection."""

Applied = tuple[tuple[str, ...], str | None]


def reset_connection(connection: psycopg.Connection[Any]) -> None:
    """What the pool does before it hands a connection to the next user: a second belt."""
    with answers_within(POOL_ANSWER_S):
        connection.execute("RESET ROLE; RESET search_path", prepare=False)
        if not connection.autocommit:
            connection.commit()


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]  # django-tenants has no types
    """`search_path` and `SET ROLE` of the current business before each use; `NoBusiness` when there is none.

    With `settings_dict["BUSINESS_ROLES"]` False (the owner, who migrates) only the search path is set.
    """

    SchemaEditorClass = SchemaEditor

    def __init__(self, settings_dict: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        self._applied: Applied | None = None
        self._is_constructing = True
        pool = settings_dict.get("OPTIONS", {}).get("pool")
        if pool:
            pool = {} if pool is True else pool
            options = {
                **settings_dict["OPTIONS"],
                "pool": {"reset": reset_connection, "connection_class": PatientConnection, **pool},
            }
            settings_dict = {**settings_dict, "OPTIONS": options}
        # The parent's constructor switches to `public`; a new connection must not change the caller's business.
        super().__init__(settings_dict, *args, **kwargs)
        self._is_constructing = False

    # What django-tenants keeps on the connection is read from the context instead. ------------------

    @property
    def tenant(self) -> Business | None:
        return context.current()

    @tenant.setter
    def tenant(self, value: Any) -> None:
        if not self._is_constructing:
            context.set_current(_business(value))

    @property
    def schema_name(self) -> str | None:
        business = context.current()
        return business.schema_name if business else None

    @schema_name.setter
    def schema_name(self, value: str | None) -> None:
        """Follows `tenant`; the parent sets both, one after the other."""

    @property
    def include_public_schema(self) -> bool:
        return _include_public.get()

    @include_public_schema.setter
    def include_public_schema(self, value: bool) -> None:
        if not self._is_constructing:
            _include_public.set(value)

    @property
    def search_path_set_schemas(self) -> Applied | None:
        return self._applied

    @search_path_set_schemas.setter
    def search_path_set_schemas(self, value: Applied | None) -> None:
        """The parent clears this note on close, rollback and savepoint rollback: the SET is gone with them."""
        self._applied = value

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """For django-tenants' own commands; our code enters `business_scope`.

        The parent also empties the ContentType cache here; ours is kept per business, see tenants/contenttypes.py.
        """
        self.tenant = tenant
        self.include_public_schema = include_public

    def set_settings_schema(self, schema_name: str) -> None:
        """Nothing: settings are shared by all threads and no place for a business."""

    # Applying -----------------------------------------------------------------------------------------

    def get_new_connection(self, conn_params: Any) -> Any:
        with answers_within(POOL_ANSWER_S):
            return super().get_new_connection(conn_params)

    def connect(self) -> None:
        self._applied = None
        super().connect()

    def _handle_search_path(self, cursor: Any = None) -> None:  # noqa: ARG002
        """Called for every cursor. Errors are raised: a query must never run with the former business's path."""
        business = context.current()
        if business is None:
            raise NoBusiness
        wanted = self._wanted(business)
        if self._applied == wanted:
            return
        self._applied = None
        try:
            with self.wrap_database_errors:
                self.connection.execute(_set_statement(wanted), prepare=False)
        except Exception as error:
            # The transaction has already failed: whatever comes next, but a rollback, fails by itself.
            if isinstance(error.__cause__, psycopg.errors.InFailedSqlTransaction):
                return
            raise
        self._applied = wanted

    def _wanted(self, business: Business) -> Applied:
        schema = business.schema_name
        base._check_schema_name(schema)  # noqa: SLF001
        if business.is_public:
            return (PUBLIC_SCHEMA,), None
        path = (schema, PUBLIC_SCHEMA) if self.include_public_schema else (schema,)
        if not self.settings_dict.get("BUSINESS_ROLES", True):
            return path, None
        return path, role_name(self.settings_dict["NAME"], schema)

    # Django asks for the server's version outside any business; it needs a connection, not a cursor. ----

    @contextmanager
    def _briefly_connected(self) -> Iterator[psycopg.Connection[Any]]:
        must_close = self.connection is None
        self.ensure_connection()
        if self.connection is None:
            raise OperationalError("The connection is already closed.")
        try:
            yield self.connection
        finally:
            if must_close:
                self.close()

    @cached_property
    def pg_version(self) -> int:
        with self._briefly_connected() as connection:
            return connection.info.server_version


def _set_statement(wanted: Applied) -> sql.Composed:
    """One message, so that path and role change together or not at all."""
    path, role = wanted
    return sql.SQL("SET search_path = {}; {}").format(
        sql.SQL(", ").join(map(sql.Identifier, path)),
        sql.SQL("SET ROLE {}").format(sql.Identifier(role)) if role else sql.SQL("RESET ROLE"),
    )


def _business(value: Any) -> Business | None:
    """A Business from django-tenants' tenant-like objects, which know a schema name and perhaps more."""
    if value is None or isinstance(value, Business):
        return value
    if value.schema_name == PUBLIC_SCHEMA:
        return PUBLIC
    return Business(
        id=getattr(value, "id", 0), schema_name=value.schema_name, name=getattr(value, "name", value.schema_name)
    )
