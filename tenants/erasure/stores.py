"""What Redis or Valkey holds of a business: cache keys, and tasks that wait in the queue with its id.

Groups of the channel layer leave no keys there: they are subscriptions of running processes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import redis
from django.conf import settings
from django.core.cache import caches

AT_ONCE = 500


class StoreAway(RuntimeError):
    """Redis or Valkey can not be asked."""

    retryable = True

    def __init__(self, error: redis.RedisError) -> None:
        super().__init__(f"Redis can not be asked ({type(error).__name__}). Run it again when it is back.")


def count(business_id: int, schema: str) -> int:
    """Cache keys and waiting tasks of the business. Raises `StoreAway`."""
    try:
        with _client() as client:
            return sum(1 for _ in _keys(client, schema)) + len(_waiting(client, business_id))
    except redis.RedisError as error:
        raise StoreAway(error) from error


def forget(business_id: int, schema: str) -> int:
    """Removes them; how many there were. Raises `StoreAway`."""
    try:
        with _client() as client:
            removed = _forget_keys(client, schema)
            for key, message in _waiting(client, business_id):
                removed += int(client.lrem(key, 0, message))
    except redis.RedisError as error:
        raise StoreAway(error) from error
    return removed


def forget_cache(schema: str) -> int:
    """The cache alone: what waits to be done stays. Raises `StoreAway`."""
    try:
        with _client() as client:
            return _forget_keys(client, schema)
    except redis.RedisError as error:
        raise StoreAway(error) from error


def _forget_keys(client: redis.Redis, schema: str) -> int:
    removed, batch = 0, list[bytes]()
    for key in _keys(client, schema):
        batch.append(key)
        if len(batch) == AT_ONCE:
            removed += int(client.unlink(*batch))
            batch = []
    return removed + (int(client.unlink(*batch)) if batch else 0)


def _keys(client: redis.Redis, schema: str) -> Iterator[bytes]:
    """By the beginning that tenants.caching.make_key gives every key."""
    start = f"{caches['default'].key_prefix}:{schema}:"
    special = str.maketrans({letter: f"\\{letter}" for letter in "\\*?[]"})
    yield from client.scan_iter(match=f"{start.translate(special)}*", count=AT_ONCE)


def _waiting(client: redis.Redis, business_id: int) -> list[tuple[bytes, bytes]]:
    """`(list, message)` of every queued task of the business. One that a worker has taken finds no business."""
    queue = f"{settings.CELERY_BROKER_TRANSPORT_OPTIONS['global_keyprefix']}{settings.CELERY_TASK_DEFAULT_QUEUE}"
    found: list[tuple[bytes, bytes]] = []
    for key in client.scan_iter(match=f"{queue}*", _type="list"):
        messages: list[bytes] = client.lrange(key, 0, -1)  # type: ignore[assignment]  # not a coroutine here
        found += [(key, message) for message in messages if _business_of(message) == business_id]
    return found


def _business_of(message: bytes) -> Any:
    try:
        _, kwargs, _ = json.loads(base64.b64decode(json.loads(message)["body"]))
        return kwargs.get("business_id")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=10)
