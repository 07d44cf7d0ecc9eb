"""The way from the event loop to the database: threads of our own, so that calls never queue behind anything else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary, WeakValueDictionary

from channels.db import database_sync_to_async

from tenants.context import current
from tenants.postgresql.patience import answers_within

P = ParamSpec("P")
T = TypeVar("T")

ANSWER_S = 20.0
"""How long each answer of the database is waited for here; then the work fails with a DatabaseError."""
THREADS = 16
THREADS_OF_ONE = 6
"""A business whose tables hang keeps no more than these; what it asks beyond waits for its own."""

_executor = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="calls-db")
_shares: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[str, asyncio.Semaphore]] = WeakKeyDictionary()


def in_thread(work: Callable[P, T], executor: ThreadPoolExecutor | None = None) -> Callable[P, Awaitable[T]]:
    """`await in_thread(work)(…)`: runs in a thread, in the caller's business; the connection goes back to the pool.

    A cancelled caller does not stop the work. With an `executor` of its own the caller counts the threads itself.
    """

    def bounded(*args: P.args, **kwargs: P.kwargs) -> T:
        with answers_within(ANSWER_S):
            return work(*args, **kwargs)

    run = cast(
        "Callable[P, Awaitable[T]]",
        database_sync_to_async(bounded, thread_sensitive=False, executor=executor or _executor),
    )

    async def shared(*args: P.args, **kwargs: P.kwargs) -> T:
        share = _share()
        await share.acquire()
        # The thread is busy until the work is done, whoever still waits for it.
        running = asyncio.ensure_future(run(*args, **kwargs))
        running.add_done_callback(partial(_done, share))
        return await asyncio.shield(running)

    return run if executor is not None else shared


def _done(share: asyncio.Semaphore, running: asyncio.Future[Any]) -> None:
    share.release()
    if not running.cancelled():
        # Nobody may be left to hear of it.
        running.exception()


def _share() -> asyncio.Semaphore:
    """Of the current business on this loop. Gone when nobody of it asks any more."""
    business = current()
    shares = _shares.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    return shares.setdefault(business.schema_name if business else "", asyncio.Semaphore(THREADS_OF_ONE))
