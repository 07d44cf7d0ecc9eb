"""Code whose migrations are not those of this checkout: made in a folder, used by a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import services

HOUSE = services.ROOT / "tenants" / "house" / "migrations"
HEAD = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [{dependency}]
    operations = [{operations}]
"""
ADD_MOTTO = "migrations.AddField('branding', 'motto', models.TextField(null=True))"


def changed_house(folder: Path) -> Path:
    """A copy of the migrations of `house`, to be changed by the test. `folder` has to be `on_path` of `python`."""
    copy = folder / "house_after_upgrade"
    shutil.copytree(HOUSE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def add_migration(house: Path, operations: str, *, name: str = "9001_later") -> None:
    """One more migration after the newest in `house`."""
    newest = max(file.stem for file in house.glob("0*.py"))
    text = HEAD.format(dependency=f"('house', '{newest}')", operations=operations)
    (house / f"{name}.py").write_text(text, encoding="utf-8")


def environment(house: Path | None) -> dict[str, str]:
    """For a process that works as the owner, with `house` as the migrations of that app."""
    variables = {**os.environ, "SALESPILOT_AS_OWNER": "true"}
    if house is None:
        return variables
    return {
        **variables,
        "DJANGO_SETTINGS_MODULE": "tests.tenants.other_migrations",
        "TEST_HOUSE_MIGRATIONS": house.name,
        "PYTHONPATH": os.pathsep.join([str(house.parent), str(services.ROOT)]),
    }


def manage(*arguments: str, house: Path | None = None, timeout_s: float = 110) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=services.ROOT,
        env=environment(house),
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )


@dataclass(frozen=True)
class Ran:
    """One command of `manage.py`: its exit status and what it said."""

    status: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The last line, which `--json` makes."""
        content: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return content


class OwnerProcess:
    """A process that runs commands as the owner, one after the other: a fresh one takes seconds to load the code.

    With `is_upgraded` a command finds the migrations of `house`, else those of this checkout.
    """

    def __init__(self, house: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.tenants.owner_process"],
            cwd=services.ROOT,
            env=environment(house),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str, is_upgraded: bool = False) -> Ran:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"command": command, "is_upgraded": is_upgraded}) + "\n")
        self._process.stdin.flush()
        return Ran(**json.loads(self._process.stdout.readline()))

    def stop(self) -> None:
        self._process.communicate(timeout=30)
