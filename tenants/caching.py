"""Cache keys that name their business by construction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache import cache
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

from tenants.context import NoBusiness, current

log = logging.getLogger(__name__)

Value = TypeVar("Value")
# How allauth's own keys begin.
COUNTERS = ("allauth", "jwt:")


def make_key(key: str, key_prefix: str, version: int) -> str:
    """Django's KEY_FUNCTION. Raises `NoBusiness` without a current business: a key without an owner leaks."""
    business = current()
    if business is None:
        raise NoBusiness
    return f"{key_prefix}:{business.schema_name}:{version}:{key}"


_pools: dict[tuple[str, ...], dict[int, Any]] = {}


class SharedClient(RedisCacheClient):
    """One pool of connections for each server in a process; the pool knows threads and forks.

    Django makes a cache, and with it a pool, for every context that asks: under ASGI one connection for each request
    and each socket, closed by nobody but the garbage collector.
    """

    def __init__(self, servers: list[str], *args: Any, **options: Any) -> None:
        super().__init__(servers, *args, **options)
        self._pools = _pools.setdefault(tuple(servers), {})


class BusinessCache(RedisCache):
    """Redis or Valkey. Down, it raises as Django's own does, but for the counters of sign-in.

    Those (allauth's keys: rate limits, used one-time codes) then count nothing: a cache that is away must not lock
    everybody out. docs/security.md says what that opens.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = SharedClient

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return _unless_counter(key, default, lambda: super(BusinessCache, self).get(key, default, version))

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        _unless_counter(key, None, lambda: super(BusinessCache, self).set(key, value, timeout, version))

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(
            _unless_counter(key, True, lambda: super(BusinessCache, self).add(key, value, timeout, version))  # noqa: FBT003
        )

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(_unless_counter(key, False, lambda: super(BusinessCache, self).delete(key, version)))  # noqa: FBT003


def _unless_counter(key: Any, otherwise: Any, ask: Callable[[], Any]) -> Any:
    """What the cache answers; for a counter of sign-in `otherwise` when it can not be asked."""
    try:
        return ask()
    except RedisError as error:
        if not str(key).startswith(COUNTERS):
            raise
        log.warning("Sign-in counts nothing: %s", type(error).__name__)
        return otherwise


def remember(key: str, seconds: int, make: Callable[[], Value]) -> Value:
    """The cached value of this business, or what `make` returns. A cache that is down costs time, nothing else."""
    try:
        found: Value | None = cache.get(key)
    except Exception as error:  # noqa: BLE001 - every driver has its own connection errors
        log.warning("Cache not readable: %s", type(error).__name__)
        return make()
    if found is not None:
        return found
    value = make()
    try:
        cache.set(key, value, seconds)
    except Exception as error:  # noqa: BLE001
        log.warning("Cache not writable: %s", type(error).__name__)
    return value


def known(key: str) -> Any:
    """What the cache holds of this business under `key`; None when nothing, or when it can not be asked."""
    try:
        return cache.get(key)
    except Exception as error:  # noqa: BLE001
        log.warning("Cache not readable: %s", type(error).__name__)
        return None


def forget(key: str) -> None:
    """Drop a value of this business. With the cache down it lives until its time is over."""
    try:
        cache.delete(key)
    except Exception as error:  # noqa: BLE001
        log.warning("Cache not writable: %s", type(error).__name__)
