"""Cache keys that name their business by construction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

from tenants.context import NoBusiness, current

log = logging.getLogger(__name__)

Value = TypeVar("Value")


def make_key(key: str, key_prefix: str, version: int) -> str:
    """Django's KEY_FUNCTION. Raises `NoBusiness` without a current business: a key without an owner leaks."""
    business = current()
    if business is None:
        raise NoBusiness
    return f"{key_prefix}:{business.schema_name}:{version}:{key}"


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


def forget(key: str) -> None:
    """Drop a value of this business. With the cache down it lives until its time is over."""
    try:
        cache.delete(key)
    except Exception as error:  # noqa: BLE001
        log.warning("Cache not writable: %s", type(error).__name__)
