"""Web, worker and beat do not start on a database that would mix businesses."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from salespilot.quickstart import commands
from salespilot.quickstart.processes import LOOPBACK, free_port
from tests import services

pytestmark = [pytest.mark.sockets, pytest.mark.usefixtures("committed_db")]

NAMES = ["daphne", "uvicorn", "worker", "beat"]


def command(name: str, folder: Path) -> list[str]:
    return {
        "daphne": commands.web("daphne", host=LOOPBACK, port=free_port()),
        "uvicorn": commands.web("uvicorn", host=LOOPBACK, port=free_port()),
        "worker": commands.worker(concurrency=1),
        "beat": commands.beat(schedule_file=str(folder / "beat")),
    }[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_superuser_as_the_application_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        command(name, tmp_path),
        cwd=services.ROOT,
        env={**os.environ, "DATABASE_URL": os.environ[services.ADMIN_URL]},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    lines = [line for line in (done.stdout + done.stderr).splitlines() if "tenants.E010" in line]
    assert done.returncode == 78, done.stdout + done.stderr
    assert len(lines) == 1
    assert "salespilot.quickstart.prepare" in lines[0]
