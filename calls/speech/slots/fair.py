"""Who gets the next free slot of an account: fair among the businesses that share it. Pure.

Max-min by progressive filling: each free slot goes to the waiting business that holds the fewest, of two alike to the
one that has waited longer, within a business to its oldest call. So a business that asks for more than the others only
ever grows while nobody with fewer waits, and at rest nobody who still waits holds fewer than anybody's fair share
(limit divided by the businesses that want that much). Nothing that runs is taken away.

Calls last minutes: a newcomer would wait for one to end. The last `reserved` slots are therefore only for businesses
that hold none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Waiter:
    """One call that waits for a slot. Ordered by how long it has; `since` on any one clock."""

    since: float
    token: str
    business: str


@dataclass(frozen=True, slots=True)
class Rule:
    """`limit` None: as many as come. `reserved` never takes the last slot."""

    limit: int | None = None
    reserved: int = 0

    def winners(self, held: Mapping[str, int], waiting: Iterable[Waiter]) -> frozenset[str]:
        """The tokens of those that may have a slot now, given how many each business holds."""
        queue = sorted(waiting)
        if self.limit is None:
            return frozenset(waiter.token for waiter in queue)
        shares = Counter(held)
        free = self.limit - shares.total()
        won: set[str] = set()
        while free > 0 and (waiter := self._next(queue, shares, free)):
            queue.remove(waiter)
            won.add(waiter.token)
            shares[waiter.business] += 1
            free -= 1
        return frozenset(won)

    def _next(self, queue: list[Waiter], shares: Mapping[str, int], free: int) -> Waiter | None:
        """The oldest waiter of the business with the fewest slots."""
        reserved = min(self.reserved, (self.limit or 1) - 1)
        may = [waiter for waiter in queue if free > reserved or not shares[waiter.business]]
        return min(may, key=lambda waiter: (shares[waiter.business], waiter), default=None)
