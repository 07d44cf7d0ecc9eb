"""The emulated vendors of the tests as processes: Deepgram says what the recording says, the model follows prompts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from salespilot.quickstart.processes import free_port, is_port_free, wait_until
from tests import services

FIRST_TOKEN_MS = 600


class Vendors:
    """A context manager; `environment` are the settings that lead there. `directory`: for the script."""

    def __init__(self, directory: Path, turns: list[dict[str, Any]]) -> None:
        self._script = directory / "script.json"
        self._script.write_text(json.dumps({"turns": turns}), encoding="utf-8")
        self._speech, self._model = free_port(), free_port()
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DEEPGRAM_BASE_URL": f"http://127.0.0.1:{self._speech}",
            "DEEPGRAM_API_KEY": "endurance",
            "SPEECH_PROVIDER": "deepgram",
            "OPENAI_BASE_URL": f"http://127.0.0.1:{self._model}/v1",
            "OPENAI_API_KEY": "endurance",
        }

    def __enter__(self) -> Self:
        self._start("tests.vendors.deepgram", "--port", str(self._speech), "--script", str(self._script))
        self._start("tests.vendors.openai", "--port", str(self._model), "--first-token-ms", str(FIRST_TOKEN_MS))
        try:
            for port in (self._speech, self._model):
                wait_until(lambda port=port: not is_port_free(port), seconds=30)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _start(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", module, *arguments]
        self._processes.append(subprocess.Popen(command, cwd=services.ROOT, stdout=subprocess.DEVNULL))

    def _stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(20)
