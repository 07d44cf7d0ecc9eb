"""Businesses at one provider of models, on a clock that jumps: scripted models, and what their circuits told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from coaching.llm.base import CardModel, CardRequest, CardText, ModelError
from coaching.llm.probes import Circuits
from coaching.llm.tips import GuardedModel
from coaching.types import Usage
from coaching.virtual_time import run

CARD = CardText("What matters most to you?", is_complete=True)
WORDS_OF_A_CALL = (("system", "Our playbook."), ("user", "The customer just said: my wife is ill."))
WARM_UP = CardRequest((("system", "Our playbook."), ("user", "The call has not begun.")), cache_key="call")
REQUEST = CardRequest(WORDS_OF_A_CALL, cache_key="call")

DOWN = ModelError("server_error", retryable=True)
UNWILLING = ModelError("unwilling", retryable=True)
REFUSED = ModelError("refused", retryable=False)


def evenly(low: float, high: float) -> float:
    return low


class House:
    """Businesses at one provider, on the loop's own clock."""

    def __init__(self) -> None:
        self.circuits = Circuits(asyncio.get_running_loop().time, jitter=evenly)
        self.booked: list[Usage] = []
        self.recovered: list[float] = []
        self.rested: list[str] = []

    def _changed(self, loop: asyncio.AbstractEventLoop, error: ModelError | None) -> None:
        if error is None:
            self.recovered.append(loop.time())
        else:
            self.rested.append(error.reason)

    def guard(self, model: CardModel, business: str, *, has_own_key: bool = False) -> GuardedModel:
        return GuardedModel(model, self.circuits, business=business, has_own_key=has_own_key)

    def follow(self, model: GuardedModel) -> Callable[[], None]:
        loop = asyncio.get_running_loop()
        return model.follow(WARM_UP, usage=self.booked.append, changed=partial(self._changed, loop))


async def ask(model: CardModel) -> str:
    """The reason why no card came, or an empty string."""
    try:
        async for _ in model.stream_card(REQUEST):
            pass
    except ModelError as error:
        return error.reason
    return ""


async def fail(model: CardModel, times: int = 3) -> None:
    for _ in range(times):
        assert await ask(model) not in ("", "resting")


Story = Callable[[], Coroutine[Any, Any, None]]


def on_jumping_clock(story: Story) -> Callable[[], None]:
    """The test runs on a loop of its own, whose time passes by itself."""

    def test() -> None:
        run(story())

    test.__name__, test.__doc__ = story.__name__, story.__doc__
    return test
