"""The processes of `make run` under supervisor: crashed ones are started again, all end together."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from salespilot import env
from salespilot.quickstart import commands, tether
from salespilot.quickstart.errors import QuickstartError
from salespilot.quickstart.plan import ROOT, Plan
from salespilot.quickstart.processes import wait_until, works_in

# Longer than the longest stopwaitsecs below.
STOP_SECONDS = 45.0
# A process that ends sooner counts as a failed start; after some of those supervisor gives up.
START_SECONDS = 10
_NEWS = re.compile(r"(?:WARN|INFO) (exited|gave up|exit): (\w+)")


@dataclass(frozen=True, slots=True)
class Program:
    """`needs_owner`: is told where the owner's address is kept, which no other program is."""

    name: str
    command: list[str]
    stop_seconds: int
    niceness: int = 0
    needs_owner: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """A process ended unasked. `is_final`: supervisor does not start it again."""

    program: str
    is_final: bool


class Supervisor:
    """Runs web, worker, beat and builder for `plan`. Ends with this process, however this process ends."""

    def __init__(self, plan: Plan, *, port: int, settings: Mapping[str, str]) -> None:
        self._plan = plan
        self._programs = _programs(plan, port)
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._read_to = 0

    def start(self) -> None:
        self._plan.logs.mkdir(parents=True, exist_ok=True)
        configuration = self._plan.var / "supervisord.conf"
        configuration.write_text(render(self._plan, self._programs), encoding="utf-8")
        keep_owner_address(self._plan, self._settings)
        log = self._log
        self._read_to = log.stat().st_size if log.exists() else 0
        # A session of its own: Ctrl-C reaches us alone, and we end the processes in order.
        self._process = subprocess.Popen(
            [*_tied(0), sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)],
            cwd=self._plan.var,
            env=_environment(self._settings, self._plan),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self._plan.logs / "supervisord.err").open("wb"),
            start_new_session=True,
        )

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def last_words(self) -> str:
        with suppress(OSError):
            return (self._plan.logs / "supervisord.err").read_text(encoding="utf-8", errors="replace")[-1000:].strip()
        return ""

    def news(self) -> list[News]:
        """Who ended unasked since the last call."""
        try:
            with self._log.open(encoding="utf-8", errors="replace") as file:
                file.seek(self._read_to)
                text = file.read()
                self._read_to = file.tell()
        except OSError:
            return []
        return [News(name, is_final=what == "gave up") for what, name in _NEWS.findall(text)]

    def stop(self) -> None:
        """Every process has ended when this returns. Safe to call twice."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        owner_file(self._plan).unlink(missing_ok=True)

    @property
    def _log(self) -> Path:
        return self._plan.logs / "supervisord.log"


def owner_file(plan: Plan) -> Path:
    return plan.var / "pg.owner-address"


def keep_owner_address(plan: Plan, settings: Mapping[str, str]) -> None:
    """In a file that only this user reads, for the one program that `needs_owner`; gone when all have ended."""
    file = owner_file(plan)
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(settings.get("DATABASE_OWNER_URL") or env.text("DATABASE_OWNER_URL"), encoding="utf-8")


def end_left_over(plan: Plan) -> None:
    """Waits for the processes of a killed start to leave, so that their port is free again."""
    try:
        pid = int((plan.var / "supervisord.pid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return
    with suppress(ProcessLookupError, PermissionError):
        if works_in(pid, plan.var):
            os.kill(pid, signal.SIGTERM)
    if not wait_until(lambda: not works_in(pid, plan.var), seconds=STOP_SECONDS):
        raise QuickstartError(f"The processes of an earlier start do not end: kill process {pid} and start again.")


def render(plan: Plan, programs: list[Program]) -> str:
    """supervisord.conf. `%` is doubled everywhere: supervisor expands it."""
    lines = [
        "[supervisord]",
        "nodaemon=true",
        "silent=true",
        f"logfile={_literal(plan.logs / 'supervisord.log')}",
        "logfile_maxbytes=1MB",
        "logfile_backups=1",
        f"pidfile={_literal(plan.var / 'supervisord.pid')}",
    ]
    if os.geteuid() == 0:
        lines.append(f"user={pwd.getpwuid(0).pw_name}")  # says that running as root is meant
    for program in programs:
        tied = [*_tied(program.niceness), *program.command]
        lines += [
            "",
            f"[program:{program.name}]",
            f"command={_literal(shlex.join(tied))}",
            f"directory={_literal(ROOT)}",
            f"stdout_logfile={_literal(plan.logs / f'{program.name}.log')}",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=2",
            "redirect_stderr=true",
            "autorestart=true",
            f"startsecs={START_SECONDS}",
            "startretries=5",
            f"stopwaitsecs={program.stop_seconds}",
            "killasgroup=true",
        ]
        if program.needs_owner:
            lines.append(f'environment=DATABASE_OWNER_URL_FILE="{_literal(owner_file(plan))}"')
    return "\n".join(lines) + "\n"


def _tied(niceness: int) -> list[str]:
    return [sys.executable, tether.__file__, str(niceness)]


def _literal(value: object) -> str:
    return str(value).replace("%", "%%")


def _programs(plan: Plan, port: int) -> list[Program]:
    return [
        Program("web", commands.web(plan.web_server, host=plan.bind, port=port), stop_seconds=15),
        # What comes after the call gives way to calls.
        Program("worker", commands.worker(), stop_seconds=30, niceness=5),
        Program("beat", commands.beat(schedule_file=str(plan.var / "beat")), stop_seconds=10, niceness=5),
        Program("builder", commands.builder(), stop_seconds=30, niceness=5, needs_owner=True),
    ]


def _environment(settings: Mapping[str, str], plan: Plan) -> dict[str, str]:
    """Ours, with the addresses; without the owner's, which only the builder gets."""
    merged = {**commands.ALLOCATOR, **os.environ, **settings, "SALESPILOT_VAR": str(plan.var), "PYTHONUNBUFFERED": "1"}
    return {name: value for name, value in merged.items() if not name.startswith("DATABASE_OWNER_URL")}
