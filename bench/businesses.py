"""`python -m bench.businesses [--present 1000]`: a new business, and an upgrade with nothing to do, among many.

In an embedded Postgres and Valkey of its own with the settings of `make run` (durable: fsync on), removed afterwards.
Prints a table, keeps the figures in bench/results/, and ends with status 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from bench import machine
from bench.point import percentiles
from salespilot.quickstart.postgres import EmbeddedPostgres
from salespilot.quickstart.valkey import EmbeddedValkey
from tenants.postgresql.roles import prepare_database
from tests.services import ROOT
from tests.tenants.upgrades import ADD_MOTTO, add_migration, changed_house, manage

RESULTS = Path(__file__).parent / "results"
NEW_S, NOTHING_S = 0.5, 10.0
NAMES = {"database": "bench", "owner": "bench_owner", "app": "bench_app"}
PASSWORD = "thrown-away"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.businesses", description=__doc__)
    parser.add_argument("--present", type=int, default=1000, help="businesses that are there already")
    parser.add_argument("--new", type=int, default=20, help="businesses made and measured then")
    parser.add_argument("--behind", type=int, default=20, help="businesses with one migration to do")
    options = parser.parse_args()
    about = machine.about()
    (ROOT / "var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / "var") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres, valkey = EmbeddedPostgres(folder / "pg"), EmbeddedValkey(folder / "kv")
        try:
            os.environ["REDIS_URL"] = valkey.start()
            point = measure(postgres.start(), folder, options)
        finally:
            for server in (postgres, valkey):
                server.stop()
                server.remove()
    show(point, about)
    print(f"Kept in {keep(point, about, options)}")
    return (
        0 if point["new_business_ms"]["p95"] < NEW_S * 1000 and point["nothing_to_do_s"]["command"] < NOTHING_S else 1
    )


def measure(admin_url: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    prepare_database(admin_url, **NAMES, owner_password=PASSWORD, app_password=PASSWORD)
    address = admin_url.rpartition("@")[2].partition("/")[0]
    os.environ.update(
        DATABASE_URL=f"postgresql://{NAMES['app']}:{PASSWORD}@{address}/{NAMES['database']}",
        DATABASE_OWNER_URL=f"postgresql://{NAMES['owner']}:{PASSWORD}@{address}/{NAMES['database']}",
        SALESPILOT_AS_OWNER="true",
        SALESPILOT_VAR=str(folder),
        DJANGO_SETTINGS_MODULE="salespilot.settings",
        LOG_LEVEL="ERROR",
    )
    import django
    from django.conf import settings

    # The invitation is written and counted; the mail goes out after the commit, through a server that is not ours.
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    django.setup()
    from tenants.schemas import migrate_shared

    migrate_shared()
    few = [make(number) for number in range(options.new)]
    print(f"Making {options.present} businesses …", flush=True)
    for number in range(options.new, options.present):
        make(number)
    settle(admin_url)
    many = [make(number) for number in range(options.present, options.present + options.new)]
    return {
        "businesses_present": options.present,
        "new_business_ms": percentiles([wall for wall, _ in many]),
        "new_business_cpu_ms": percentiles([cpu for _, cpu in many]),
        "new_business_ms_while_few": percentiles([wall for wall, _ in few]),
        "new_business_cpu_ms_while_few": percentiles([cpu for _, cpu in few]),
        "load_average_then": round(os.getloadavg()[0], 2),
        "nothing_to_do_s": nothing_to_do(),
        "one_migration": one_migration(folder, options.behind),
        "database": sizes(),
    }


def settle(admin_url: str) -> None:
    """A thousand businesses in a few minutes leave work behind that a thousand in some years do not."""
    with psycopg.connect(admin_url, dbname=NAMES["database"], autocommit=True) as admin:
        admin.execute("CHECKPOINT")
        admin.execute("VACUUM ANALYZE")
        admin.execute("CHECKPOINT")


def make(number: int) -> tuple[int, int]:
    """Microseconds that a new business takes, with a new connection and the first admin: elapsed, and on a core.

    The second is what this process and its database backend used; other load on the machine only adds to the first.
    """
    from django.db import connection

    from tenants.provisioning import create_business

    connection.close()
    name = f"bench{number:05d}"
    began, used = time.perf_counter(), machine.cpu_ms([os.getpid()])
    create_business(schema_name=name, name=name, host=f"{name}.localhost", admin_email=f"admin@{name}.example")
    elapsed = time.perf_counter() - began
    backend = connection.connection.info.backend_pid
    cpu_ms = machine.cpu_ms([os.getpid(), backend]) - used
    return round(elapsed * 1_000_000), round(cpu_ms * 1_000)


def nothing_to_do() -> dict[str, float]:
    """`report` is what the command says itself; `command` is the whole process, loading the code included.

    The best of three: what else runs on the machine only adds.
    """
    found = []
    for _ in range(3):
        began, used = time.perf_counter(), children_s()
        report = run("migrate_behind", "--json")
        found.append(
            {
                "command": round(time.perf_counter() - began, 2),
                "command_cpu": round(children_s() - used, 2),
                "report": round(report["seconds"], 2),
            }
        )
        assert not report["migrated"]
        assert not report["failed"]
    return min(found, key=lambda each: each["command"])


def children_s() -> float:
    """CPU seconds of the processes that were started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def one_migration(folder: Path, count: int) -> dict[str, Any]:
    """A nullable column more, in some of the businesses, by two workers."""
    house = changed_house(folder)
    add_migration(house, ADD_MOTTO)
    names = [f"bench{number:05d}" for number in range(count)]
    report = run("migrate_behind", *names, "--workers", "2", "--json", house=house)
    assert len(report["migrated"]) == count
    each = [round(outcome["seconds"] * 1_000_000) for outcome in report["migrated"]]
    return {"businesses": count, "seconds": round(report["seconds"], 2), "each_ms": percentiles(each)}


def run(*command: str, house: Path | None = None) -> dict[str, Any]:
    ran: subprocess.CompletedProcess[str] = manage(*command, house=house, timeout_s=1200)
    if ran.returncode:
        raise RuntimeError(ran.stdout + ran.stderr)
    report: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return report


def sizes() -> dict[str, int]:
    from django.db import connection

    from tenants.context import public_scope

    with public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class")
        relations = cursor.fetchone()[0]
        cursor.execute("SELECT pg_database_size(current_database()) / 1048576")
        return {"relations": relations, "size_mb": cursor.fetchone()[0]}


def show(point: dict[str, Any], about: dict[str, Any]) -> None:
    table = Table(title=f"{point['businesses_present']} businesses present")
    for name in ("", "p50", "p95", "p99", "bar"):
        table.add_column(name, justify="left" if not name else "right")
    table.add_row("new business, ms", *shares(point["new_business_ms"]), f"{NEW_S * 1000:.0f}")
    table.add_row("  of it on a core, ms", *shares(point["new_business_cpu_ms"]), "")
    table.add_row("new business while few are there, ms", *shares(point["new_business_ms_while_few"]), "")
    table.add_row("  of it on a core, ms", *shares(point["new_business_cpu_ms_while_few"]), "")
    nothing = point["nothing_to_do_s"]
    table.add_row("migrate_behind with nothing to do, s", f"{nothing['command']}", "", "", f"{NOTHING_S:.0f}")
    table.add_row("  of it on a core, s", f"{nothing['command_cpu']}", "", "", "")
    table.add_row("  of it reading all heads, s", f"{nothing['report']}", "", "", "")
    table.add_row("one migration, per business, ms", *shares(point["one_migration"]["each_ms"]), "")
    console = Console(width=140)
    console.print(table)
    console.print(
        f"{about['cpu']}, {about['cores']} cores, load average {about['load_average']} before, "
        f"{point['load_average_then']} then. {point['database']['relations']} relations, "
        f"{point['database']['size_mb']} MB."
    )


def shares(values: dict[str, float]) -> Sequence[str]:
    return [f"{values[name]:.0f}" for name in ("p50", "p95", "p99")]


def keep(point: dict[str, Any], about: dict[str, Any], options: argparse.Namespace) -> Path:
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    path = RESULTS / f"businesses-{now:%Y-%m-%d-%H%M}.json"
    content = {
        "at": now.isoformat(timespec="seconds"),
        "command": f"python -m bench.businesses --present {options.present} --new {options.new} "
        f"--behind {options.behind}",
        "machine": about,
        "bars": {"new_business_p95_ms": NEW_S * 1000, "nothing_to_do_command_s": NOTHING_S},
        "point": point,
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path.relative_to(ROOT)


if __name__ == "__main__":
    sys.exit(main())
