"""Reads a streamed chat completion line by line, without building the SDK's objects for every piece. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import jiter

from coaching.llm.base import CardText, ModelError
from coaching.types import Component, Usage

MAX_ANSWER = 20_000


@dataclass(slots=True)
class ChatStream:
    """Feed it the lines of the event stream. `text` is the answer so far, `finish` the vendor's finish reason."""

    text: str = ""
    finish: str = ""
    is_done: bool = False
    has_events: bool = False
    raw_usage: dict[str, Any] = field(default_factory=dict)

    def feed(self, line: str) -> bool:
        """One line; True when the answer grew. Raises `ModelError` for a broken or failed stream."""
        if not line.startswith("data:"):
            return False
        data = line[5:].strip()
        self.has_events = True
        if data == "[DONE]":
            self.is_done = True
            return False
        try:
            chunk = json.loads(data)
        except json.JSONDecodeError as error:
            raise ModelError("malformed", retryable=True) from error
        if not isinstance(chunk, dict):
            raise ModelError("malformed", retryable=True)
        if chunk.get("error"):
            raise ModelError("server_error", retryable=True)
        return self._take(chunk)

    def check(self) -> None:
        """The stream has ended: raises `ModelError` unless a whole answer was received."""
        if not self.has_events:
            raise ModelError("malformed", retryable=True)
        if self.finish == "content_filter":
            raise ModelError("filtered", retryable=True)
        if self.finish == "length":
            raise ModelError("truncated", retryable=True)
        if self.finish != "stop":
            raise ModelError("cut_short", retryable=True)
        if not self.text.strip():
            raise ModelError("empty", retryable=True)

    def usage(self, provider: str, model: str) -> tuple[Usage, ...]:
        return usage_of(self.raw_usage, provider, model)

    def _take(self, chunk: dict[str, Any]) -> bool:
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            self.raw_usage = usage
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            return False
        self.finish = choices[0].get("finish_reason") or self.finish
        delta = choices[0].get("delta")
        piece = delta.get("content") if isinstance(delta, dict) else None
        if not isinstance(piece, str) or not piece:
            return False
        self.text += piece
        if len(self.text) > MAX_ANSWER:
            raise ModelError("malformed", retryable=True)
        return True


def usage_of(raw: dict[str, Any], provider: str, model: str) -> tuple[Usage, ...]:
    """A vendor's token counts as usage: uncached input, cached input, cache writes and output apart."""
    details = raw.get("prompt_tokens_details") or {}
    cached, written = _count(details, "cached_tokens"), _count(details, "cache_write_tokens")
    quantities = (
        ("input_tokens", max(_count(raw, "prompt_tokens") - cached - written, 0)),
        ("cached_tokens", cached),
        ("cache_write_tokens", written),
        ("output_tokens", _count(raw, "completion_tokens")),
    )
    return tuple(Usage(Component.MODEL, provider, model, unit, quantity) for unit, quantity in quantities if quantity)


def partial_object(text: str) -> dict[str, Any]:
    """What of a growing JSON object can be read already; an empty one when nothing can. Fences are skipped."""
    start = text.find("{")
    if start < 0:
        return {}
    try:
        value = jiter.from_json(text[start:].encode(), partial_mode="trailing-strings")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def card_of(text: str, *, is_complete: bool) -> CardText | None:
    """The card in a growing answer, None while it says nothing yet. A finished one must have its fields."""
    fields = partial_object(text if not is_complete else text[: text.rfind("}") + 1])
    say = fields.get("say")
    if not isinstance(say, str) or (not say and not is_complete):
        if is_complete:
            raise ModelError("malformed", retryable=True)
        return None
    if not is_complete:
        return CardText(say=say)
    words = {
        name: value for name in ("why", "kind", "title", "source_key") if isinstance(value := fields.get(name), str)
    }
    return CardText(say=say, should_show=fields.get("should_show") is not False, is_complete=True, **words)


def _count(raw: dict[str, Any], name: str) -> int:
    value = raw.get(name)
    return value if isinstance(value, int) and value > 0 else 0
