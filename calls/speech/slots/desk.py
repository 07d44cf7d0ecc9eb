"""This process's desk for the slots of one account: every live stream asks here before it connects."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from contextvars import Context
from typing import Any, Protocol

from calls import metrics
from calls.speech.slots.fair import Rule, Waiter
from calls.speech.slots.shared import BEAT_S, SharedCount, client_of

LOOK_EVERY_S = 1.0
"""So often a call that waits asks again: a slot may have become free in another process."""
AWAY_S = 2.0
"""After a failure the shared count is left alone for so long, and this process counts for itself."""
BUSY_S = 5.0
"""What a vendor that is full and does not say for how long is believed."""
NOBODY = Waiter(float("inf"), "asking", "")

logger = logging.getLogger(__name__)


class Slot(Protocol):
    """One stream's claim. Used by one task; none of it raises."""

    async def take(self) -> bool:
        """True: it may connect, until `give_back`. False: no slot is free; it waits in the queue from now on."""
        ...

    async def wait(self) -> None:
        """Until a slot may be free: one was given back here, or `LOOK_EVERY_S` went by."""
        ...

    def note_busy(self, retry_after_s: float | None) -> None:
        """The vendor itself had no room, whatever our count says."""
        ...

    def give_back(self) -> None:
        """Returns at once; may be called twice."""
        ...


class Desk:
    """Counts in Redis among all processes; without Redis, and without a limit, in this process alone.

    So without Redis all processes together may open more streams than the vendor allows: the vendor then refuses, which
    is the same state for the call. The heartbeat runs while anybody holds or waits, on the loop that asked.
    """

    def __init__(self, account: str, rule: Rule, *, redis_url: str = "", kind: str = "shared") -> None:
        self.rule = rule
        self._account = account
        self._redis_url = redis_url
        self._kind = kind
        self._held: dict[str, Waiter] = {}
        self._waiting: dict[str, Waiter] = {}
        self._busy_until = 0.0
        self._away_until = 0.0
        self._told = (0, 0)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._shared: SharedCount | None = None
        self._client: Any = None
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()
        self._beating: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def is_idle(self) -> bool:
        return not self._held and not self._waiting

    @property
    def in_use(self) -> int:
        """By this process."""
        return len(self._held)

    def slot(self, business: str) -> DeskSlot:
        return DeskSlot(self, Waiter(time.time(), secrets.token_hex(8), business))

    async def would_win(self, business: str) -> bool:
        """Whether a call of `business` that begins now would get a slot. Bounded; an answer of the moment."""
        self._bind()
        asking = Waiter(NOBODY.since, NOBODY.token, business)
        if self._busy_until > time.monotonic():
            return False
        if (shared := self._reachable()) is not None:
            try:
                return await shared.would_win(asking, self.rule)
            except Exception as error:  # noqa: BLE001 - the client raises whatever the network does
                self._trouble(error)
        return self._wins_here(asking)

    async def aclose(self) -> None:
        """Ends what runs here; what is held is free once its leases are over."""
        tasks = [task for task in (self._beating, *self._leaving) if task is not None]
        self._beating = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        client, self._client, self._shared, self._loop = self._client, None, None, None
        if client is not None:
            with suppress(Exception):
                await client.aclose()

    # For its slots ----------------------------------------------------------------------------------

    async def take(self, waiter: Waiter) -> bool:
        self._bind()
        if waiter.token in self._held:
            return True
        self._waiting.setdefault(waiter.token, waiter)
        self._beat()
        async with self._turn:
            has_won = await self._ask(waiter)
            # Whoever gave it back meanwhile wants it no more.
            if waiter.token not in self._waiting:
                return False
            if has_won:
                self._held[waiter.token] = self._waiting.pop(waiter.token)
            else:
                metrics.speech_slots_refused.labels("limit").inc()
        self._count()
        return has_won

    async def wait_for_news(self) -> None:
        self._freed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S * random.uniform(0.8, 1.2)):  # noqa: S311 - jitter, no secret
                await self._freed.wait()

    def note_busy(self, retry_after_s: float | None) -> None:
        metrics.speech_slots_refused.labels("vendor").inc()
        seconds = min(retry_after_s or BUSY_S, 60.0)
        self._busy_until = time.monotonic() + seconds
        if (shared := self._reachable()) is not None:
            self._aside(shared.note_busy(seconds))

    def give_back(self, waiter: Waiter) -> None:
        was_known = self._held.pop(waiter.token, None) or self._waiting.pop(waiter.token, None)
        if was_known is None:
            return
        self._count()
        self._freed.set()
        if self._counted() is not None:
            self._aside(self._leave(waiter))

    # Inside -----------------------------------------------------------------------------------------

    async def _ask(self, waiter: Waiter) -> bool:
        if (shared := self._counted()) is not None:
            try:
                return await shared.ask(waiter, self.rule)
            except Exception as error:  # noqa: BLE001 - as above
                self._trouble(error)
        return self._wins_here(waiter)

    def _wins_here(self, waiter: Waiter) -> bool:
        held = Counter(each.business for each in self._held.values())
        return waiter.token in self.rule.winners(held, {*self._waiting.values(), waiter})

    def _counted(self) -> SharedCount | None:
        """The shared count, where there is something to count."""
        return self._reachable() if self.rule.limit is not None else None

    def _reachable(self) -> SharedCount | None:
        return self._shared if time.monotonic() >= self._away_until else None

    def _trouble(self, error: Exception) -> None:
        metrics.errors.labels("cache").inc()
        self._away_until = time.monotonic() + AWAY_S
        logger.warning("Speech slots are counted by this process alone: %s", type(error).__name__)

    def _bind(self) -> None:
        """Connections and locks belong to one loop; another loop begins with new ones and nothing held."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self._loop = loop
        self._held.clear()
        self._waiting.clear()
        self._turn, self._freed, self._beating = asyncio.Lock(), asyncio.Event(), None
        self._leaving.clear()
        self._count()
        if self._redis_url:
            self._client = client_of(self._redis_url)
            self._shared = SharedCount(self._client, self._account)

    def _beat(self) -> None:
        if self._beating is None or self._beating.done():
            # Nobody's business: it renews the leases of all.
            self._beating = asyncio.create_task(self._renew_all(), name="speech-slots-beat", context=Context())

    async def _renew_all(self) -> None:
        while not self.is_idle:
            # In turn, as all that is written here: a lease renewed after it was given back would live on.
            async with self._turn:
                if (shared := self._counted()) is not None:
                    try:
                        await shared.renew([*self._held.values()], [*self._waiting.values()])
                    except Exception as error:  # noqa: BLE001 - as above
                        self._trouble(error)
            await asyncio.sleep(BEAT_S)

    async def _leave(self, waiter: Waiter) -> None:
        async with self._turn:
            if (shared := self._counted()) is not None:
                await shared.leave(waiter)

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        async def quietly() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001 - as above
                self._trouble(error)

        task = asyncio.create_task(quietly(), name="speech-slots-aside", context=Context())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _count(self) -> None:
        before, self._told = self._told, (len(self._held), len(self._waiting))
        metrics.speech_slots_in_use.labels(self._kind).inc(self._told[0] - before[0])
        metrics.speech_slots_waiting.labels(self._kind).inc(self._told[1] - before[1])


class DeskSlot:
    """A `Slot` of a desk."""

    def __init__(self, desk: Desk, waiter: Waiter) -> None:
        self._desk = desk
        self._waiter = waiter

    async def take(self) -> bool:
        return await self._desk.take(self._waiter)

    async def wait(self) -> None:
        await self._desk.wait_for_news()

    def note_busy(self, retry_after_s: float | None) -> None:
        self._desk.note_busy(retry_after_s)

    def give_back(self) -> None:
        self._desk.give_back(self._waiter)


class FreeSlot:
    """Where nobody counts."""

    async def take(self) -> bool:
        return True

    async def wait(self) -> None:
        await asyncio.sleep(0)

    def note_busy(self, retry_after_s: float | None) -> None:
        """Nobody to tell."""

    def give_back(self) -> None:
        """Nothing was taken."""
