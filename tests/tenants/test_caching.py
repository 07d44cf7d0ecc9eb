"""However many requests and sockets ask the cache, a process keeps the connections that it needs at once."""

from __future__ import annotations

import threading
from contextvars import Context

import redis
from django.conf import settings
from django.core.cache import cache, caches

from tenants.context import public_scope

AT_ONCE = 4


def connections_ever() -> int:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        return int(client.info("stats")["total_connections_received"])


def ask(kept: list[object]) -> None:
    """As a request or a socket does: in a context of its own, which lives on with its cache."""
    with public_scope():
        cache.get("anything")
    kept.append(caches["default"])


def test_contexts_share_their_connection() -> None:
    kept: list[object] = []
    Context().run(ask, kept)
    before = connections_ever()
    for _ in range(20):
        Context().run(ask, kept)
    assert connections_ever() - before == 1, "the one that counts"
    assert len({id(one) for one in kept}) == 21, "each context has a cache of its own"


def test_threads_at_once_have_a_connection_each() -> None:
    """None waits for another's answer, and what they have is used again."""
    before = connections_ever()
    for _ in range(5):
        start, kept = threading.Barrier(AT_ONCE), list[object]()

        def work(start: threading.Barrier = start, kept: list[object] = kept) -> None:
            start.wait(10)
            Context().run(ask, kept)

        threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert len(kept) == AT_ONCE
    assert connections_ever() - before <= AT_ONCE + 1
