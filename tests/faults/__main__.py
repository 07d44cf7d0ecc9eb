"""`python -m tests.faults [--only WORDS]`: breaks one thing after the other, prints a table, keeps it in bench/results.

Exit status 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from bench.machine import about
from tests import services
from tests.faults.faults import all_faults, possible
from tests.faults.house import House
from tests.faults.scene import Fault, Result, play
from tests.faults.table import show

BESIDE_EACH_OTHER = 6
RESULTS = services.ROOT / "bench" / "results"


async def run(faults: Sequence[Fault], *, houses: int) -> list[Result]:
    """All of them, in so many houses beside each other; results in the order of `faults`."""
    waiting = deque(batches(faults))
    results: list[Result] = []
    await asyncio.gather(*(break_house(waiting, results) for _ in range(min(houses, len(waiting)))))
    order = {fault.name: place for place, fault in enumerate(faults)}
    return sorted(results, key=lambda result: order[result.fault])


async def break_house(waiting: deque[list[Fault]], results: list[Result]) -> None:
    async with House() as house:
        can = {fault.name for fault in possible(house)}
        while waiting:
            batch = waiting.popleft()
            for fault in batch:
                if fault.name not in can:
                    sys.stdout.write(f"left out, for this machine can not do it: {fault.name}\n")
            for found in await asyncio.gather(*(safely(house, fault) for fault in batch if fault.name in can)):
                results += found
                for result in found:
                    say(result)


async def safely(house: House, fault: Fault) -> list[Result]:
    """A fault that the rig itself does not survive is a broken promise, not the end of the table."""
    try:
        return await play(house, fault)
    except Exception as error:
        logging.getLogger(__name__).exception("%s", fault.name)
        return [Result.failed(fault, f"{type(error).__name__}: {error}")]


def batches(faults: Iterable[Fault]) -> Iterator[list[Fault]]:
    """Faults of one call beside each other, those that last alike together; shared ones each alone."""
    apart = [fault for fault in faults if fault.is_shared]
    single = sorted((fault for fault in faults if not fault.is_shared), key=lambda fault: fault.lasts_s)
    for _, group in groupby(enumerate(single), key=lambda pair: pair[0] // BESIDE_EACH_OTHER):
        yield [fault for _, fault in group]
    for fault in apart:
        yield [fault]


def say(result: Result) -> None:
    sys.stdout.write(f"{'kept  ' if result.is_kept else 'BROKEN'} {result.fault}: {'; '.join(result.breaches)}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description="Break the installation, one fault after the other.")
    parser.add_argument("--only", default="", help="faults whose name holds these words")
    parser.add_argument("--houses", type=int, default=2, help="installations beside each other")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    faults = [fault for fault in all_faults() if options.only.lower() in fault.name.lower()]
    machine = {**about(), "houses": options.houses}
    results = asyncio.run(run(faults, houses=options.houses))
    show(results)
    options.results.mkdir(parents=True, exist_ok=True)
    kept = options.results / f"faults-{time.strftime('%Y-%m-%d-%H%M', time.gmtime())}.json"
    kept.write_text(json.dumps({"about": machine, "results": [asdict(result) for result in results]}, indent=1) + "\n")
    broken = sum(not result.is_kept for result in results)
    sys.stdout.write(f"{len(results)} faults, {broken} promises broken; kept in {kept}\n")
    return 1 if broken or not results else 0


if __name__ == "__main__":
    sys.exit(main())
