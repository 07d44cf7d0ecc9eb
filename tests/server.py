"""A real web server, and on request a real worker, as processes of their own against this run's database."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from salespilot.quickstart import commands
from salespilot.quickstart.processes import LOOPBACK, free_port, wait_until
from tests import services

START_SECONDS = 60.0
STOP_SECONDS = 20.0


class Server:
    """A context manager: `with Server(OPENAI_BASE_URL=...) as server: server.base_url("acme.localhost")`.

    `environment` overrides settings of both processes. `with_worker` adds a Celery worker, `with_beat` the
    schedule. What they print is in `output()`, and part of the error when they do not start.
    """

    def __init__(
        self,
        *,
        web_server: commands.WebServer = "daphne",
        with_worker: bool = False,
        with_beat: bool = False,
        environment: Mapping[str, str] | None = None,
        **settings: str,
    ) -> None:
        self.port = free_port()
        self._web_server = web_server
        self._with_worker = with_worker
        self._with_beat = with_beat
        self.environment = {
            **commands.ALLOCATOR,
            **os.environ,
            **services.environment(services.worker()),
            "PYTHONUNBUFFERED": "1",
            **(environment or {}),
            **settings,
        }
        self._directory = Path(os.environ[services.RUN_DIR]) / services.worker() / f"server-{self.port}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def base_url(self, host: str = "acme.localhost") -> str:
        """`http://<host>:<port>`; *.localhost leads to this machine in browsers, `address` does everywhere."""
        return f"http://{host}:{self.port}"

    def socket_url(self, path: str, host: str = "acme.localhost") -> str:
        return f"ws://{host}:{self.port}{path}"

    @property
    def address(self) -> tuple[str, int]:
        """Where to connect when the name in the URL does not resolve here."""
        return LOOPBACK, self.port

    def start(self) -> None:
        """Returns when the web server answers and the worker is connected. AssertionError has what they printed."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self.start_process("web", commands.web(self._web_server, host=LOOPBACK, port=self.port))
        if self._with_worker:
            self.start_process("worker", commands.worker(concurrency=1))
        if self._with_beat:
            self.start_process("beat", commands.beat(schedule_file=str(self._directory / "beat")))
        try:
            self._wait_for("web", self._is_answering)
            if self._with_worker:
                self._wait_for("worker", lambda: " ready." in self.output("worker"))
        except BaseException:
            self.stop()
            raise

    def start_process(self, name: str, command: list[str]) -> None:
        with self._log(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command, cwd=services.ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def stop(self) -> None:
        """Asks each process to end and kills what does not within 20 s."""
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()

    def kill(self, name: str = "web") -> None:
        """kill -9, as a crash."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def pid(self, name: str = "web") -> int:
        return self._processes[name].pid

    def output(self, name: str = "web") -> str:
        log = self._log(name)
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _log(self, name: str) -> Path:
        return self._directory / f"{name}.log"

    def _wait_for(self, name: str, condition: Callable[[], bool]) -> None:
        process = self._processes[name]
        wait_until(lambda: condition() or process.poll() is not None, seconds=START_SECONDS, every=0.05)
        assert condition(), f"{name} did not start:\n{self.output(name)[-4000:]}"

    def _is_answering(self) -> bool:
        # /healthz tells about services too; for a start it is enough that something well-formed comes back.
        request = urllib.request.Request(f"http://{LOOPBACK}:{self.port}/healthz", headers={"Host": "localhost"})
        with contextlib.suppress(OSError):
            try:
                with urllib.request.urlopen(request, timeout=5):
                    return True
            except urllib.error.HTTPError as answer:
                return answer.code < 500
        return False
