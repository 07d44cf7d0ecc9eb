"""`python -m bench.soak [--minutes 3]`: two businesses at full work side by side; each byte is searched for the other.

Real services, web server, worker and schedule; only the vendors are ours. Prints a table, keeps the figures in
bench/results/, and ends with status 1 when anything foreign was seen, or nothing was done that could have shown it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from bench import machine
from bench.processes import Helper
from bench.soak import calls, house, rows, visits
from bench.soak.canary import Watch
from bench.soak.house import House
from bench.soak.web import Person
from salespilot.quickstart.processes import free_port
from tests import services
from tests.server import Server

RESULTS = Path(__file__).resolve().parents[1] / "results"
AFTER_S = 90.0
WORK = ("requests", "socket messages", "polls", "calls", "invitations", "back-tests", "sign-ins", "trespasses refused")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0, help="how long")
    parser.add_argument("--web-server", choices=("daphne", "uvicorn"), default="daphne")
    parser.add_argument("--settings", default="salespilot.settings", help="with which the servers run")
    parser.add_argument("--until-found", action="store_true", help="stop as soon as something foreign was received")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures are kept")
    options = parser.parse_args()
    about = machine.about()
    houses = house.set_up()
    watch = Watch(*(each.canary for each in houses))
    var = Path(os.environ["SALESPILOT_VAR"])
    ports = free_port(), free_port()
    vendors = {
        "DEEPGRAM_BASE_URL": f"http://127.0.0.1:{ports[0]}",
        "DEEPGRAM_API_KEY": "soak",
        "SPEECH_PROVIDER": "deepgram",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{ports[1]}/v1",
        "OPENAI_API_KEY": "soak",
        "DJANGO_SETTINGS_MODULE": options.settings,
    }
    with (
        Helper("soak.vendors", *map(str, ports)),
        Server(web_server=options.web_server, with_worker=True, with_beat=True, environment=vendors) as server,
    ):
        began = time.monotonic()
        asyncio.run(soak(houses, watch, server.port, options.minutes * 60, until_found=options.until_found))
        took_s = time.monotonic() - began
        with urllib.request.urlopen(f"http://127.0.0.1:{ports[1]}/control", timeout=10) as answer:
            vendor_counts: dict[str, int] = json.loads(answer.read())
        tasks = tasks_done(server.output("worker"))
        errors = [line for line in server.output("web").splitlines() if '"level": "ERROR"' in line]
    left = rows.look_through(houses, watch, (var / "audio", var / "media"), var / "mail")
    point = {
        "seconds": round(took_s, 1),
        "counts": dict(sorted(watch.counts.items())),
        "own_sightings": [watch.own_sightings[each.canary] for each in houses],
        "vendors": vendor_counts,
        "tasks": dict(tasks),
        "left": {
            "tables": left.tables, "rows": left.rows, "rows_with_own_canary": list(left.own.values()),
            "keys": left.keys, "files": left.files, "mails": left.mails,
        },
        "foreign": {
            "received": watch.hit_count, "at_vendors": vendor_counts["mixed"], "left": len(left.foreign),
        },
        "examples": [*watch.hits, *left.foreign[:20]],
        "troubles": dict(watch.troubles),
        "errors": [line[:4_000] for line in errors[-5:]],
    }  # fmt: skip
    show(point, about)
    print(f"Kept in {keep(point, about, options)}")
    return 0 if is_clean(point) else 1


async def soak(
    houses: tuple[House, House], watch: Watch, port: int, seconds: float, *, until_found: bool = False
) -> None:
    """Everything at once until the time is over; each kind of work ends what it has begun."""
    end = time.monotonic() + seconds

    def going() -> bool:
        return time.monotonic() < end and not (until_found and watch.hit_count)

    shared = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=1, max_keepalive_connections=1))
    switchers = [Person(each, watch, port, role="manager", transport=shared) for each in houses]
    work: list[Coroutine[Any, Any, None]] = [visits.switch_hosts(switchers[0], switchers[1], going)]
    for own, other in (houses, houses[::-1]):
        work += await of_one(own, other, watch, port, going)
    work.append(visits.hang_up_on(houses, Person(houses[0], watch, port), going))
    running = [asyncio.create_task(each) for each in work]
    done, late = await asyncio.wait(running, timeout=seconds + AFTER_S)
    for task in late:
        task.cancel()
        watch.troubles["work that did not end"] += 1
    for task in done:
        if error := task.exception():
            watch.troubles[f"{type(error).__name__}: {error}"[:200]] += 1


async def of_one(
    own: House, other: House, watch: Watch, port: int, going: calls.Going
) -> list[Coroutine[Any, Any, None]]:
    async def signed_in(role: str) -> Person:
        person = Person(own, watch, port, role=role)
        await person.sign_in()
        return person

    rep, manager, admin, billing = [await signed_in(role) for role in house.ROLES]
    walker, stranger = await signed_in("admin"), await signed_in("admin")
    programs = [Person(own, watch, port, key=own.key) for _ in range(3)]
    return [
        calls.talk(programs[0], rep, going),
        calls.talk(programs[1], rep, going),
        calls.talk_over_http(programs[2], rep, going),
        calls.watch_board(manager, going),
        visits.wander(walker, going, "/admin/", "/admin/calls/call/", "/admin/coaching/play/", "/calls/", "/"),
        visits.wander(billing, going, "/billing/", "/admin/"),
        visits.run_the_house(admin, going),
        visits.come_and_go(Person(own, watch, port, role="rep"), going),
        visits.trespass(stranger, other, watch.calls_of(other.canary), going),
    ]


def tasks_done(log: str) -> Counter[str]:
    """By name, from what the worker writes about each."""
    found: Counter[str] = Counter()
    for line in log.splitlines():
        if " succeeded in " in line and "Task " in line:
            found[line.partition("Task ")[2].partition("[")[0]] += 1
    return found


def is_clean(point: dict[str, Any]) -> bool:
    """Nothing foreign anywhere, and everything that could have shown it was done in both businesses."""
    has_worked = all(point["counts"].get(name) for name in WORK) and all(point["own_sightings"])
    return not any(point["foreign"].values()) and has_worked


def show(point: dict[str, Any], about: dict[str, Any]) -> None:
    table = Table(title=f"Two businesses side by side for {point['seconds']:.0f} s")
    table.add_column("")
    table.add_column("", justify="right")
    for name, count in point["counts"].items():
        table.add_row(name, f"{count:,}")
    for name, count in point["tasks"].items():
        table.add_row(f"task {name}", f"{count:,}")
    for name, count in point["vendors"].items():
        table.add_row(f"at the vendors: {name}", f"{count:,}")
    for name, count in point["left"].items():
        table.add_row(f"left: {name.replace('_', ' ')}", f"{count:,}" if isinstance(count, int) else str(count))
    for name, count in point["troubles"].items():
        table.add_row(f"trouble: {name}", f"{count:,}")
    for name, count in point["foreign"].items():
        table.add_row(f"foreign, {name.replace('_', ' ')}", f"[bold]{count:,}[/]")
    console = Console(width=140)
    console.print(table)
    for example in point["examples"]:
        console.print(example, markup=False)
    console.print(f"{about['cpu']}, {about['cores']} cores, load average {about['load_average']} before.")


def keep(point: dict[str, Any], about: dict[str, Any], options: argparse.Namespace) -> Path:
    options.results.mkdir(exist_ok=True, parents=True)
    now = datetime.now(UTC)
    path: Path = options.results / f"soak-{now:%Y-%m-%d-%H%M}.json"
    content = {
        "at": now.isoformat(timespec="seconds"),
        "command": f"python -m bench.soak --minutes {options.minutes:g} --web-server {options.web_server}",
        "machine": about,
        "point": point,
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path.relative_to(services.ROOT) if path.is_relative_to(services.ROOT) else path


if __name__ == "__main__":
    sys.exit(main())
