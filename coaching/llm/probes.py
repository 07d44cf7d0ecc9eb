"""Circuits of a process, and the probes that find out in the background when a model is well again.

A probe is one small request, sent only while a call needs the model. It holds a business's own instructions at most,
never a word of a call, so that no rep's card is spent on trying.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from enum import StrEnum

from coaching import metrics
from coaching.llm.base import CardModel, CardRequest, Changed, ModelError, estimate
from coaching.llm.circuit import WITNESSES, Circuit, is_providers
from coaching.llm.deadline import in_time
from coaching.types import LIVE_LIMITS, Usage

log = logging.getLogger(__name__)
WATCHES_KEPT = 512
PROBE_TOKENS = 80
PURPOSE = "probe"
AGAIN_S = 0.5
WELL = frozenset({"truncated", "empty", "no_card"})
"""No card, but an answer, whole and in time: nothing was asked for."""

SPENT = WELL | {"slow", "stalled", "cut_short", "malformed", "filtered", "unwilling", "too_long"}
"""Failures of an answer that had begun, or may have: its tokens cost."""

# Asks nothing of anybody: for the provider alone. With a business's circuit its own fixed prefix goes first.
ARE_YOU_THERE = (
    ("system", "Answer with one JSON object: say, why, title, source_key (all empty), kind (question), should_show."),
    ("user", "The call has not begun. Set should_show to false."),
)


class Scope(StrEnum):
    """Whose circuit it is; the only thing that the metrics tell."""

    PROVIDER = "provider"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True, eq=False)
class Follower:
    """A call that needs the model. `request` is its warm-up: the business's fixed prefix and no word of the call.

    `usage` takes what its probes cost; `changed` is told the failure that opened a circuit, and None when one closed.
    Neither may block or raise.
    """

    model: CardModel
    request: CardRequest
    usage: Callable[[Usage], None]
    changed: Changed
    has_own_key: bool = False


class Watch:
    """A circuit, the calls that need it, and the task that probes while it is open and one of them is there.

    `above` is the provider's for a business's: while that one is open, this one waits. Used from one event loop.
    """

    def __init__(self, circuit: Circuit, scope: Scope, above: Watch | None = None) -> None:
        self.circuit = circuit
        self._scope = scope
        self._above = above
        self._followers: list[Follower] = []
        self._asking: Follower | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        return self.circuit.is_open

    @property
    def is_followed(self) -> bool:
        return bool(self._followers)

    def failed(self, error: ModelError, *, seen_by: str) -> None:
        was_open = self.is_open
        self.circuit.failed(error, seen_by=seen_by)
        if self.is_open and not was_open:
            metrics.model_circuits_open.labels(self._scope.value).inc()
            self._tell(error)
            self._look()

    def worked(self) -> None:
        was_open = self.is_open
        self.circuit.worked()
        if was_open:
            self._stop()
            self._closed()

    def follow(self, follower: Follower) -> None:
        self._followers.append(follower)
        self._look()

    def leave(self, follower: Follower) -> None:
        """The call is over. A probe that it paid for ends with it; the next call's may follow."""
        if follower in self._followers:
            self._followers.remove(follower)
        if self._asking is follower or not self._followers:
            self._stop()
        self._look()

    def forget(self) -> None:
        """Nobody follows it and others came since."""
        if self.is_open:
            metrics.model_circuits_open.labels(self._scope.value).dec()

    def _look(self) -> None:
        if self.is_open and self._followers and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._probe(), name="model-probe")

    def _stop(self) -> None:
        """Ends the task; a probe under way is paid for by the call that asked."""
        task, asking = self._task, self._asking
        self._task = self._asking = None
        if task is not None:
            task.cancel()
        if asking is not None:
            _book(asking, self._request(asking), [])

    async def _probe(self) -> None:
        while self.is_open:
            wait_s = self._wait_s()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
                continue
            follower = self._followers.pop(0)
            self._followers.append(follower)
            error = await self._ask(follower)
            if error is None or not self._is_about(error, follower):
                self.circuit.probed_well()
            else:
                self.circuit.probed_badly(error)
        self._task = None
        self._closed()

    def _wait_s(self) -> float:
        left_s = self.circuit.rest_left_s
        if self._above is None or not self._above.is_open:
            return left_s
        return max(left_s, self._above.circuit.rest_left_s, AGAIN_S)

    async def _ask(self, follower: Follower) -> ModelError | None:
        """One probe; what went wrong, or None. The calls take turns, as each pays for its own."""
        self._asking = follower
        try:
            error = await self._answer(follower)
        except Exception:
            log.exception("a probe of the model broke")
            error = ModelError("internal", retryable=True)
        self._asking = None
        metrics.model_probes.labels(self._scope.value, "well" if error is None else error.reason).inc()
        return error

    async def _answer(self, follower: Follower) -> ModelError | None:
        request = self._request(follower)
        usage: list[Usage] = []
        try:
            async with aclosing(in_time(follower.model, request)) as stream:
                usage.extend([item async for item in stream if isinstance(item, Usage)])
        except ModelError as error:
            if error.reason in SPENT:
                _book(follower, request, usage)
            return error if error.reason not in WELL else None
        _book(follower, request, usage)
        return None

    def _request(self, follower: Follower) -> CardRequest:
        request = replace(follower.request, max_output_tokens=PROBE_TOKENS)
        if self._scope is Scope.BUSINESS:
            return request
        return replace(request, messages=ARE_YOU_THERE, deadline_s=LIVE_LIMITS.deadline_ms / 1_000)

    def _is_about(self, error: ModelError, follower: Follower) -> bool:
        """A provider that refuses one business's request is there."""
        return self._scope is Scope.BUSINESS or is_providers(error, has_own_key=follower.has_own_key)

    def _closed(self) -> None:
        metrics.model_circuits_open.labels(self._scope.value).dec()
        self._tell(None)

    def _tell(self, error: ModelError | None) -> None:
        for follower in list(self._followers):
            follower.changed(error)


class Circuits:
    """The circuits of one provider's address: one for each model, and one for each business and model.

    Bounded: of those that no call follows, the ones used least lately are forgotten above 512.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._clock = clock
        self._jitter = jitter
        self._watches: OrderedDict[tuple[str, str], Watch] = OrderedDict()

    def __len__(self) -> int:
        return len(self._watches)

    def of(self, business: str, model: str) -> tuple[Watch, Watch]:
        """The business's own and the provider's, for one model."""
        shared = self._watch(("", model), lambda: Watch(self._circuit(WITNESSES), Scope.PROVIDER))
        own = self._watch((f"of {business}", model), lambda: Watch(self._circuit(1), Scope.BUSINESS, shared))
        self._forget()
        return own, shared

    def _watch(self, key: tuple[str, str], make: Callable[[], Watch]) -> Watch:
        watch = self._watches.get(key)
        if watch is None:
            watch = self._watches[key] = make()
        self._watches.move_to_end(key)
        return watch

    def _circuit(self, witnesses: int) -> Circuit:
        return Circuit(self._clock, witnesses=witnesses, jitter=self._jitter)

    def _forget(self) -> None:
        for key in list(self._watches)[: max(0, len(self._watches) - WATCHES_KEPT)]:
            if not self._watches[key].is_followed:
                self._watches.pop(key).forget()


def _book(follower: Follower, request: CardRequest, usage: list[Usage]) -> None:
    for entry in usage or estimate(follower.model, request, ""):
        follower.usage(replace(entry, purpose=PURPOSE))
