"""What one `make run` will use, read from the environment before anything starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from salespilot import env
from salespilot.quickstart.commands import WEB_SERVERS, WebServer
from salespilot.quickstart.errors import QuickstartError
from salespilot.quickstart.processes import free_port, is_port_free

ROOT = Path(__file__).resolve().parent.parent.parent
PORTS_TO_TRY = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """`port` is the one asked for; `choose_port` may decide otherwise."""

    var: Path
    bind: str
    port: int
    web_server: WebServer
    is_postgres_embedded: bool
    is_valkey_embedded: bool
    has_demo: bool

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def running_file(self) -> Path:
        """While it runs: where, for commands in another shell."""
        return self.var / "quickstart.json"

    @property
    def postgres_dir(self) -> Path:
        return self.var / "pg"

    @property
    def valkey_dir(self) -> Path:
        return self.var / "kv"


def read_plan() -> Plan:
    """Raises `ImproperlyConfigured` for an odd value, `QuickstartError` for half a database."""
    has_app_url, has_owner_url = bool(env.text("DATABASE_URL")), bool(env.text("DATABASE_OWNER_URL"))
    if has_app_url != has_owner_url:
        missing = "DATABASE_OWNER_URL" if has_app_url else "DATABASE_URL"
        raise QuickstartError(
            f"{missing} is missing: with a database of your own set both DATABASE_URL (the application's role) and "
            "DATABASE_OWNER_URL (the role that migrates). See docs/running.md."
        )
    return Plan(
        var=Path(env.text("SALESPILOT_VAR", str(ROOT / "var"))).resolve(),
        bind=env.text("BIND", "127.0.0.1"),
        port=env.integer("PORT", 8000, minimum=1, maximum=65_535),
        web_server=cast("WebServer", env.choice("WEB_SERVER", "daphne", WEB_SERVERS)),
        is_postgres_embedded=not has_app_url,
        is_valkey_embedded=not env.text("REDIS_URL"),
        has_demo=env.boolean("DEMO", default=True),
    )


def choose_port(plan: Plan) -> int:
    """The port asked for when it is free, else one of the next twenty, else any free one."""
    wanted = range(plan.port, min(plan.port + PORTS_TO_TRY, 65_536))
    return next((port for port in wanted if is_port_free(port, plan.bind)), None) or free_port()
