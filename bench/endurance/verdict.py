"""What the figures say: does anything grow with the calls, and is everything closed once they are over. Pure.

Memory may grow by 1 MB in 100 calls at the upper bound of its confidence interval: a process that takes 500 calls an
hour and is started anew every week (as an update does) then holds at most 200 MB more at the end, on working hours.
Of what is counted (tasks, threads, open files, sockets, connections) one in ten calls would be a leak; that coarse
limit is for the time of work alone: at rest, when all calls are over, each must be where it was before them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.endurance.slope import Slope, medians, theil_sen

MEMORY_MB_PER_100_CALLS = 1.0
COUNTED_PER_CALL = 0.1
# Pools of fixed size fill when more happens at once than before: 16 connections of the database, 10 of the broker with
# two sockets each, one of the cache for each thread. Everything else: none. One in twenty calls would be more.
TOLERANCE = {"threads": 4, "open files": 8, "sockets": 8, "connections": 4, "clients": 8}
STRICT = {"call sockets", "web tasks", "calls live", "connections stuck in a transaction"}
IN_TIME = 0.98
WORK = ("calls", "readers", "polls", "members in and out", "audio sockets broken off", "acks")


@dataclass(frozen=True)
class Sample:
    """Figures by name at one moment, `web memory` for one. Memory in MB. `detail`: kept beside, not judged."""

    at_s: float
    figures: dict[str, float]
    detail: dict[str, dict[str, float]]


@dataclass(frozen=True)
class Trend:
    """One figure while calls went on: per hour, with the bounds, and what the upper one may be."""

    name: str
    slope: Slope
    limit: float

    @property
    def holds(self) -> bool:
        return self.slope.high <= self.limit


@dataclass(frozen=True)
class Rest:
    """One figure with no call: before the measured calls, and after."""

    name: str
    before: float
    after: float
    tolerance: float

    @property
    def holds(self) -> bool:
        return self.after <= self.before + self.tolerance


def is_memory(name: str) -> bool:
    return name.endswith((" memory", " data"))


def tolerance_of(name: str) -> float:
    """`call sockets` are no pool: of them none may be left."""
    return next((room for kind, room in TOLERANCE.items() if name.endswith(kind) and name not in STRICT), 0)


def trends(samples: Sequence[Sample], *, calls_per_hour: float, block_s: float) -> list[Trend]:
    """Of each figure that all samples have."""
    limits = {True: MEMORY_MB_PER_100_CALLS * calls_per_hour / 100, False: COUNTED_PER_CALL * calls_per_hour}
    names = [name for name in samples[0].figures if all(name in sample.figures for sample in samples)]
    return [
        Trend(
            name,
            theil_sen(medians([(sample.at_s, sample.figures[name]) for sample in samples], block_s=block_s)),
            limits[is_memory(name)],
        )
        for name in names
    ]


def rests(before: Sequence[Sample], after: Sequence[Sample]) -> list[Rest]:
    """Everything that is counted; the least of some seconds each, since a task of the schedule may be at work."""
    found = []
    for name in before[0].figures:
        if not is_memory(name):
            first, last = (min(sample.figures[name] for sample in samples) for samples in (before, after))
            found.append(Rest(name, first, last, tolerance_of(name)))
    return found


def objects_left(before: dict[str, int], after: dict[str, int]) -> list[Rest]:
    """Objects of a call's own types: sessions, feeds, sockets, logs. They must be gone with it."""
    return [Rest(f"objects {name}", before.get(name, 0), after.get(name, 0), tolerance=0) for name in OF_A_CALL]


OF_A_CALL = (
    "calls.live.session.LiveSession",
    "calls.live.feed.Feed",
    "calls.live.feed.Subscriber",
    "calls.live.log.EventLog",
    "calls.live.outbox.Outbox",
    "calls.live.intake.Intake",
    "calls.consumers.AudioSocket",
    "calls.consumers.EventsSocket",
    "coaching.coach.Coach",
)


def faults(counts: dict[str, int], troubles: dict[str, int]) -> list[str]:
    """Why the run says nothing: the load was not what it claims to be, or the product failed under it."""
    found = [f"{name}: {count} times" for name, count in troubles.items()]
    frames, late = counts.get("frames", 0), counts.get("frames late", 0)
    if frames == 0 or late / frames > 1 - IN_TIME:
        found.append(f"the load did not keep the pace: {late} of {frames} frames late")
    found += [f"no {name}" for name in WORK if not counts.get(name)]
    return found
