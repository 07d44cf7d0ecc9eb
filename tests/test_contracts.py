"""The import contracts hold, and a violation of each is really caught."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("salespilot", "calls", "coaching", "billing", "tenants")
LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> tuple[int, str]:
    done = subprocess.run(LINT, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("tenants/context.py", "import calls.events", "Imports go down only BROKEN"),
        ("coaching/types.py", "import billing.models", "Imports go down only BROKEN"),
        ("billing/models.py", "import coaching.types", "Imports go down only BROKEN"),
        ("calls/events.py", "import salespilot.env", "Imports go down only BROKEN"),
        ("calls/events.py", "from django.db import models", "Pure modules know no database BROKEN"),
        ("coaching/types.py", "import coaching.models", "Pure modules know no database BROKEN"),
    ],
)
def test_a_forbidden_import_is_caught(copy: Path, file: str, line: str, contract: str) -> None:
    module = copy / file
    module.write_text(f"{module.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")

    code, output = lint(copy)

    assert code != 0
    assert contract in output


@pytest.mark.parametrize("file", ["calls/speech/choice.py", "coaching/llm/choice.py"])
def test_the_exceptions_read_settings_and_nothing_else_of_django(file: str) -> None:
    path = ROOT / file
    if not path.exists():
        pytest.skip("this exception is not made use of")
    imported = re.findall(r"^\s*(?:from|import) (django[.\w]*)", path.read_text(encoding="utf-8"), re.MULTILINE)

    assert set(imported) <= {"django.conf", "django.core.exceptions"}


def test_the_house_keeps_its_contracts() -> None:
    code, output = lint(ROOT)

    assert code == 0, output
