"""What keeps a process's memory flat reaches every process, here and where it runs for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from salespilot.quickstart.commands import ALLOCATOR
from tests import services

UNITS = sorted((services.ROOT / "deploy" / "systemd").glob("*.service"))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_each_unit_has_the_same_allocator_as_the_quickstart(unit: Path) -> None:
    lines = [line for line in unit.read_text().splitlines() if line.startswith("Environment=")]
    settings = dict(line.removeprefix("Environment=").split("=", 1) for line in lines)
    assert {name: settings.get(name) for name in ALLOCATOR} == ALLOCATOR


def test_there_are_units() -> None:
    assert len(UNITS) >= 4
