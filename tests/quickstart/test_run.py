"""`make run` from end to end, as a process: the page, an answer, a crash, a restart, an end that leaves nobody."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from salespilot.quickstart.postgres import EmbeddedPostgres
from salespilot.quickstart.processes import free_port, wait_until
from salespilot.quickstart.valkey import EmbeddedValkey
from tests import services

pytestmark = [pytest.mark.sockets, pytest.mark.timeout(240)]

READY = re.compile(r"Sales Pilot is ready after (\d+) s")
GIVEN = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY", "SALESPILOT_VAR")


class Run:
    """One `python -m salespilot.quickstart` with its data in `var`."""

    def __init__(self, var: Path, **settings: str) -> None:
        self.var = var
        self._output = var / "output.txt"
        environment = {name: value for name, value in os.environ.items() if name not in GIVEN}
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "salespilot.quickstart"],
                cwd=services.ROOT,
                env={**environment, "SALESPILOT_VAR": str(var), **settings},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def output(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def wait_for_page(self) -> None:
        wait_until(lambda: "Ctrl-C" in self.output or self.process.poll() is not None, seconds=150, every=0.05)
        assert READY.search(self.output), self.output + self._logs()

    @property
    def port(self) -> int:
        port: int = json.loads((self.var / "quickstart.json").read_text())["port"]
        return port

    def get(self, path: str, host: str = "localhost") -> int:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Host": host})
        with urllib.request.urlopen(request, timeout=10) as answer:
            status: int = answer.status
            return status

    def health(self) -> dict[str, str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=10) as answer:
            told: dict[str, str] = json.load(answer)
            return told

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)

    def processes(self) -> list[int]:
        """Every living process that was started for `var`, found by its environment or its arguments."""
        return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _belongs_to(entry, str(self.var))]

    def _logs(self) -> str:
        return "".join(f"\n--- {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in self.var.glob("log/*"))


def _belongs_to(process: Path, var: str) -> bool:
    try:
        if (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return False
        words = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    except OSError:
        return False
    return var.encode() in words and int(process.name) != os.getpid()


@pytest.fixture
def var() -> Iterator[Path]:
    folder = Path(os.environ[services.RUN_DIR]) / services.worker() / f"quickstart-{free_port()}"
    folder.mkdir(parents=True)
    yield folder
    EmbeddedPostgres(folder / "pg").remove()
    EmbeddedValkey(folder / "kv").remove()
    shutil.rmtree(folder, ignore_errors=True)


def test_from_nothing_to_a_page_and_back_to_nothing(var: Path) -> None:
    began = time.monotonic()
    first = Run(var, PORT=str(free_port()), SWEEP_SECONDS="1")
    try:
        first.wait_for_page()
        first_s = time.monotonic() - began
        assert first.get("/healthz") == 200
        assert first.get("/sign-in/", host="acme.localhost") == 200
        assert first.get("/sign-in/", host="globex.localhost") == 200
        assert f"http://acme.localhost:{first.port}" in first.output
        assert (var / "quickstart.json").stat().st_mode & 0o077 == 0
        # Beat sent a sweep and the worker did it.
        assert wait_until(lambda: first.health()["status"] == "ok", seconds=60, every=0.5), first.health()
    finally:
        code = first.end()

    assert code == 0, first.output
    assert first.processes() == []
    assert not (var / "quickstart.json").exists()

    began = time.monotonic()
    second = Run(var, PORT=str(free_port()))
    try:
        second.wait_for_page()
        # Against the first start of this very run: a machine that is slow is slow for both.
        assert time.monotonic() - began < first_s
        assert "up to date" not in second.output, "nothing changed, nothing is done again"
        assert second.get("/sign-in/", host="acme.localhost") == 200
    finally:
        second.end(signal.SIGTERM)
    assert second.processes() == []


def test_after_a_murder_the_next_start_goes_on_with_the_same_data(var: Path) -> None:
    port = str(free_port())
    killed = Run(var, PORT=port, DEMO="false")
    killed.wait_for_page()
    left_over = [pid for pid in killed.processes() if pid != killed.process.pid]
    assert left_over
    killed.process.kill()
    killed.process.wait()

    again = Run(var, PORT=port, DEMO="false")
    try:
        again.wait_for_page()
        assert again.get("/healthz") == 200
        assert again.port == int(port), "the old web server must have left the port"
    finally:
        again.end()
    assert again.processes() == []


def test_a_taken_port_is_replaced_and_named(var: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = Run(var, PORT=str(port), DEMO="false", WEB_SERVER="uvicorn")
        try:
            run.wait_for_page()
            assert run.port != port
            assert f"Port {port} is taken: using {run.port}." in run.output
            assert run.get("/healthz") == 200, "on uvicorn as well"
        finally:
            run.end()


def test_a_second_start_beside_a_running_one_is_refused_and_harms_nothing(var: Path) -> None:
    run = Run(var, PORT=str(free_port()), DEMO="false")
    try:
        run.wait_for_page()
        (var / "second").mkdir()
        second = subprocess.run(
            [sys.executable, "-m", "salespilot.quickstart"],
            cwd=services.ROOT,
            env={**{k: v for k, v in os.environ.items() if k not in GIVEN}, "SALESPILOT_VAR": str(var)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert second.returncode == 1
        assert f"in use by process {run.process.pid}" in second.stdout
        assert "Traceback" not in second.stdout + second.stderr
        assert run.get("/healthz") == 200
    finally:
        run.end()


def test_an_odd_setting_stops_it_with_a_sentence(var: Path) -> None:
    run = Run(var, PORT="eighty")

    assert run.process.wait(60) == 1
    assert "PORT is 'eighty': write a whole number." in run.output
    assert "Traceback" not in run.output


def test_a_stop_while_starting_leaves_nobody(var: Path) -> None:
    run = Run(var, PORT=str(free_port()), DEMO="false")
    assert wait_until(lambda: "up to date" in run.output, seconds=60)

    run.end()

    assert "Traceback" not in run.output
    assert run.processes() == []
