"""The record of mechanisms holds: every text is in the code, every test it names is there, the page says the same."""

from __future__ import annotations

import ast
import functools
from datetime import date
from pathlib import Path

import pytest

from tests.faults.mutants import page, running, tree, verdicts
from tests.faults.mutants.every import MUTANTS
from tests.faults.mutants.mutant import Mutant, is_script
from tests.faults.mutants.running import Outcome
from tests.faults.mutants.tree import ROOT
from tests.faults.mutants.verdicts import Verdict, judge


@functools.cache
def text_of(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


@functools.cache
def named_in(file: str) -> frozenset[str]:
    """Test functions of a module, by its text alone; the functions of classes are not called for by name."""
    functions = (
        node for node in ast.parse(text_of(file)).body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_record_fits_the_code(mutant: Mutant) -> None:
    changed = mutant.apply(text_of(mutant.file))
    assert changed != text_of(mutant.file)
    if mutant.file.endswith(".py"):
        ast.parse(changed)
    assert mutant.tests
    assert mutant.because
    for test in mutant.tests:
        file, name = test.split("::", 1)
        known = f'test("{name}", ' in text_of(file) if is_script(test) else name in named_in(file)
        assert known, f"{mutant.name} names a test that is not there: {test}"


def test_names_are_given_once() -> None:
    names = [mutant.name for mutant in MUTANTS]
    assert len(names) == len(set(names))


def test_the_page_says_what_the_record_says() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.written(MUTANTS, page.last_run()), (
        "write it anew: python -m tests.faults.mutants.page"
    )


ACK = Mutant(
    name="one", mechanism="One", prevents="nothing", file="code.py", old="1", new="2",
    tests=("tests/test_one.py::test_one",), because="assert 2 == 1",
)  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "trouble"),
    [
        (Outcome(has_passed=False, text="assert 2 == 1"), ""),
        (Outcome(has_passed=True, text=""), "SURVIVED tests/test_one.py::test_one"),
        (Outcome(has_passed=False, text="ImportError"), "failed for another reason"),
        (None, "was not run"),
    ],
)
def test_only_the_expected_failure_kills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcome: Outcome | None, trouble: str
) -> None:
    code = tmp_path / "code.py"
    code.write_text("x = 1")
    seen: list[str] = []

    def run(tests: tuple[str, ...], where: Path, *, test_within_s: int) -> dict[str, Outcome]:
        seen.append((where / "code.py").read_text())
        return {} if outcome is None else dict.fromkeys(tests, outcome)

    monkeypatch.setattr(running, "run", run)
    found = judge(ACK, tmp_path)
    assert seen == ["x = 2"]
    assert code.read_text() == "x = 1"
    assert found.is_killed is (not trouble)
    assert trouble in found.trouble


def test_a_text_that_is_gone_or_stands_twice_is_told(tmp_path: Path) -> None:
    for text, times in (("x = 3", 0), ("x = 11", 2)):
        (tmp_path / "code.py").write_text(text)
        assert judge(ACK, tmp_path).trouble == f"one: its text stands {times} times in code.py."


def test_what_fails_without_any_change_proves_nothing() -> None:
    [test] = ACK.tests
    assert verdicts.judge_whole(ACK, {test: Outcome(has_passed=True, text="")}) is None
    for outcomes in ({}, {test: Outcome(has_passed=False, text="assert 2 == 1")}):
        verdict = verdicts.judge_whole(ACK, outcomes)
        assert verdict is not None
        assert not verdict.is_killed


def test_reports_of_pytest_and_node_are_read(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="tests.test_one" name="test_one[a]"/>'
        '<testcase classname="tests.test_one" name="test_one[b]">'
        '<failure message="assert 2 == 1">def test_one():\n>   assert x == 1\nE   assert 2 == 1</failure></testcase>'
        '<testcase classname="tests.test_one" name="test_two"><error message="no database"/></testcase>'
        '<testcase name="a title" classname="test"/></testsuite></testsuites>'
    )
    found = running.read_pytest(report)
    assert found["tests/test_one.py::test_one"] == Outcome(has_passed=False, text="assert 2 == 1\nassert 2 == 1")
    assert found["tests/test_one.py::test_two"].text == "ERROR no database"
    assert running.read_node(report, "x.test.js::a title") == {"x.test.js::a title": Outcome(has_passed=True, text="")}
    assert running.read_node(tmp_path / "none.xml", "x.test.js::a title") == {}


def test_the_result_names_what_was_not_killed() -> None:
    killed, left = Verdict(ACK, ""), Verdict(ACK, "SURVIVED")
    assert page.result([killed], date(2026, 1, 2)) == "Last full run: 2026-01-02, all 1 killed."
    assert page.result([killed, left], date(2026, 1, 2)) == "Last full run: 2026-01-02, 1 of 2 not killed: one."


def test_compiled_code_of_a_mutant_does_not_stay(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    stale = tmp_path / "__pycache__" / "code.cpython-311.pyc"
    (tmp_path / "code.py").write_text("x = 1")
    for _ in range(2):
        stale.write_bytes(b"")
        with tree.without(ACK, tmp_path):
            assert not stale.exists()
            stale.write_bytes(b"")
        assert not stale.exists()
