"""The trend of a figure over time: the Theil–Sen slope with Sen's confidence interval. Pure.

P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, 1968. It is the median of the slopes of all
pairs, so a spike (a report being written, a collection of garbage) does not move it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

Z_95 = 1.96
Point = tuple[float, float]
"""Seconds, value."""


@dataclass(frozen=True)
class Slope:
    """Value per hour, with the bounds of its 95 % confidence interval."""

    per_hour: float
    low: float
    high: float


def medians(points: Sequence[Point], *, block_s: float) -> list[Point]:
    """One point for each block of time: neighbours within seconds say the same thing, and would feign certainty."""
    blocks: dict[int, list[Point]] = {}
    for at_s, value in points:
        blocks.setdefault(int(at_s // block_s), []).append((at_s, value))
    return [
        (median(at_s for at_s, _ in block), median(value for _, value in block)) for _, block in sorted(blocks.items())
    ]


def theil_sen(points: Sequence[Point]) -> Slope:
    """Needs at least two points at different times; ValueError otherwise."""
    slopes = sorted(
        (later[1] - earlier[1]) / (later[0] - earlier[0]) * 3_600
        for earlier, later in combinations(sorted(points), 2)
        if later[0] > earlier[0]
    )
    if not slopes:
        raise ValueError("a slope needs two points at different times")
    count = len(points)
    half = Z_95 * math.sqrt(count * (count - 1) * (2 * count + 5) / 18) / 2
    middle = (len(slopes) - 1) / 2
    low = slopes[max(0, math.floor(middle - half))]
    high = slopes[min(len(slopes) - 1, math.ceil(middle + half))]
    return Slope(per_hour=median(slopes), low=low, high=high)
