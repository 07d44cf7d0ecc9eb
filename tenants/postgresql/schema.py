"""Changing tables, which the owner does: Django's own statements, two of which come in pairs."""

from __future__ import annotations

from typing import Self

from django.db.backends.postgresql.schema import DatabaseSchemaEditor


class SchemaEditor(DatabaseSchemaEditor):
    """Lets Django send `SET CONSTRAINTS …; ALTER TABLE …` as one message, on the owner's connection only.

    Everywhere else every statement is prepared, and Postgres refuses a second one after a semicolon.
    """

    def __enter__(self) -> Self:
        self.connection.ensure_connection()
        self._threshold = self.connection.connection.prepare_threshold
        if not self.connection.settings_dict.get("BUSINESS_ROLES", True):
            self.connection.connection.prepare_threshold = None
        return super().__enter__()

    def __exit__(self, *failure: object) -> None:
        try:
            super().__exit__(*failure)  # type: ignore[arg-type]  # the stubs want the three by name
        finally:
            self.connection.connection.prepare_threshold = self._threshold
