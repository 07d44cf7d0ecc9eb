"""Speech: one seam (`base`), three engines, and the choice between them.

Only names are imported here: the engine's own process and the pure modules must stay light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calls.speech.base import SpeechProvider


def get_provider() -> SpeechProvider | None:
    """The process's provider per `SPEECH_PROVIDER`, None when only the browser recognises or nobody does."""
    from calls.speech import choice  # noqa: PLC0415 - see above

    return choice.get_provider()


def has_fallback() -> bool:
    """Whether the embedded engine stands behind another one, and ought to be warm when that fails."""
    from calls.speech import choice  # noqa: PLC0415

    return choice.has_fallback()


async def warm_up() -> None:
    """Load what the first call would wait for. Never raises: a call will tell what is wrong."""
    from calls.speech import choice  # noqa: PLC0415

    await choice.warm_up()


async def transcribe_snippet(pcm: bytes) -> tuple[str, str]:
    """`(text, provider)` of a few seconds of PCM16 mono 16 kHz, for the pre-flight check. Raises SpeechError."""
    from calls.speech import choice  # noqa: PLC0415

    return await choice.transcribe_snippet(pcm)


async def shutdown() -> None:
    """Ends the engines. `get_provider` afterwards makes new ones."""
    from calls.speech import choice  # noqa: PLC0415

    await choice.shutdown()
