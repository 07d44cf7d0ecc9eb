"""Which language model a process uses. The only place that knows what is configured."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from coaching.llm.base import CardModel


def get_card_model() -> CardModel | None:
    """The process-wide model for live cards, or None when neither a key nor a base URL is set."""
    return _card_model(settings.OPENAI_LIVE_MODEL, settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL)


@cache
def _card_model(model: str, api_key: str, base_url: str) -> CardModel | None:
    if not api_key and not base_url:
        return None
    from coaching.llm.openai import OpenAICardModel  # noqa: PLC0415 - the SDK costs a second to import
    from coaching.llm.tips import GuardedModel  # noqa: PLC0415

    return GuardedModel(OpenAICardModel(model=model, api_key=api_key, base_url=base_url))
