"""Real faults of real services, for tests. Each is undone by `back`."""

from __future__ import annotations

import os

import psycopg
from psycopg import sql

from tests import services


class PostgresAway:
    """The application's role may not log in and its open connections are cut; the owner's are untouched."""

    def __init__(self) -> None:
        self._role = services.app(services.worker())

    def away(self) -> None:
        self._run("ALTER ROLE {} NOLOGIN")
        with psycopg.connect(os.environ[services.ADMIN_URL], autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [self._role])

    def back(self) -> None:
        self._run("ALTER ROLE {} LOGIN")

    def _run(self, statement: str) -> None:
        with psycopg.connect(os.environ[services.ADMIN_URL], autocommit=True) as admin:
            admin.execute(sql.SQL(statement).format(sql.Identifier(self._role)))
