"""A circuit: spares a model that fails, says how long it rests, and whose fault a failure can be. Pure.

A failure counts with the business that had it. It also counts against the provider when the provider could be its
cause; but one business alone can bring nearly every failure about (by its prompt, its limits, its own key), so the
provider is given up only when two businesses saw it fail in a row.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from coaching.llm.base import ModelError

FAILURES_TO_OPEN = 3
WITNESSES = 2
FIRST_REST_S = 5.0
LONGEST_REST_S = 120.0
REFUSED_REST_S = 300.0
LONGEST_JITTER = 1.25
SOON_S = 0.001

OF_PROVIDER = frozenset({"unreachable", "server_error", "stalled", "slow", "cut_short", "malformed"})
OF_KEY = frozenset({"refused", "over_quota", "rate_limited"})
"""About the key. No prompt makes a vendor refuse one: what befalls the key of all befalls all at once."""


def is_providers(error: ModelError, *, has_own_key: bool) -> bool:
    """Whether a failure may be the provider's, and so everyone's."""
    return error.reason in OF_PROVIDER or (not has_own_key and error.reason in OF_KEY)


class Circuit:
    """Opens after three failures in a row, or at once when the vendor refuses or says how long to stay away.

    With `witnesses` 2 it takes failures of two businesses, unless the key is refused. It never lets a card try: only
    a probe closes it, on trial, so that the next failure opens it again. It rests 5 s, doubling to 120 s (300 s
    after a refusal), each a random part longer, so that processes do not ask in step. Seconds by `clock`.
    `failures` are those in a row.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        witnesses: int = 1,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._clock = clock
        self._witnesses = witnesses
        self._jitter = jitter
        self.failures = 0
        self._seen_by: set[str] = set()
        self._rest_s = FIRST_REST_S
        self._until: float | None = None

    @property
    def is_open(self) -> bool:
        return self._until is not None

    @property
    def rest_left_s(self) -> float:
        """How long until a probe is due; 0 when it is."""
        left_s = 0.0 if self._until is None else self._until - self._clock()
        return left_s if left_s > SOON_S else 0.0

    def worked(self) -> None:
        """A card came, whole and in time."""
        self.failures, self._rest_s, self._until = 0, FIRST_REST_S, None
        self._seen_by.clear()

    def failed(self, error: ModelError, *, seen_by: str = "") -> None:
        """A card did not come. What was under way when the circuit opened changes nothing any more."""
        if self.is_open:
            return
        self.failures += 1
        if len(self._seen_by) < self._witnesses:
            self._seen_by.add(seen_by)
        is_seen = len(self._seen_by) >= self._witnesses
        if not error.retryable or (is_seen and (self.failures >= FAILURES_TO_OPEN or error.retry_after_s)):
            self._rest(error)

    def probed_well(self) -> None:
        """A probe was answered: cards may go, on trial until one came."""
        self._until = None
        self.failures = FAILURES_TO_OPEN - 1
        self._seen_by.clear()

    def probed_badly(self, error: ModelError) -> None:
        self._rest(error)

    def _rest(self, error: ModelError) -> None:
        if not error.retryable:
            rest_s = REFUSED_REST_S
        elif error.retry_after_s:
            rest_s = min(error.retry_after_s, LONGEST_REST_S)
        else:
            rest_s = self._rest_s
            self._rest_s = min(2 * self._rest_s, LONGEST_REST_S)
        self._until = self._clock() + rest_s * self._jitter(1.0, LONGEST_JITTER)
