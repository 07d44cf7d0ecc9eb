"""docs/settings.md names every setting that is read, and no other; so do the strict readers in the code."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

from django.conf import settings

from salespilot import env

ROOT = Path(__file__).resolve().parent.parent
READERS = {"text", "boolean", "integer", "choice", "host", "sockets", "networks", "url", "from_url", "login_role"}
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]+)` \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)


def documented() -> dict[str, tuple[str, ...]]:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    return {row[0]: row[1:] for row in ROW.findall(text)}


@functools.cache
def read_in_code() -> frozenset[str]:
    """Every literal name that is given to a reader anywhere in the product."""
    return frozenset(
        name
        for folder in ("salespilot", "calls", "coaching", "billing", "tenants")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _is_reader(node.func) and node.args
        for name in _literals(node.args[0])
    )


def _is_reader(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr in READERS
        and isinstance(function.value, ast.Name)
        and function.value.id in {"env", "databases"}
    )


def _literals(argument: ast.expr) -> set[str]:
    if isinstance(argument, ast.IfExp):
        return _literals(argument.body) | _literals(argument.orelse)
    return {argument.value} if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else set()


def test_every_setting_that_is_read_is_documented() -> None:
    assert sorted(read_in_code() - set(documented())) == []


def test_every_documented_setting_is_read() -> None:
    assert sorted(set(documented()) - read_in_code()) == []


def test_what_was_really_read_is_what_the_code_names() -> None:
    assert settings.configured
    assert sorted(env.READ - read_in_code() - _names_of_tests()) == []


def test_every_row_says_default_meaning_and_example() -> None:
    for name, cells in documented().items():
        assert all(cell.strip() for cell in cells), name


def test_nothing_in_the_product_reads_the_environment_past_the_readers() -> None:
    """Apart from the readers themselves, processes we start, and what Django and servers ask for by name."""
    allowed = {"DJANGO_SETTINGS_MODULE", "SALESPILOT_AS_OWNER", "PORT"}
    found = {
        (str(file.relative_to(ROOT)), name)
        for folder in ("salespilot", "calls", "coaching", "billing", "tenants")
        for file in (ROOT / folder).rglob("*.py")
        if file.name != "env.py"
        for name in re.findall(r"os\.(?:environ(?:\.get)?|getenv)[\[(]\"([A-Z_]+)\"", file.read_text(encoding="utf-8"))
        if name not in allowed
    }
    assert found == set()


def _names_of_tests() -> set[str]:
    return {name for name in env.READ if name.startswith("A_TEST_")}
