"""Code whose migrations are not those of this checkout: made in a folder, used by a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

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


def manage(*arguments: str, house: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=services.ROOT,
        env=environment(house),
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
