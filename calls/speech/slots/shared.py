"""The count of an account's slots among all processes, in Redis or Valkey: leases that end with their process.

A lease lives `LEASE_S` and is renewed every `BEAT_S`: those of a killed process are free within `LEASE_S`. All times
are the server's own. Grants are decided here by `fair`, one at a time: the counter of grants is watched, so a decision
that another process has overtaken is made again. Keys name their account; the shared one is of no business, by its
nature: members of its sets are names of schemas and random tokens, nothing else.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from calls.speech.slots.fair import Rule, Waiter

if TYPE_CHECKING:
    from redis.asyncio import Redis

BEAT_S = 2.0
LEASE_S = 6.0
WITHIN_S = 1.0
"""For one question in all. A call does not wait longer for an answer that its own process can give as well."""
TRIES = 8
KEPT_S = 60
"""Nothing of an account stays that nobody uses."""


def client_of(url: str) -> Redis:
    import redis.asyncio  # noqa: PLC0415 -- not for processes that only hold names

    return redis.asyncio.Redis.from_url(
        url, decode_responses=True, socket_connect_timeout=WITHIN_S / 2, socket_timeout=WITHIN_S, max_connections=8
    )


class SharedCount:
    """One account's. Every method raises what the client raises, or `TimeoutError` after `WITHIN_S`."""

    def __init__(self, client: Redis, account: str) -> None:
        self._client: Any = client  # its stubs promise either a value or an awaitable of one
        base = f"sp:speech:{{{account}}}"
        self._held, self._waiting = f"{base}:held", f"{base}:waiting"
        self._grants, self._busy = f"{base}:grants", f"{base}:busy"

    async def ask(self, waiter: Waiter, rule: Rule) -> bool:
        """True: `waiter` has a slot now. False: it waits, and stands in the queue."""
        from redis.exceptions import WatchError  # noqa: PLC0415

        async with asyncio.timeout(WITHIN_S):
            for _ in range(TRIES):
                try:
                    return await self._ask(waiter, rule)
                except WatchError:
                    await asyncio.sleep(random.uniform(0, 0.02))  # noqa: S311 - jitter, no secret
        return False

    async def _ask(self, waiter: Waiter, rule: Rule) -> bool:
        async with self._client.pipeline(transaction=True) as pipe:
            await pipe.watch(self._grants)
            now = await _now(pipe)
            held, waiting = await self._read(pipe, now)
            has_won = waiter.token in rule.winners(held, {*waiting, waiter})
            pipe.multi()
            pipe.zremrangebyscore(self._held, "-inf", now)
            pipe.zremrangebyscore(self._waiting, "-inf", now)
            if has_won:
                pipe.incr(self._grants)
                pipe.zadd(self._held, {_place(waiter): now + LEASE_S})
                pipe.zrem(self._waiting, _place(waiter))
            else:
                pipe.zadd(self._waiting, {_place(waiter): now + LEASE_S})
            self._expire(pipe)
            await pipe.execute()
        return has_won

    async def would_win(self, waiter: Waiter, rule: Rule) -> bool:
        """What `ask` would say, without asking. False while the vendor itself says that it is full."""
        async with asyncio.timeout(WITHIN_S):
            if await self._client.exists(self._busy):
                return False
            if rule.limit is None:
                return True
            held, waiting = await self._read(self._client, await _now(self._client))
        return waiter.token in rule.winners(held, {*waiting, waiter})

    async def renew(self, held: Iterable[Waiter], waiting: Iterable[Waiter]) -> None:
        """Also puts back what a restarted server has forgotten: these streams do run."""
        async with asyncio.timeout(WITHIN_S):
            until = await _now(self._client) + LEASE_S
            async with self._client.pipeline(transaction=False) as pipe:
                for key, waiters in ((self._held, held), (self._waiting, waiting)):
                    if leases := {_place(waiter): until for waiter in waiters}:
                        pipe.zadd(key, leases)
                self._expire(pipe)
                await pipe.execute()

    async def leave(self, waiter: Waiter) -> None:
        """It neither holds nor waits any more."""
        async with asyncio.timeout(WITHIN_S), self._client.pipeline(transaction=False) as pipe:
            pipe.zrem(self._held, _place(waiter))
            pipe.zrem(self._waiting, _place(waiter))
            await pipe.execute()

    async def note_busy(self, seconds: float) -> None:
        async with asyncio.timeout(WITHIN_S):
            await self._client.set(self._busy, "1", px=max(1, round(seconds * 1_000)))

    async def _read(self, source: Any, now: float) -> tuple[Counter[str], set[Waiter]]:
        held = await source.zrangebyscore(self._held, now, "+inf")
        waiting = await source.zrangebyscore(self._waiting, now, "+inf")
        return Counter(_waiter(place).business for place in held), {_waiter(place) for place in waiting}

    def _expire(self, pipe: Any) -> None:
        for key in (self._held, self._waiting, self._grants):
            pipe.expire(key, KEPT_S)


async def _now(source: Any) -> float:
    seconds, micros = await source.time()
    return float(seconds) + float(micros) / 1_000_000


def _place(waiter: Waiter) -> str:
    return f"{waiter.since:.3f} {waiter.token} {waiter.business}"


def _waiter(place: str) -> Waiter:
    since, token, business = place.split(" ", 2)
    return Waiter(float(since), token, business)
