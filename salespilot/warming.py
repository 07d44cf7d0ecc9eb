"""What a failure would wait for is loaded before it: the second speech engine, where there is one to fall back to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any

Application = Callable[[Any, Any, Any], Awaitable[None]]

log = logging.getLogger(__name__)


class Warmed:
    """`application`, which warms up aside: at once where a loop runs already, else with its first request or socket.

    Some web servers load the application before their loop runs, and neither tells it when it does.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._warming: asyncio.Task[None] | None = None
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        self._warm()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._warming is None:
            self._warm()
        await self._application(scope, receive, send)

    def _warm(self) -> None:
        # Nobody's business: it outlives the request that came first.
        self._warming = asyncio.create_task(warm_up(), name="warm-up", context=Context())


async def warm_up() -> None:
    """Never raises: what can not be loaded is tried again when it is needed."""
    from calls import speech  # noqa: PLC0415 -- not before Django is set up

    try:
        if speech.has_fallback():
            await speech.warm_up()
    except Exception:
        log.exception("Warming up failed")
