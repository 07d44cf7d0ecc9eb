"""Lines have one way in. A second one that goes around redaction is found here, before anything is said on it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUARDED = {"events.line", "events.interim", "self._coach.hear", "coach.hear", "session._coach.hear", "CleanLine"}
"""Who calls these has a line to show, to keep, to coach by, or says that one is clean."""

ALLOWED = {
    ("calls/live/listening.py", "heard"),
    ("calls/live/listening.py", "_tell_coach"),
    ("calls/live/listening.py", "_recovered"),
    ("calls/repair.py", "_close"),
    # Dialogues that are written in the program.
    ("calls/demo/rehearsal.py", "_take"),
}
"""Where that may stand. `calls/redaction` makes clean lines; the coach is fed with stored lines in `coaching`."""


def name_of(node: ast.expr) -> str:
    return f"{name_of(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def guarded_calls(source: str, file: str) -> set[tuple[str, str]]:
    """`(file, function)` of every guarded call, and of every use of one as a value."""
    found = set()
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            called = (node for node in ast.walk(function) if isinstance(node, ast.Call))
            if any(name_of(each) in GUARDED for node in called for each in (node.func, *node.args)):
                found.add((file, function.name))
    return found


def of_the_house() -> set[tuple[str, str]]:
    found = set()
    for folder in ("calls", "salespilot", "billing", "tenants"):
        for path in (ROOT / folder).rglob("*.py"):
            file = path.relative_to(ROOT).as_posix()
            if not file.startswith(("calls/redaction/", "calls/events.py")):
                found |= guarded_calls(path.read_text(encoding="utf-8"), file)
    return found


def test_lines_are_shown_kept_and_coached_by_in_these_places_only() -> None:
    assert of_the_house() == ALLOWED


@pytest.mark.parametrize(
    "way_around",
    [
        "def take(self, line):\n    self._append(Kind.LINE, events.line(line))",
        "async def take(self, line):\n    self._fleeting(events.interim(CleanLine(line)))",
        "def take(self, lines):\n    self._coach.hear(lines[0])",
        "def take(lines):\n    return map(events.line, lines)",
    ],
)
def test_a_way_around_is_found(way_around: str) -> None:
    assert guarded_calls(way_around, "calls/live/new.py") == {("calls/live/new.py", "take")}


def test_in_listening_only_clean_lines_go_on() -> None:
    """What is handed on there is the name `clean`, or comes straight out of redaction."""
    source = (ROOT / "calls/live/listening.py").read_text(encoding="utf-8")
    handed = [
        ast.unparse(node.args[0])
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and name_of(node.func) in GUARDED
    ]
    assert len(handed) == 5
    assert all(each == "clean" or each.startswith("_clean(self._redactor, ") for each in handed)
