"""Postgres and Valkey for one `make run`: embedded where no address is given, else left alone."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from salespilot.databases import local_secret
from salespilot.quickstart import fingerprint
from salespilot.quickstart.plan import Plan
from salespilot.quickstart.postgres import EmbeddedPostgres
from salespilot.quickstart.valkey import EmbeddedValkey
from tenants.postgresql.roles import prepare_database

DATABASE, OWNER, APP = "salespilot", "salespilot_owner", "salespilot_app"


class Stores:
    """`settings` are the addresses to add to the environment of our processes."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._postgres = EmbeddedPostgres(plan.postgres_dir) if plan.is_postgres_embedded else None
        self._valkey = EmbeddedValkey(plan.valkey_dir) if plan.is_valkey_embedded else None
        self.settings: dict[str, str] = {}

    def start(self) -> None:
        """Raises `QuickstartError`. What did start is ended by `stop`."""
        if self._postgres:
            self.settings |= self._database_urls(self._postgres.start())
        if self._valkey:
            self.settings["REDIS_URL"] = self._valkey.start()

    def stop(self) -> None:
        if self._valkey:
            self._valkey.stop()
        if self._postgres:
            self._postgres.stop()

    def is_up_to_date(self) -> bool:
        """Whether `note_up_to_date` was called for this data and this code. Never for a database of your own."""
        return self._postgres is not None and fingerprint.read(self._postgres.data_dir) == self._wanted()

    def note_up_to_date(self) -> None:
        if self._postgres:
            fingerprint.write(self._postgres.data_dir, self._wanted())

    def _wanted(self) -> str:
        return fingerprint.of_code(has_demo=self._plan.has_demo)

    def _database_urls(self, admin_url: str) -> dict[str, str]:
        owner_password = local_secret(self._plan.var / "pg.owner-password")
        app_password = local_secret(self._plan.var / "pg.app-password")
        prepare_database(
            admin_url,
            database=DATABASE,
            owner=OWNER,
            owner_password=owner_password,
            app=APP,
            app_password=app_password,
        )
        address = admin_url.rpartition("@")[2].partition("/")[0]
        return {
            "DATABASE_URL": f"postgresql://{APP}:{app_password}@{address}/{DATABASE}",
            "DATABASE_OWNER_URL": f"postgresql://{OWNER}:{owner_password}@{address}/{DATABASE}",
        }


def leave_word(plan: Plan, *, port: int, settings: Mapping[str, str]) -> None:
    """Tells commands in another shell where this installation runs; readable by this user only."""
    file = plan.running_file
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps({"port": port, "pid": os.getpid(), "settings": dict(settings)}), encoding="utf-8")
