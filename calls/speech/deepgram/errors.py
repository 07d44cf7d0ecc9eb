"""What went wrong at Deepgram, as our one error with its decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calls.speech.base import SpeechError

FATAL = {
    400: "Deepgram refused the request: a parameter or the model is not accepted",
    401: "Deepgram refused the key",
    402: "the Deepgram account has no credit left",
    403: "the Deepgram key may not use this model or feature",
    404: "Deepgram does not know this address",
}
BUSY = 429
ENDED = "Deepgram ended the stream"
"""A close in form that we did not ask for, whether our reader or our writer meets it first."""

NORMAL_CLOSURE = 1000
CLOSE_REASONS = {
    "NET-0000": "Deepgram had an internal problem",
    "NET-0001": "Deepgram received no audio in time",
    "DATA-0000": "Deepgram could not read the audio",
}


def from_status(status: int | None, headers: Mapping[str, Any]) -> SpeechError:
    if status in FATAL:
        return SpeechError(FATAL[status], retryable=False)
    if status == BUSY:
        wait_s = _retry_after(headers)
        return SpeechError("Deepgram is at its limit of streams", retryable=True, retry_after_s=wait_s, is_full=True)
    return SpeechError(f"Deepgram answered {status or 'nothing'}", retryable=True, retry_after_s=_retry_after(headers))


def _retry_after(headers: Mapping[str, Any]) -> float | None:
    """Seconds only; a date is not worth parsing for a call that lives now."""
    for name, value in headers.items():
        if str(name).lower() == "retry-after":
            try:
                return max(0.0, float(value))
            except (TypeError, ValueError):
                return None
    return None


def speech_error(error: BaseException) -> SpeechError:
    """Any failure of the SDK, the socket or the network. Holds no header, key or text of the service."""
    if isinstance(error, SpeechError):
        return error
    status = getattr(error, "status_code", None)
    if status is not None or type(error).__name__ == "ApiError":
        return from_status(status, _answer_headers(error))
    close_code = getattr(error, "code", None)
    if isinstance(close_code, int):
        return _closed(close_code, str(getattr(error, "reason", "")))
    if isinstance(error, TimeoutError):
        return SpeechError("Deepgram did not answer in time", retryable=True)
    if isinstance(error, OSError):
        return SpeechError("Deepgram can not be reached", retryable=True)
    return SpeechError(f"the Deepgram stream failed ({type(error).__name__})", retryable=True)


def _answer_headers(error: BaseException) -> Mapping[str, Any]:
    """For a refused socket the SDK's error carries our own headers; the answer's are on its context."""
    context = error.__context__
    headers = getattr(context, "headers", None)
    if headers is None:
        headers = getattr(getattr(context, "response", None), "headers", None)
    if headers is None and not isinstance(context, BaseException):
        headers = getattr(error, "headers", None)
    return dict(headers.items()) if headers is not None else {}


def _closed(code: int, reason: str) -> SpeechError:
    for name, words in CLOSE_REASONS.items():
        if name in reason:
            return SpeechError(f"{words} ({name})", retryable=True)
    lost = ENDED if code == NORMAL_CLOSURE else f"the Deepgram socket was lost ({code})"
    return SpeechError(lost, retryable=True)
