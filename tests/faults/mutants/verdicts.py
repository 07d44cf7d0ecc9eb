"""What taking a mechanism away has shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.faults.mutants import running
from tests.faults.mutants.mutant import Mutant
from tests.faults.mutants.tree import without

SHOWN_CHARS = 300


@dataclass(frozen=True, slots=True)
class Verdict:
    """`trouble` says why the mutant does not count as killed; empty when it was. `failures` is what its tests said."""

    mutant: Mutant
    trouble: str
    failures: str = ""

    @property
    def is_killed(self) -> bool:
        return not self.trouble


def judge(mutant: Mutant, tree: Path) -> Verdict:
    """Takes it away, runs its tests, puts it back."""
    try:
        with without(mutant, tree):
            outcomes = running.run(mutant.tests, tree, test_within_s=mutant.within_s)
    except ValueError as error:
        return Verdict(mutant, str(error))
    troubles = [_trouble(mutant, test, outcomes.get(test)) for test in mutant.tests]
    failures = [_short(outcome.text) for outcome in outcomes.values()]
    return Verdict(mutant, "; ".join(filter(None, troubles)), " | ".join(filter(None, failures)))


def judge_whole(mutant: Mutant, outcomes: dict[str, running.Outcome]) -> Verdict | None:
    """None when its tests pass as long as nothing is missing."""
    bad = [test for test in mutant.tests if test not in outcomes or not outcomes[test].has_passed]
    return Verdict(mutant, f"fails without any change: {', '.join(bad)}") if bad else None


def _trouble(mutant: Mutant, test: str, outcome: running.Outcome | None) -> str:
    if outcome is None:
        return f"was not run: {test}"
    if outcome.has_passed:
        return f"SURVIVED {test}"
    if mutant.because not in outcome.text:
        return f"failed for another reason than {mutant.because!r}: {test}: {_short(outcome.text)}"
    return ""


def _short(text: str) -> str:
    return " ".join(text.split())[:SHOWN_CHARS]
