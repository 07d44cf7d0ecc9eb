"""Which language model a process uses. The only place that knows what is configured."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from coaching.llm.base import CardModel

if TYPE_CHECKING:
    from coaching.llm.openai import OpenAICardModel
    from coaching.llm.probes import Circuits


MOST_ACCOUNTS = 64
"""Connections that a process keeps, one for each key; beyond, the one unused for longest goes with its last call."""


def get_card_model(business_id: int | None = None, own_key: str = "") -> CardModel | None:
    """The model for live cards of one call, or None when neither a key nor a base URL is set.

    Calls of a process that use the same key share the connection, all calls share the provider's circuit, and each
    business has a circuit of its own. `own_key`: the business's own. Without a business: what is configured, for who
    only asks whether there is one.
    """
    model = _live_model(settings.OPENAI_LIVE_MODEL, own_key or settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL)
    if model is None:
        return None
    from coaching.llm.tips import GuardedModel  # noqa: PLC0415

    circuits = _circuits(settings.OPENAI_BASE_URL)
    return GuardedModel(model, circuits, business=str(business_id or ""), has_own_key=bool(own_key))


def new_card_model(own_key: str = "") -> OpenAICardModel | None:
    """One of one's own, without circuit and deadline, for tests of prompts; None as above. The caller closes it."""
    api_key = own_key or settings.OPENAI_API_KEY
    if not api_key and not settings.OPENAI_BASE_URL:
        return None
    from coaching.llm.openai import OpenAICardModel  # noqa: PLC0415

    return OpenAICardModel(model=settings.OPENAI_LIVE_MODEL, api_key=api_key, base_url=settings.OPENAI_BASE_URL)


@lru_cache(maxsize=MOST_ACCOUNTS)
def _live_model(model: str, api_key: str, base_url: str) -> OpenAICardModel | None:
    if not api_key and not base_url:
        return None
    from coaching.llm.openai import OpenAICardModel  # noqa: PLC0415 - the SDK costs a second to import

    return OpenAICardModel(model=model, api_key=api_key, base_url=base_url)


@cache
def _circuits(base_url: str) -> Circuits:  # noqa: ARG001 - one for each address
    from coaching.llm.probes import Circuits  # noqa: PLC0415

    return Circuits()
