"""The deadline of a card: its first words in time, or none at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from coaching.llm.base import CardModel, CardRequest, CardText, ModelError
from coaching.types import Usage


async def in_time(model: CardModel, request: CardRequest) -> AsyncGenerator[CardText | Usage]:
    """What the model streams; `ModelError("slow")` without a readable word in `deadline_s`, or past `total_s`."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    deadline = started + request.deadline_s
    async with aclosing(model.stream_card(request)) as stream:
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    item = await anext(stream, None)
            except TimeoutError as error:
                raise ModelError("slow", retryable=True) from error
            if item is None:
                return
            if isinstance(item, Usage) or item.say or item.is_complete:
                deadline = started + request.total_s
            yield item
