"""The processes of an installation that may be killed, stopped, and started again at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from salespilot.quickstart.processes import LOOPBACK
from tests import services

START_S = 90.0
STOP_S = 25.0


class Process:
    """One of them. `port` of a web process, 0 of the others; `ready` is what the others print once they work."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        *,
        port: int,
        ready: str = "",
    ) -> None:
        self.name = name
        self.port = port
        self._command = list(command)
        self._environment = dict(environment)
        self._log = log
        self._ready = ready
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._popen = subprocess.Popen(
                self._command, cwd=services.ROOT, env=self._environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    async def wait_until_ready(self) -> None:
        """Raises `AssertionError` with its last words."""
        async with asyncio.timeout(START_S):
            while self.is_running and not await self._is_ready():  # noqa: ASYNC110 - nor has its start
                await asyncio.sleep(0.1)
        assert self.is_running, f"{self.name} did not start:\n{self.output()[-4000:]}"

    async def _is_ready(self) -> bool:
        if not self.port:
            return not self._ready or self._ready in self.output()
        with contextlib.suppress(httpx.HTTPError):
            async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
                answer = await client.get(f"http://{LOOPBACK}:{self.port}/healthz", headers={"Host": "localhost"})
                return answer.status_code < 500
        return False

    def signal(self, number: int) -> None:
        """To the process and its children: a worker's hands are processes of their own."""
        if self._popen is not None and self.is_running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._popen.pid, number)

    async def kill(self) -> None:
        """kill -9, as a crash."""
        self.signal(signal.SIGKILL)
        await self.wait()

    async def stop(self) -> None:
        """As a deploy does: TERM, and KILL for what does not leave in time."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await self.wait()
        except TimeoutError:
            await self.kill()

    async def wait(self) -> None:
        while self.is_running:  # noqa: ASYNC110 - a process has no event
            await asyncio.sleep(0.05)

    def output(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""
