"""Runs our commands as an operator does, forces what can not be removed, and looks for what is left anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql

from tests import services


def command(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=services.ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


def var() -> Path:
    return Path(os.environ["SALESPILOT_VAR"])


@contextmanager
def immovable(path: Path) -> Iterator[None]:
    """A file that really can not be removed or written: root needs another means than everybody else."""
    if os.getuid():
        path.chmod(0o400)
        path.parent.chmod(0o500)
        yield
        path.parent.chmod(0o700)
        path.chmod(0o600)
        return
    if subprocess.run(["chattr", "+i", str(path)], capture_output=True, check=False).returncode:
        pytest.skip("this file system knows no immutable files")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", str(path)], check=True)


def rows_with(word: str, *, schemas: str = "%") -> list[str]:
    """Every table of every database of this test, and the server's own catalogues, with `word` in a row."""
    found = []
    own = f"{services.database(services.worker())}%"
    with psycopg.connect(os.environ[services.ADMIN_URL], autocommit=True) as admin:
        names = [name for (name,) in admin.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [own])]
        catalogues = ("pg_authid", "pg_shdescription", "pg_database", "pg_db_role_setting")
        found += [table for table in catalogues if _has(admin, sql.Identifier("pg_catalog", table), word)]
    for name in names:
        with psycopg.connect(os.environ[services.ADMIN_URL], dbname=name, autocommit=True) as inside:
            tables = inside.execute(
                "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', "
                "'information_schema') AND schemaname LIKE %s",
                [schemas],
            ).fetchall()
            found += [
                f"{name}.{schema}.{table}"
                for schema, table in tables
                if _has(inside, sql.Identifier(schema, table), word)
            ]
    return found


def _has(connection: psycopg.Connection, table: sql.Identifier, word: str) -> bool:
    try:
        row = connection.execute(
            sql.SQL("SELECT 1 FROM {} t WHERE t::text ILIKE %s LIMIT 1").format(table), [f"%{word}%"]
        ).fetchone()
    except psycopg.errors.UndefinedTable:
        return False  # another worker's test has dropped it meanwhile
    return row is not None


def files_with(word: str) -> list[str]:
    """Files of this worker's folder whose name or content holds it; logs of servers are kept elsewhere in life."""
    sign = word.encode().lower()
    return [
        str(path)
        for path in sorted(var().rglob("*"))
        if path.is_file() and (word.lower() in path.name.lower() or sign in path.read_bytes().lower())
    ]


def keys_with(word: str) -> list[str]:
    """Keys of Redis whose name or value holds it."""
    store = redis.Redis.from_url(os.environ["REDIS_URL"])
    found = []
    for key in store.scan_iter("*"):
        try:
            value = store.dump(key) or b""
        except redis.RedisError:
            value = b""
        if word.encode().lower() in key.lower() + value.lower():
            found.append(key.decode(errors="replace"))
    return found
