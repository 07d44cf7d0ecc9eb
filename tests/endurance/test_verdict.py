"""The endurance run finds a leak in figures that have one, and none in figures that only go up and down."""

from __future__ import annotations

import random

import pytest

from bench.endurance.slope import medians, theil_sen
from bench.endurance.verdict import OF_A_CALL, WORK, Sample, Trend, faults, is_memory, objects_left, rests, trends

CALLS_PER_HOUR = 480.0
MINUTES = 24
DONE = {**dict.fromkeys(WORK, 9), "frames": 1_000, "frames late": 0}


def working(*, memory_per_call_mb: float = 0.0, tasks_per_call: float = 0.0) -> list[Sample]:
    """A sample every ten seconds, as noisy as the real ones: calls begin and end, garbage waits to be collected."""
    noise = random.Random(7)
    samples = []
    for number in range(MINUTES * 6):
        calls = CALLS_PER_HOUR * number / 360
        figures = {
            "web memory": 180 + noise.uniform(-1.5, 1.5) + memory_per_call_mb * calls,
            "web tasks": 500 + noise.randint(-20, 20) + int(tasks_per_call * calls),
        }
        samples.append(Sample(number * 10.0, figures, {}))
    return samples


def found(samples: list[Sample]) -> dict[str, Trend]:
    return {trend.name: trend for trend in trends(samples, calls_per_hour=CALLS_PER_HOUR, block_s=60.0)}


def test_figures_that_go_up_and_down_hold() -> None:
    assert all(trend.holds for trend in found(working()).values())


def test_memory_kept_by_each_call_is_found() -> None:
    trend = found(working(memory_per_call_mb=0.02))["web memory"]
    assert not trend.holds
    assert trend.slope.per_hour == pytest.approx(0.02 * CALLS_PER_HOUR, rel=0.3)


def test_what_is_too_noisy_to_tell_does_not_hold() -> None:
    """A wide interval is no proof: with few samples the upper bound is above what is allowed."""
    assert not found(working()[:12])["web memory"].holds


def test_one_task_kept_in_five_calls_is_found() -> None:
    kept = found(working(tasks_per_call=0.2))
    assert not kept["web tasks"].holds
    assert kept["web memory"].holds


def test_the_limit_follows_the_number_of_calls() -> None:
    few = trends(working(), calls_per_hour=100, block_s=60.0)
    assert {trend.name: trend.limit for trend in few} == {"web memory": 1.0, "web tasks": 10.0}


@pytest.mark.parametrize(("after", "holds"), [(7, True), (6, True), (8, False)])
def test_one_task_left_at_rest_is_found(after: int, holds: bool) -> None:
    before, later = (Sample(0, {"web tasks": count, "web memory": count * 100}, {}) for count in (7, after))
    (rest,) = rests([before], [later])
    assert (rest.name, rest.holds) == ("web tasks", holds), "memory at rest is not judged by one look"


def test_a_task_of_the_schedule_at_the_moment_of_a_look_is_not_left() -> None:
    before = [Sample(0, {"web tasks": 7}, {})]
    later = [Sample(at, {"web tasks": count}, {}) for at, count in enumerate((9, 7, 8))]
    assert rests(before, later)[0].holds


def test_a_session_left_is_found() -> None:
    left = {rest.name: rest.holds for rest in objects_left({}, {OF_A_CALL[0]: 1})}
    assert left.pop(f"objects {OF_A_CALL[0]}") is False
    assert all(left.values())


@pytest.mark.parametrize(
    ("counts", "troubles"),
    [
        ({"frames late": 40}, {}),
        ({"frames": 0}, {}),
        ({}, {"500 at /calls/": 1}),
        *(({name: 0}, {}) for name in WORK),
    ],
)
def test_a_load_that_was_none_is_told(counts: dict[str, int], troubles: dict[str, int]) -> None:
    assert not faults(DONE, {})
    assert faults({**DONE, **counts}, troubles)


def test_the_slope_of_a_line_is_the_line() -> None:
    slope = theil_sen([(second, 3 + second / 1_800) for second in range(0, 600, 10)])
    assert slope.per_hour == pytest.approx(2)
    assert slope.low == pytest.approx(2)
    assert slope.high == pytest.approx(2)


def test_a_spike_does_not_move_the_slope() -> None:
    points = [(float(second), 100.0) for second in range(0, 600, 10)]
    points[30] = (300.0, 900.0)
    assert theil_sen(points).per_hour == 0


def test_the_interval_has_room_for_chance() -> None:
    """Of a hundred flat series about five may be called sloping."""
    source = random.Random(3)
    slopes = [theil_sen([(float(at), source.gauss(0, 1)) for at in range(30)]) for _ in range(100)]
    assert sum(not slope.low <= 0 <= slope.high for slope in slopes) <= 10


def test_one_moment_has_no_slope() -> None:
    with pytest.raises(ValueError, match="two points"):
        theil_sen([(1.0, 2.0), (1.0, 3.0)])


def test_each_block_of_time_is_one_point() -> None:
    points = [(0, 1), (10, 100), (20, 3), (60, 5), (70, 7)]
    assert medians(points, block_s=60) == [(10, 3), (65, 6)]


def test_memory_is_told_from_what_is_counted() -> None:
    assert is_memory("worker child memory")
    assert is_memory("valkey data")
    assert not is_memory("database connections")
