"""What a bill looks like, as frozen values: costs by component, with waste and what has no price."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a group of usage entries, in micro-dollars.

    `waste_micros` is the part of `micros` spent on discarded speculation. `unpriced` counts the entries
    without a known price: they are not in `micros`, so a cost with `unpriced > 0` is a lower bound.
    """

    micros: int = 0
    waste_micros: int = 0
    unpriced: int = 0
    entries: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            micros=self.micros + other.micros,
            waste_micros=self.waste_micros + other.waste_micros,
            unpriced=self.unpriced + other.unpriced,
            entries=self.entries + other.entries,
        )

    @property
    def is_known(self) -> bool:
        """False when nothing in the group has a price: show "no price", never zero."""
        return self.unpriced < self.entries or not self.entries


@dataclass(frozen=True, slots=True)
class CallCost:
    """One call's costs by component (`speech`, `model`, `storage`)."""

    call_id: uuid.UUID
    components: dict[str, Cost]

    @property
    def total(self) -> Cost:
        return sum(self.components.values(), Cost())

    def of(self, component: str) -> Cost:
        return self.components.get(component, Cost())


@dataclass(frozen=True, slots=True)
class DayCost:
    """Everything used on one day (UTC), also what belongs to no call."""

    day: date
    calls: int
    components: dict[str, Cost]

    @property
    def total(self) -> Cost:
        return sum(self.components.values(), Cost())

    def of(self, component: str) -> Cost:
        return self.components.get(component, Cost())


@dataclass(frozen=True, slots=True)
class MemberCost:
    """One rep's calls. `member_id` None: usage that belongs to nobody."""

    member_id: int | None
    name: str
    calls: int
    components: dict[str, Cost]

    @property
    def total(self) -> Cost:
        return sum(self.components.values(), Cost())

    def of(self, component: str) -> Cost:
        return self.components.get(component, Cost())
