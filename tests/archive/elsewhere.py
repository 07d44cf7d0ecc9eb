"""Another installation: a database, roles, folders and a secret key of its own, on the servers of this run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from tenants.postgresql.roles import prepare_database
from tests import services
from tests.tenants.upgrades import Ran


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

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.environment["DATABASE_OWNER_URL"], autocommit=True)

    def stop(self) -> None:
        self._process.communicate(timeout=30)
