"""Takes each mechanism away in turn and expects its tests to fail. `python -m tests.faults.mutants [name…]`"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from tests.faults.mutants import page, running
from tests.faults.mutants.every import MUTANTS
from tests.faults.mutants.mutant import Mutant
from tests.faults.mutants.running import Outcome
from tests.faults.mutants.tree import copy_tree
from tests.faults.mutants.verdicts import Verdict, judge, judge_whole

AT_ONCE = 2

Trees = SimpleQueue[Path]
T = TypeVar("T")
R = TypeVar("R")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="of the mutants to try; all when left out")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="so many copies of the tree work at a time")
    parser.add_argument("--why", action="store_true", help="also print in which words each test failed")
    asked = parser.parse_args()
    known = {mutant.name: mutant for mutant in MUTANTS}
    unknown = set(asked.names) - known.keys()
    if unknown:
        parser.error(f"no such mutant: {', '.join(sorted(unknown))}")
    chosen = [known[name] for name in asked.names] or list(MUTANTS)
    began = time.monotonic()
    verdicts = []
    for verdict in _try_all(chosen, max(1, asked.at_once)):
        verdicts.append(verdict)
        _tell(verdict, with_failures=asked.why)
    bad = [verdict for verdict in verdicts if not verdict.is_killed]
    _say(f"{len(verdicts) - len(bad)} of {len(verdicts)} killed in {(time.monotonic() - began) / 60:.0f} min")
    if not asked.names:
        page.write(MUTANTS, page.result(verdicts, datetime.now(UTC).date()))
    return 1 if bad else 0


def _try_all(mutants: Sequence[Mutant], at_once: int) -> Iterator[Verdict]:
    """Whichever is ready first."""
    with _trees(min(at_once, len(mutants))) as trees, ThreadPoolExecutor(at_once) as threads:
        outcomes = _whole(mutants, trees, threads)
        sound = []
        for mutant in mutants:
            bad = judge_whole(mutant, outcomes)
            if bad is None:
                sound.append(mutant)
            else:
                yield bad
        yield from _as_ready(threads, trees, judge, sound)


def _whole(mutants: Sequence[Mutant], trees: Trees, threads: ThreadPoolExecutor) -> dict[str, Outcome]:
    """All tests that are named, with nothing missing; those of one file in one run."""
    by_file = defaultdict[str, list[str]](list)
    for test in dict.fromkeys(test for mutant in mutants for test in mutant.tests):
        by_file[test.partition("::")[0]].append(test)
    count = trees.qsize()
    shares = [
        share for first in range(count) if (share := [*chain.from_iterable(list(by_file.values())[first::count])])
    ]
    outcomes: dict[str, Outcome] = {}
    for found in _as_ready(threads, trees, running.run, shares):
        outcomes |= found
    return outcomes


def _as_ready(
    threads: ThreadPoolExecutor, trees: Trees, work: Callable[[T, Path], R], asked: Sequence[T]
) -> Iterator[R]:
    """`work` for each, in a tree that nobody else uses meanwhile."""

    def in_a_tree(one: T) -> R:
        tree = trees.get()
        try:
            return work(one, tree)
        finally:
            trees.put(tree)

    for done in as_completed([threads.submit(in_a_tree, one) for one in asked]):
        yield done.result()


@contextmanager
def _trees(count: int) -> Iterator[Trees]:
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        trees: Trees = SimpleQueue()
        for number in range(count):
            trees.put(copy_tree(Path(folder) / str(number)))
        yield trees


def _tell(verdict: Verdict, *, with_failures: bool) -> None:
    _say(f"{'killed' if verdict.is_killed else 'NOT OK':7} {verdict.mutant.name:24} {verdict.trouble}".rstrip())
    if with_failures:
        _say(f"        {verdict.failures}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
