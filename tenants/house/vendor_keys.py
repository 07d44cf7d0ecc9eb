"""The business's own keys for the code that calls the vendors. Reads within the current business."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from tenants.context import current
from tenants.house.vendor_key import ENDING, VendorKeys
from tenants.sealing import Unsealable, seal, unseal

SPEECH = "speech key"
MODEL = "model key"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SpeechKey:
    """`slots_max`: the most live streams that its contract allows; None: unknown."""

    key: str = field(repr=False)
    slots_max: int | None = None


def speech_key() -> SpeechKey | None:
    """None: the installation's is used."""
    row = VendorKeys.objects.first()
    key = opened(row.speech_sealed, SPEECH) if row is not None else ""
    return SpeechKey(key, row.speech_slots_max) if row is not None and key else None


def model_key() -> str:
    """Empty: the installation's is used, as where nobody's data is meant."""
    business = current()
    if business is None or business.is_public:
        return ""
    row = VendorKeys.objects.first()
    return opened(row.model_sealed, MODEL) if row is not None else ""


def opened(sealed: str, purpose: str) -> str:
    """Empty without a key, and for one that was sealed under another secret key: its admins read that on the page."""
    if not sealed:
        return ""
    try:
        return unseal(sealed, purpose=purpose)
    except Unsealable:
        logger.warning("A key of a business can not be opened: %s", purpose)
        return ""


def sealed_with_ending(key: str, purpose: str) -> tuple[str, str]:
    """As they are kept; both empty for no key."""
    return (seal(key, purpose=purpose), key[-ENDING:]) if key else ("", "")
