"""How many tasks the event loop has, for Prometheus: what is started and never ends shows here first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from prometheus_client import Gauge

tasks = Gauge("salespilot_tasks", "Tasks on the event loop of this process.")

Application = Callable[[Any, Any, Any], Awaitable[None]]


class TasksCounted:
    """`application`, whose loop is known from its first request or socket on.

    The figure is read in another thread, when somebody asks for it; `asyncio.all_tasks` allows for that.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            tasks.set_function(partial(_count, loop))
        await self._application(scope, receive, send)


def _count(loop: asyncio.AbstractEventLoop) -> float:
    return len(asyncio.all_tasks(loop))
