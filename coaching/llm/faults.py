"""Every way the SDK can fail, as one `ModelError`. Reasons are single words; no text of vendors or people."""

from __future__ import annotations

import httpx2
import openai

from coaching.llm.base import ModelError

LONGEST_RETRY_AFTER_S = 120.0
# 403: the key is good, but not for this model or from this place.
FINAL = {401: "refused", 403: "forbidden", 404: "no_such_model"}
FILTERS = frozenset({"content_filter", "content_policy_violation", "invalid_prompt"})


def as_model_error(error: Exception) -> ModelError:
    """`error` is an `openai.OpenAIError`, an `httpx2.HTTPError`, an `OSError` or a `TimeoutError`."""
    if isinstance(error, ModelError):
        return error
    if isinstance(error, openai.APIStatusError):
        return _by_status(error)
    if isinstance(error.__cause__, httpx2.ConnectTimeout):  # the aiohttp transport calls a refused connection this
        return ModelError("unreachable", retryable=True)
    if isinstance(error, (openai.APITimeoutError, httpx2.TimeoutException, TimeoutError)):
        return ModelError("stalled", retryable=True)
    if isinstance(error, (openai.APIConnectionError, httpx2.HTTPError, OSError)):
        return ModelError("unreachable", retryable=True)
    return ModelError("server_error", retryable=True)


def _by_status(error: openai.APIStatusError) -> ModelError:
    status = error.status_code
    if status == 429:
        if error.code == "insufficient_quota":
            return ModelError("over_quota", retryable=False)
        return ModelError("rate_limited", retryable=True, retry_after_s=_retry_after(error))
    if status in FINAL:
        return ModelError(FINAL[status], retryable=False)
    if status >= 500 or status in (408, 409):
        return ModelError("server_error", retryable=True, retry_after_s=_retry_after(error))
    return ModelError("filtered" if error.code in FILTERS else "bad_request", retryable=True)


def _retry_after(error: openai.APIStatusError) -> float | None:
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_S)
