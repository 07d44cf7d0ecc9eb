"""`python -m bench.endurance [--minutes 30] [--calls 20]`: calls come and go for long; what grows, and what stays open?

Real services, web server, worker and schedule against emulated vendors. A warm-up of all kinds of work, a quiet time,
the measured time, a quiet time: both quiet times are compared, and the measured one has a slope for each figure.
Keeps everything in bench/results/; the last line is the verdict, and the exit status says the same.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import machine
from bench.endurance import audio, house, report, verdict
from bench.endurance.samples import TOKEN, Observer
from bench.endurance.vendors import Vendors
from bench.endurance.verdict import Sample
from bench.house import BUSINESS
from bench.processes import Helper
from tests import services
from tests.server import Server

RESULTS = Path(__file__).resolve().parents[1] / "results"
WARM_UP_S = 720.0
"""So long a heap takes to find its shape: pools fill, and holes of each size come to be."""
# The first calls begin together; their lengths differ, and after so long their ages do too.
SPREAD_S = 120.0
EVERY_S = 10.0
AT_REST = 3
SILENT_AFTER_S = 20


class Run:
    """One run, from the warm-up to the last quiet time."""

    def __init__(self, observer: Observer, load: Helper, options: argparse.Namespace) -> None:
        self._observer = observer
        self._load = load
        self._options = options
        self.load_averages: list[float] = []
        self.quiet: list[list[Sample]] = []
        self.objects: list[dict[str, Any]] = []
        self.working: list[Sample] = []
        self.worked_s = 0.0

    def all(self) -> None:
        seconds = self._options.minutes * 60
        warm_up_s = min(WARM_UP_S, seconds / 4)
        self._work(warm_up_s)
        self._rest()
        samples = self._work(seconds - warm_up_s)
        self.worked_s = seconds - warm_up_s
        begin_s = samples[0].at_s + min(SPREAD_S, self.worked_s / 4)
        self.working = [sample for sample in samples if sample.at_s >= begin_s]
        self._rest()

    def _work(self, seconds: float) -> list[Sample]:
        self._load.tell("go")
        self._load.wait_for_ready()
        samples = self._watch(seconds)
        self._load.tell("rest")
        self._load.wait_for_ready()
        return samples

    def _rest(self) -> None:
        self._watch(self._options.quiet)
        self.quiet.append(self._watch(AT_REST * EVERY_S))
        self.objects.append(self._observer.objects(collect=True, trace=self._options.trace))

    def _watch(self, seconds: float) -> list[Sample]:
        """One sample every ten seconds."""
        began, samples = time.monotonic(), []
        for number in range(max(1, round(seconds / EVERY_S))):
            time.sleep(max(0.0, began + (number + 1) * EVERY_S - time.monotonic()))
            samples.append(self._observer.look())
            self.load_averages.append(os.getloadavg()[0])
        figures = samples[-1].figures
        short = ", ".join(f"{name} {figures[name]:g}" for name in ("web memory", "web tasks", "calls live"))
        print(f"{samples[-1].at_s:6.0f} s: {short}", flush=True)
        return samples


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.endurance", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long calls come and go, warm-up included")
    parser.add_argument("--calls", type=int, default=20, help="how many at once")
    parser.add_argument("--seed", type=int, default=1, help="of what happens at random")
    parser.add_argument("--quiet", type=float, default=60.0, help="seconds of quiet before it is looked what is left")
    parser.add_argument("--web-server", choices=("daphne", "uvicorn"), default="daphne")
    parser.add_argument("--trace", action="store_true", help="also keep which lines hold more memory than before")
    parser.add_argument("--settings", default="bench.endurance.settings", help="with which the servers run")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures are kept")
    options = parser.parse_args()
    about = machine.about()
    recording = audio.load()
    with installation(options, recording) as (observer, load):
        run = Run(observer, load, options)
        run.all()
        load.tell("stop")
        done = load.result()
    calls_per_hour = done["counts"].get("calls", 0) / (options.minutes / 60)
    # Neighbouring minutes are near enough to independent; a short run has too few of them.
    block_s = 60.0 if run.worked_s >= 600 else EVERY_S
    trends = verdict.trends(run.working, calls_per_hour=calls_per_hour, block_s=block_s)
    rests = verdict.rests(*run.quiet) + verdict.objects_left(*(found["objects"] for found in run.objects))
    faults = verdict.faults(done["counts"], done["troubles"])
    faults += [f"{trend.name} grows" for trend in trends if not trend.holds]
    faults += [f"{rest.name} left" for rest in rests if not rest.holds]
    content = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": f"python -m bench.endurance --minutes {options.minutes:g} --calls {options.calls} "
        f"--seed {options.seed} --quiet {options.quiet:g} --web-server {options.web_server}",
        "machine": about,
        "load_average": {"median": statistics.median(run.load_averages), "most": max(run.load_averages)},
        "minutes": options.minutes,
        "calls": options.calls,
        "recording": recording.name,
        **done,
        "faults": faults,
        "slopes": {trend.name: {**asdict(trend.slope), "limit": trend.limit} for trend in trends},
        "rest": [asdict(rest) for rest in rests],
        "allocator": [found["allocator"] for found in run.objects],
        "grown": grown(*(found["objects"] for found in run.objects)),
        "allocated": grown(*(found["allocated"] for found in run.objects)),
        "quiet": [[asdict(sample) for sample in samples] for samples in run.quiet],
        "working": [asdict(sample) for sample in run.working],
    }
    report.show(trends, rests, content)
    print(f"Kept in {keep(content, options.results)}")
    for fault in faults:
        print(fault)
    print("Verdict: " + ("something is wrong" if faults else "memory is flat and nothing is left open"))
    return 1 if faults else 0


@contextmanager
def installation(options: argparse.Namespace, recording: audio.Recording) -> Iterator[tuple[Observer, Helper]]:
    """Everything that runs: services, vendors, web server, worker, schedule, and the load, ready to begin."""
    key = house.set_up()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        vendors = stack.enter_context(Vendors(directory, recording.turns))
        environment = {
            **vendors.environment,
            "METRICS_TOKEN": TOKEN,
            "CALL_SILENT_AFTER_S": str(SILENT_AFTER_S),
            "DJANGO_SETTINGS_MODULE": options.settings,
            **({"PYTHONTRACEMALLOC": "1"} if options.trace else {}),
        }
        server = stack.enter_context(
            Server(web_server=options.web_server, with_worker=True, with_beat=True, environment=environment)
        )
        config = directory / "load.json"
        content = {"port": server.port, "key": key, "calls": options.calls, "seed": options.seed, "business": BUSINESS}
        config.write_text(json.dumps(content), encoding="utf-8")
        load = stack.enter_context(Helper("endurance.load", str(config)))
        observer = Observer(server)
        stack.callback(observer.close)
        yield observer, load


def grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """What there is more of, the most first."""
    more = {name: count - before.get(name, 0) for name, count in after.items()}
    return dict(sorted(((name, by) for name, by in more.items() if by > 0), key=lambda one: -one[1])[:60])


def keep(content: dict[str, Any], results: Path) -> Path:
    results.mkdir(exist_ok=True, parents=True)
    path = results / f"endurance-{datetime.now(UTC):%Y-%m-%d-%H%M}.json"
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path.relative_to(services.ROOT) if path.is_relative_to(services.ROOT) else path


if __name__ == "__main__":
    sys.exit(main())
