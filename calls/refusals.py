"""That a speech service refuses a business's calls for good: told to its admins, until the service hears again.

A key that was withdrawn or an empty account passes no retry; somebody has to act. Kept in the cache, by business: a
cache that is away costs the line on the page, nothing else.
"""

from __future__ import annotations

import logging

from django.core.cache import cache

from tenants.caching import forget, known
from tenants.context import current

logger = logging.getLogger(__name__)

KEY = "speech-refused:"
KEEP_S = 86_400
ENGINES = ("deepgram", "local")


def tell(engine: str, reason: str) -> None:
    """`reason` is one sentence without names, keys or texts."""
    try:
        cache.set(KEY + engine, reason, KEEP_S)
    except Exception as error:  # noqa: BLE001 -- every driver has its own connection errors
        logger.warning("A refusal is not told: %s", type(error).__name__)


def clear(engine: str) -> None:
    forget(KEY + engine)


def keys_changed(**_: object) -> None:
    """Receives the save of a business's own keys."""
    clear("deepgram")


def reasons() -> list[str]:
    """What the current business's admins should know; nothing without a business."""
    business = current()
    if business is None or business.is_public:
        return []
    return [str(reason) for engine in ENGINES if (reason := known(KEY + engine))]
