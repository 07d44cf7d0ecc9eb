"""The report's words by the model: one structured answer, not streamed, with the SDK's own retries."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import openai

from coaching import prompts
from coaching.llm import faults
from coaching.llm.base import ModelError, SummaryRequest
from coaching.llm.capabilities import ABOUT_CONTENT, Capabilities
from coaching.llm.stream import partial_object, usage_of
from coaching.types import Usage

MAX_ATTEMPTS = 5
_capabilities: dict[str, Capabilities] = {}


def write(
    request: SummaryRequest, *, model: str, api_key: str, base_url: str
) -> tuple[dict[str, Any], tuple[Usage, ...]]:
    """The answer as a mapping, and its usage. Blocking, for tasks. Raises `ModelError`."""
    can = _capabilities.setdefault(f"{base_url} {model}", Capabilities())
    timeout = httpx2.Timeout(request.total_s, connect=5.0)
    try:
        with openai.OpenAI(
            api_key=api_key or "no-key", base_url=base_url or None, max_retries=request.max_tries - 1, timeout=timeout
        ) as client:
            raw = _ask(client, can, _params(request, model))
    except (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError) as error:
        raise faults.as_model_error(error) from error
    return _answer(raw), _with_purpose(usage_of(raw.get("usage") or {}, "openai", model))


def _ask(client: openai.OpenAI, can: Capabilities, params: dict[str, Any]) -> dict[str, Any]:
    tried = can.copy()
    for _ in range(MAX_ATTEMPTS):
        try:
            response = client.chat.completions.with_raw_response.create(**tried.fit(params))
        except (openai.BadRequestError, openai.UnprocessableEntityError) as refusal:
            if refusal.code in ABOUT_CONTENT or not tried.learn(str(refusal)):
                raise
            continue
        can.take(tried)
        raw = json.loads(response.text)
        return raw if isinstance(raw, dict) else {}
    raise ModelError("bad_request", retryable=False)


def _params(request: SummaryRequest, model: str) -> dict[str, Any]:
    schema = {"name": "report", "strict": True, "schema": prompts.SUMMARY_SCHEMA}
    return {
        "model": model,
        "messages": [{"role": role, "content": text} for role, text in request.messages],
        "response_format": {"type": "json_schema", "json_schema": schema},
        "max_completion_tokens": request.max_output_tokens,
        "reasoning_effort": "low",
        "store": False,
        "temperature": request.temperature,
    }


def _answer(raw: dict[str, Any]) -> dict[str, Any]:
    choices = raw.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    if choice.get("finish_reason") == "content_filter":
        raise ModelError("filtered", retryable=True)
    if choice.get("finish_reason") != "stop":
        raise ModelError("cut_short", retryable=True)
    message = choice.get("message")
    if isinstance(message, dict) and message.get("refusal"):
        raise ModelError("unwilling", retryable=True)
    content = message.get("content") if isinstance(message, dict) else None
    fields = partial_object(content) if isinstance(content, str) else {}
    if not isinstance(fields.get("text"), str) or not fields["text"].strip():
        raise ModelError("malformed", retryable=True)
    return fields


def _with_purpose(usage: tuple[Usage, ...]) -> tuple[Usage, ...]:
    return tuple(
        Usage(entry.component, entry.provider, entry.model, entry.unit, entry.quantity, purpose="report")
        for entry in usage
    )
