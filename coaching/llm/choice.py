"""Which language model a process uses. The only place that knows what is configured."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from coaching.llm.base import CardModel

if TYPE_CHECKING:
    from coaching.llm.openai import OpenAICardModel


MOST_ACCOUNTS = 64
"""Models that a process keeps, one for each key; beyond, the one unused for longest goes with its last call."""


def get_card_model(own_key: str = "") -> CardModel | None:
    """The process-wide model for live cards, or None when neither a key nor a base URL is set.

    `own_key`: a business's own; it has a model of its own, with its own circuit.
    """
    return _card_model(settings.OPENAI_LIVE_MODEL, own_key or settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL)


def new_card_model(own_key: str = "") -> OpenAICardModel | None:
    """One of one's own, without circuit and deadline, for tests of prompts; None as above. The caller closes it."""
    api_key = own_key or settings.OPENAI_API_KEY
    if not api_key and not settings.OPENAI_BASE_URL:
        return None
    from coaching.llm.openai import OpenAICardModel  # noqa: PLC0415

    return OpenAICardModel(model=settings.OPENAI_LIVE_MODEL, api_key=api_key, base_url=settings.OPENAI_BASE_URL)


@lru_cache(maxsize=MOST_ACCOUNTS)
def _card_model(model: str, api_key: str, base_url: str) -> CardModel | None:
    if not api_key and not base_url:
        return None
    from coaching.llm.openai import OpenAICardModel  # noqa: PLC0415 - the SDK costs a second to import
    from coaching.llm.tips import GuardedModel  # noqa: PLC0415

    return GuardedModel(OpenAICardModel(model=model, api_key=api_key, base_url=base_url))
