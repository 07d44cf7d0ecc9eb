"""docs/faults-mechanisms.md: what keeps a call whole, and what fails without it. Written from the record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from tests.faults.mutants.mutant import Mutant
from tests.faults.mutants.tree import ROOT
from tests.faults.mutants.verdicts import Verdict

PAGE = ROOT / "docs" / "faults-mechanisms.md"
NEVER = "Last full run: none yet."
LAST_RUN = re.compile(r"^Last full run: .*$", re.MULTILINE)

HEAD = """\
# What keeps a call whole

Each of these mechanisms is there because something goes wrong without it, and each has a test that says so. The
record is `tests/faults/mutants`: for each mechanism the smallest change that takes it away, the tests that must fail
then, and words of that failure. `make mutants` first sees all of these tests pass, then takes out one mechanism after
another in a copy of the tree, and ends with an error when a test does not notice. `make check` holds the record to the
code: a text or a test that it names can not go away unseen. That command writes this page; change the record, not the
page, and write it anew with `python -m tests.faults.mutants.page`.

{result}

| Mechanism | What it prevents | Where it was taken out | Test that fails without it |
|---|---|---|---|
"""


def written(mutants: Sequence[Mutant], result_line: str) -> str:
    return HEAD.format(result=result_line) + "".join(map(_row, mutants))


def write(mutants: Sequence[Mutant], result_line: str) -> None:
    PAGE.write_text(written(mutants, result_line), encoding="utf-8")


def last_run() -> str:
    found = LAST_RUN.search(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else None
    return found.group() if found else NEVER


def result(verdicts: Sequence[Verdict], day: date) -> str:
    left = [verdict.mutant.name for verdict in verdicts if not verdict.is_killed]
    said = (
        f"all {len(verdicts)} killed" if not left else f"{len(left)} of {len(verdicts)} not killed: {', '.join(left)}"
    )
    return f"Last full run: {day.isoformat()}, {said}."


def _row(mutant: Mutant) -> str:
    tests = "<br>".join(f"`{test.removeprefix('tests/')}`".replace("|", "\\|") for test in mutant.tests)
    return f"| {mutant.mechanism} | {mutant.prevents} | `{mutant.file}` | {tests} |\n"


if __name__ == "__main__":
    from tests.faults.mutants.every import MUTANTS

    write(MUTANTS, last_run())
