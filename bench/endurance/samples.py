"""What the processes hold at one moment: memory, threads, open files, sockets, connections, tasks."""

from __future__ import annotations

import json
import os
import re
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg
import redis

from bench import house, machine
from bench.endurance.verdict import Sample
from tests import services
from tests.server import Server

PROC = machine.PROC
TOKEN = "endurance-reads-metrics"
STATES = {"01": "established", "06": "time wait", "08": "close wait", "0A": "listening"}
_SOCKET = re.compile(r"socket:\[(\d+)\]")
_METRIC = re.compile(r"^(salespilot_(?:tasks|calls_live|sockets_open))(?:\{[^}]*\})? (\S+)$", re.MULTILINE)
CONNECTIONS = """
SELECT count(*), count(*) FILTER (WHERE state LIKE 'idle in transaction%%' AND now() - state_change > interval '5 s')
FROM pg_stat_activity WHERE usename = %s
"""


class Observer:
    """Reads the processes of `server`, and of the database and the queue it works with."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._began = time.monotonic()
        self._directories = dict(zip(("postgres", "valkey"), house.data_directories(), strict=True))
        self._owner = psycopg.connect(os.environ[services.ADMIN_URL], autocommit=True)
        self._queue = redis.Redis.from_url(os.environ["REDIS_URL"])

    def close(self) -> None:
        self._owner.close()
        self._queue.close()

    def look(self) -> Sample:
        figures: dict[str, float] = {}
        detail: dict[str, dict[str, float]] = {}
        states = socket_states()
        for name, pids in self._processes().items():
            vitals = [found for pid in pids if (found := vitals_of(pid, states))]
            total = Counter[str]()
            for each in vitals:
                total.update(each)
            detail[name] = {**{key: round(value, 2) for key, value in total.items()}, "processes": len(vitals)}
            # One process of the database for each connection: as many as the pools have, which is counted by itself.
            shares = max(1, len(vitals)) if name == "postgres" else 1
            figures[f"{name} memory"] = round(total["anonymous"] / shares, 3)
            if name != "postgres":
                for kind in ("threads", "open files", "sockets"):
                    figures[f"{name} {kind}"] = total[kind]
        figures |= self._inside()
        return Sample(round(time.monotonic() - self._began, 1), figures, detail)

    def objects(self, *, collect: bool = False, trace: bool = False) -> dict[str, Any]:
        """Of the web process; `trace`: with the allocations, where it traces."""
        query = "&".join(name for name, asked in (("collect", collect), ("trace", trace)) if asked)
        content: dict[str, Any] = json.loads(self._get(f"/bench/objects?{query}"))
        return content

    def _processes(self) -> dict[str, list[int]]:
        worker, *children = machine.tree(self._server.pid("worker"))
        groups = {name: machine.working_in(directory) for name, directory in self._directories.items()}
        return {
            "web": machine.tree(self._server.pid()),
            "worker": [worker],
            "worker child": children,
            "beat": machine.tree(self._server.pid("beat")),
            **groups,
        }

    def _inside(self) -> dict[str, float]:
        found = Counter[str]()
        for name, value in _METRIC.findall(self._get("/metrics")):
            found[name] += float(value)
        share = services.worker()
        open_, stuck = self._owner.execute(CONNECTIONS, [services.app(share)]).fetchone() or (0, 0)
        queue: dict[str, Any] = self._queue.info()  # type: ignore[assignment]
        return {
            "web tasks": found["salespilot_tasks"],
            "calls live": found["salespilot_calls_live"],
            "call sockets": found["salespilot_sockets_open"],
            "database connections": open_,
            "connections stuck in a transaction": stuck,
            "valkey clients": queue["connected_clients"],
            "valkey data": round(queue["used_memory"] / 1e6, 3),
        }

    def _get(self, path: str) -> str:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._server.port}{path}",
            headers={"Authorization": f"Bearer {TOKEN}", "Connection": "close"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return str(answer.read().decode())


def vitals_of(pid: int, states: dict[str, str]) -> dict[str, float]:
    """One process; empty when it is gone. `anonymous` divides what forked processes share."""
    try:
        memory = _memory(pid)
        threads = len(list((PROC / str(pid) / "task").iterdir()))
        files = list(_open_files((PROC / str(pid) / "fd").iterdir()))
    except OSError:
        return {}
    inodes = [found[1] for each in files if (found := _SOCKET.match(each))]
    by_state = Counter(f"sockets {states.get(inode, 'other')}" for inode in inodes)
    return {**memory, "threads": threads, "open files": len(files), "sockets": len(inodes), **by_state}


def _memory(pid: int) -> dict[str, float]:
    lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]
    kb = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return {
        "anonymous": kb["Pss_Anon"] / 1_024,
        "resident": kb["Rss"] / 1_024,
        "proportional": kb["Pss"] / 1_024,
        "unique": (kb["Private_Clean"] + kb["Private_Dirty"]) / 1_024,
    }


def _open_files(paths: Iterable[Path]) -> Iterable[str]:
    for path in paths:
        try:
            yield str(path.readlink())
        except OSError:
            continue


def socket_states() -> dict[str, str]:
    """The state of each TCP socket of this machine by its inode, from what the kernel lists."""
    found = {}
    for name in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / name).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            found[fields[9]] = STATES.get(fields[3], "closing")
    return found
