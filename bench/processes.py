"""The helper processes of a measurement: vendors, baseline, load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from salespilot.quickstart.processes import LOOPBACK, free_port

ROOT = Path(__file__).resolve().parent.parent
MODEL_CONTROL = "/control"


class Helper:
    """One Python process of this package that prints `ready`; ended with the block."""

    def __init__(self, module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"bench.{module}", *arguments],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.wait_for_ready()

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_for_ready(self) -> None:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            if line.strip() == "ready":
                return
        raise RuntimeError("a helper process did not start")

    def tell(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()

    def result(self) -> dict[str, Any]:
        """The last line it prints, as JSON."""
        assert self._process.stdout is not None
        content: dict[str, Any] = json.loads(self._process.stdout.read().strip().splitlines()[-1])
        return content

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Baseline:
    """The bare relay under the same web server as the product."""

    def __init__(self, speech_url: str) -> None:
        self.port = free_port()
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "daphne", "--bind", LOOPBACK, "--port", str(self.port), "--verbosity", "0",
                "--access-log", "/dev/null", "bench.relay:application",
            ],
            cwd=ROOT,
            env={**os.environ, "BENCH_SPEECH_URL": speech_url},
        )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)
