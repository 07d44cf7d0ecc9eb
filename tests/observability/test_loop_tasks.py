"""A task that never ends is seen by who reads the metrics, and one that has ended is not."""

from __future__ import annotations

import asyncio
from typing import Any

from prometheus_client import REGISTRY

from salespilot.loop_tasks import TasksCounted


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers nothing."""


def counted() -> float:
    value = REGISTRY.get_sample_value("salespilot_tasks")
    assert value is not None
    return value


async def test_tasks_are_counted_while_they_live_and_from_any_thread() -> None:
    await TasksCounted(application)({}, None, None)
    before = await asyncio.to_thread(counted)
    assert before >= 1, "this test itself"
    forgotten = [asyncio.create_task(asyncio.Event().wait()) for _ in range(3)]
    assert await asyncio.to_thread(counted) == before + 3
    for task in forgotten:
        task.cancel()
    await asyncio.gather(*forgotten, return_exceptions=True)
    assert await asyncio.to_thread(counted) == before


def test_another_loop_is_counted_by_itself() -> None:
    """A server may start a loop of its own after something else used one."""
    wrapped = TasksCounted(application)
    asyncio.run(wrapped({}, None, None))

    async def once_more() -> float:
        await wrapped({}, None, None)
        return await asyncio.to_thread(counted)

    assert asyncio.run(once_more()) == 1
