"""What a call that begins now can expect of speech recognition, in words for the rep before the call."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum

from calls import speech
from calls.accounts import own_speech
from calls.speech.accounts import OwnAccount
from tenants.context import Business
from tenants.house.policies import current_policy


class Speech(StrEnum):
    """As on the wire."""

    READY = "ready"
    SECOND_ENGINE = "second_engine"
    BROWSER = "browser"
    LATER = "later"


logger = logging.getLogger(__name__)

FULL = "All speech slots are in use."
WORDS = {
    Speech.READY: "",
    Speech.SECOND_ENGINE: f"{FULL} This call will be transcribed by the engine on our own server until a slot is free.",
    Speech.BROWSER: f"{FULL} Until one is free your browser recognises the speech if it can; whatever it misses is "
    "transcribed later.",
    Speech.LATER: f"{FULL} Until one is free the call has no live transcript: what is said is kept and transcribed "
    "later, at the latest after the call.",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What of the business decides. Read within it by `terms`."""

    own: OwnAccount | None
    allow_browser_speech: bool


def terms() -> Terms:
    return Terms(own_speech(), current_policy().allow_browser_speech)


async def outlook(business: Business, terms: Terms) -> dict[str, str]:
    """`{"state", "words"}` for the wire. Never raises, and waits a second at most; an answer of the moment."""
    state = await _state(business, terms)
    return {"state": state.value, "words": WORDS[state]}


async def _state(business: Business, terms: Terms) -> Speech:
    try:
        is_free = await speech.has_free_slot(business.schema_name, terms.own)
    except Exception:
        # An engine that can not be loaded is no want of slots: the call itself will tell.
        logger.exception("No outlook for a call")
        is_free = True
    if is_free:
        return Speech.READY
    if speech.has_second_engine():
        return Speech.SECOND_ENGINE
    return Speech.BROWSER if terms.allow_browser_speech else Speech.LATER
