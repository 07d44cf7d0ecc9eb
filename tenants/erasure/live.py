"""What runs for a business just now and has to end before the business can go. Apps register it when they are ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiveWork:
    """One kind of running work. All three work on the current business, from synchronous code, as the owner.

    `count()` says how many run. `ask()` asks whoever runs them to end them in order, and returns at once. `cut()`
    ends those that nobody answers for any more.
    """

    name: str
    count: Callable[[], int]
    ask: Callable[[], None]
    cut: Callable[[], None]


_kinds: dict[str, LiveWork] = {}


def register(work: LiveWork) -> None:
    """Once per process and kind; a second one of the same name takes the place of the first."""
    _kinds[work.name] = work


def live_work() -> tuple[LiveWork, ...]:
    """By name. Complete once Django's apps are ready."""
    return tuple(_kinds[name] for name in sorted(_kinds))
