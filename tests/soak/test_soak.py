"""A short soak sees nothing foreign; with a wall taken away it sees it at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import services

pytestmark = [pytest.mark.sockets, pytest.mark.timeout(300)]

WORK_S = 20


def soak(results: Path, *, leak: str = "", seconds: int = WORK_S) -> tuple[int, dict[str, Any]]:
    """Runs it in a process and with services of its own; its exit status and figures."""
    own = {"SALESPILOT_TEST_ADMIN_URL", "SALESPILOT_TEST_VALKEY_URL", "SALESPILOT_TEST_DIR", "PYTEST_XDIST_WORKER"}
    environment = {name: value for name, value in os.environ.items() if name not in own}
    command = [sys.executable, "-m", "bench.soak", "--minutes", str(seconds / 60), "--results", str(results)]
    if leak:
        command += ["--settings", "tests.soak.leaky", "--until-found"]
        environment["LEAK"] = leak
    ran = subprocess.run(
        command, cwd=services.ROOT, env=environment, capture_output=True, text=True, check=False, timeout=280
    )
    kept = list(results.glob("soak-*.json"))
    assert len(kept) == 1, ran.stdout[-4_000:] + ran.stderr[-4_000:]
    point: dict[str, Any] = json.loads(kept[0].read_text())["point"]
    return ran.returncode, point


def test_two_businesses_at_work_see_nothing_of_each_other(tmp_path: Path) -> None:
    status, point = soak(tmp_path)
    assert point["foreign"] == {"received": 0, "at_vendors": 0, "left": 0}, point["examples"]
    assert point["troubles"] == {}, point["errors"]
    assert status == 0
    assert min(point["own_sightings"]) > 100
    assert min(point["left"]["rows_with_own_canary"]) > 50


@pytest.mark.parametrize("leak", ["current business", "cache keys"])
def test_a_leak_is_found(tmp_path: Path, leak: str) -> None:
    status, point = soak(tmp_path, leak=leak, seconds=60)
    assert sum(point["foreign"].values()) > 0
    assert point["examples"]
    assert status == 1
