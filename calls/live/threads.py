"""The way from the event loop to the database: threads of our own, so that calls never queue behind anything else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar, cast

from channels.db import database_sync_to_async

P = ParamSpec("P")
T = TypeVar("T")

_executor = ThreadPoolExecutor(max_workers=12, thread_name_prefix="calls-db")


def in_thread(work: Callable[P, T], executor: ThreadPoolExecutor | None = None) -> Callable[P, Awaitable[T]]:
    """`await in_thread(work)(…)`: runs in a thread, in the caller's business; the connection goes back to the pool.

    A cancelled caller does not stop the work.
    """
    run = database_sync_to_async(work, thread_sensitive=False, executor=executor or _executor)
    return cast("Callable[P, Awaitable[T]]", run)
