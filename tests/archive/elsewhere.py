"""Another installation: a database, roles, folders and a secret key of its own, on the servers of this run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from tenants.postgresql.roles import prepare_database, role_name
from tests import services
from tests.tenants.upgrades import Ran

# Runs what follows with files of at most 64 KB: a full disk, also for an ordinary user.
LITTLE_ROOM = ("bash", "-c", 'ulimit -f 64; exec "$@"', "--")


class Installation:
    """`run("import_business", …)` is a command of its operator; `connect()` its database, as the owner."""

    def __init__(self, var: Path) -> None:
        self.var = var
        name = f"{services.database(services.worker())}_elsewhere"
        self.database = name
        address = os.environ[services.ADMIN_URL].rpartition("@")[2].partition("/")[0]
        prepare_database(
            os.environ[services.ADMIN_URL],
            database=name,
            owner=f"{name}_owner",
            owner_password=services.PASSWORD,
            app=f"{name}_app",
            app_password=services.PASSWORD,
        )
        self.environment = {
            "DATABASE_URL": f"postgresql://{name}_app:{services.PASSWORD}@{address}/{name}",
            "DATABASE_OWNER_URL": f"postgresql://{name}_owner:{services.PASSWORD}@{address}/{name}",
            "SALESPILOT_VAR": str(var),
            "SECRET_KEY": "another-installation-has-another-key-0123456789-0123456789",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.tenants.owner_process"],
            cwd=services.ROOT,
            env={**os.environ, **self.environment, "SALESPILOT_AS_OWNER": "true"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str) -> Ran:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"command": command, "is_upgraded": False}) + "\n")
        self._process.stdin.flush()
        return Ran(**json.loads(self._process.stdout.readline()))

    def start(self, *command: str, before: Sequence[str] = (), **settings: str) -> subprocess.Popen[str]:
        """A command in a process of its own, to be killed. `before`: words in front of it, such as `LITTLE_ROOM`."""
        return subprocess.Popen(
            [*before, sys.executable, "manage.py", *command],
            cwd=services.ROOT,
            env={**os.environ, **self.environment, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.environment["DATABASE_OWNER_URL"], autocommit=True)

    def left_of(self, schema: str) -> list[str]:
        """What there is of a business: rows, schema, role, and files that are nobody's."""
        role = role_name(self.database, schema)
        with self.connect() as there:
            found = [
                what
                for what, query, value in (
                    ("row", "SELECT 1 FROM tenants_tenant WHERE schema_name = %s", schema),
                    ("schema", "SELECT 1 FROM pg_namespace WHERE nspname = %s", schema),
                    ("role", "SELECT 1 FROM pg_roles WHERE rolname = %s", role),
                )
                if there.execute(query, [value]).fetchone()
            ]
            known = {number for (number,) in there.execute("SELECT id FROM tenants_tenant").fetchall()}
        folders = {f"b{number}" for number in known} | {str(number) for number in known}
        files = [
            path.relative_to(self.var)
            for area in ("audio", "media")
            for path in (self.var / area).rglob("*")
            if path.is_file()
        ]
        return found + [str(path) for path in files if not folders & set(path.parts)]

    def stop(self) -> None:
        self._process.communicate(timeout=30)
