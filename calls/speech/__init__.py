"""Speech: one seam (`base`), three engines, and the choice between them.

Only names are imported here: the engine's own process and the pure modules must stay light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calls.speech.accounts import OwnAccount
    from calls.speech.base import SpeechProvider


def get_provider(own: OwnAccount | None = None) -> SpeechProvider | None:
    """The process's provider per `SPEECH_PROVIDER`, None when only the browser recognises or nobody does.

    `own`: the business's account; without one, the installation's.
    """
    from calls.speech import choice  # noqa: PLC0415 - see above

    return choice.get_provider(own)


def has_fallback() -> bool:
    """Whether the embedded engine stands behind another one, and ought to be warm when that fails."""
    from calls.speech import choice  # noqa: PLC0415

    return choice.has_fallback()


async def warm_up() -> None:
    """Load what the first call would wait for. Never raises: a call will tell what is wrong."""
    from calls.speech import choice  # noqa: PLC0415

    await choice.warm_up()


async def has_free_slot(business: str, own: OwnAccount | None) -> bool:
    """Whether the vendor would hear a call of `business` that began now; True as well where no vendor is asked."""
    from calls.speech import choice  # noqa: PLC0415

    return await choice.has_free_slot(business, own)


def has_second_engine() -> bool:
    """Whether the embedded engine hears where the vendor can not."""
    from calls.speech import choice  # noqa: PLC0415

    return choice.has_second_engine()


async def transcribe_snippet(pcm: bytes, own: OwnAccount | None = None) -> tuple[str, str]:
    """`(text, provider)` of a few seconds of PCM16 mono 16 kHz, for the pre-flight check. Raises SpeechError."""
    from calls.speech import choice  # noqa: PLC0415

    return await choice.transcribe_snippet(pcm, own)


async def shutdown() -> None:
    """Ends the engines. `get_provider` afterwards makes new ones."""
    from calls.speech import choice  # noqa: PLC0415

    await choice.shutdown()
