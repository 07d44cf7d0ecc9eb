"""Two businesses and the application's way to the database: where attempts are made, and undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from tenants.context import PUBLIC, Business, business_scope
from tenants.postgresql.roles import role_name

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Stage:
    """`connect` makes a wrapper of `tenants.postgresql`, as the application has them, on the same pool each time."""

    connect: Callable[[], Any]
    ours: Business
    theirs: Business

    def role_of(self, business: Business) -> str:
        return role_name(self._database(), business.schema_name)

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """A wrapper whose connection goes back to the pool afterwards."""
        wrapper = self.connect()
        try:
            yield wrapper
        finally:
            wrapper.close()

    @contextmanager
    def undone(self, wrapper: Any) -> Iterator[None]:
        """A transaction that is always rolled back."""
        wrapper.set_autocommit(False)
        try:
            yield
        finally:
            wrapper.rollback()
            wrapper.set_autocommit(True)

    def ask(
        self,
        text: str,
        parameters: Sequence[Any] | None = None,
        *,
        business: Business | None = None,
        is_public: bool = False,
    ) -> Rows:
        """The rows of `text`, said by our business (or the one named, or by nobody), and undone.

        The names in braces are filled in as in `text_for`. Of several results the last.
        """
        who = PUBLIC if is_public else business or self.ours
        with self.connection() as wrapper, business_scope(who), self.undone(wrapper):
            return rows(wrapper, self.text_for(wrapper, text), parameters)

    def text_for(self, wrapper: Any, text: str) -> str:
        """`{ours}`, `{theirs}`: schemas; `{our_role}`, `{their_role}`, `{login}`: roles; all quoted identifiers.
        `{theirs_text}` and `{their_role_text}` are quoted strings.
        """
        names = {
            "ours": sql.Identifier(self.ours.schema_name),
            "theirs": sql.Identifier(self.theirs.schema_name),
            "our_role": sql.Identifier(self.role_of(self.ours)),
            "their_role": sql.Identifier(self.role_of(self.theirs)),
            "theirs_text": sql.Literal(self.theirs.schema_name),
            "their_role_text": sql.Literal(self.role_of(self.theirs)),
            "login": sql.Identifier(wrapper.settings_dict["USER"]),
        }
        # Our own texts; as_string needs no connection for these kinds.
        return sql.SQL(text).format(**names).as_string(None)

    def _database(self) -> str:
        return str(self.connect().settings_dict["NAME"])


def rows(wrapper: Any, text: str, parameters: Sequence[Any] | None = None) -> Rows:
    """What the last statement in `text` returned."""
    with wrapper.cursor() as cursor:
        cursor.execute(text, parameters)
        while cursor.cursor.nextset():
            pass
        return list(cursor.fetchall()) if cursor.cursor.description else []
