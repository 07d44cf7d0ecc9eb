"""Several models as one: the next is asked when one fails before its first words."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from coaching.llm.base import CardModel, CardRequest, CardText, Changed, ModelError, Recovering
from coaching.types import Usage


class FallbackModel:
    """Adapter of the same type. Once words were given a failure is final: two half cards help nobody."""

    def __init__(self, models: Sequence[CardModel]) -> None:
        if not models:
            raise ValueError("FallbackModel needs at least one model.")
        self._models = tuple(models)

    @property
    def name(self) -> str:
        return self._models[0].name

    @property
    def provider(self) -> str:
        return self._models[0].provider

    async def warm_up(self) -> None:
        """Warm every model; raises the first's error only when none could be warmed."""
        errors = []
        for model in self._models:
            try:
                await model.warm_up()
            except ModelError as error:
                errors.append(error)
        if len(errors) == len(self._models):
            raise errors[0]

    def follow(self, request: CardRequest, *, usage: Callable[[Usage], None], changed: Changed) -> Callable[[], None]:
        """Every model that may rest is followed. While one rests another may answer: only what returns is told."""

        def returned(error: ModelError | None) -> None:
            if error is None:
                changed(None)

        leaves = [
            model.follow(request, usage=usage, changed=returned)
            for model in self._models
            if isinstance(model, Recovering)
        ]

        def leave() -> None:
            for each in leaves:
                each()

        return leave

    async def stream_card(self, request: CardRequest) -> AsyncGenerator[CardText | Usage]:
        failure: ModelError | None = None
        for model in self._models:
            has_words = False
            try:
                async with aclosing(model.stream_card(request)) as stream:
                    async for item in stream:
                        has_words = has_words or isinstance(item, CardText)
                        yield item
            except ModelError as error:
                if has_words:
                    raise
                failure = error
            else:
                return
        if failure is not None:
            raise failure
