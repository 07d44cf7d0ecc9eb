"""Reads a streamed chat completion line by line, without building the SDK's objects for every piece. Pure.

Everything is bounded: a longer answer, line or stream is a failure of its model.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import jiter

from coaching.llm.base import CardText, ModelError
from coaching.types import Component, Usage

MAX_ANSWER = 20_000
MAX_SAY = 480
"""Twice what a card may say: who writes on has lost the thread."""

MAX_LINE_BYTES = 65_536
MAX_BYTES = 1_000_000
_FIELDS = ("data:", ":", "event:", "id:", "retry:")


class Lines:
    """Cuts bytes as they come into lines. Raises `ModelError` for a line or a stream that is too long."""

    def __init__(self) -> None:
        self._rest = b""
        self._received = 0

    def feed(self, data: bytes) -> list[str]:
        self._received += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        if self._received > MAX_BYTES or len(self._rest) > MAX_LINE_BYTES:
            raise ModelError("too_long", retryable=True)
        return [_text(line) for line in lines]

    def end(self) -> str:
        """What came after the last line break."""
        return _text(self._rest)


@dataclass(slots=True)
class ChatStream:
    """Give it the lines of the event stream. `text` is the answer so far, `finish` the vendor's finish reason.

    `has_moved`: the last line brought the answer on. `is_whole`: a whole card was given.
    """

    text: str = ""
    finish: str = ""
    has_moved: bool = False
    is_whole: bool = False
    said: str = ""
    is_done: bool = False
    has_events: bool = False
    raw_usage: dict[str, Any] = field(default_factory=dict)

    def take(self, line: str) -> CardText | None:
        """One line: the card where it grew, and once the vendor says that it finished, whole. Raises `ModelError`."""
        self.has_moved = self._feed(line)
        if self.is_whole:
            return None
        if self.finish:
            self.check()
            card = whole_card(self.text)
            self.has_moved = self.is_whole = True
            return card
        growing = card_of(self.text) if self.has_moved else None
        if growing is None or growing.say == self.said:
            return None
        if len(growing.say) > MAX_SAY:
            raise ModelError("too_long", retryable=True)
        self.said = growing.say
        return growing

    def _feed(self, line: str) -> bool:
        """One line; True when the answer grew. Raises `ModelError` for a broken or failed stream.

        Whatever is no field of an event stream, a page or a whole answer at once, is a failure by its first line.
        """
        if line and not line.startswith(_FIELDS):
            raise ModelError("malformed", retryable=True)
        if not line.startswith("data:"):
            return False
        data = line[5:].strip()
        self.has_events = True
        if data == "[DONE]":
            self.is_done = True
            return False
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError) as error:
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
        finish = choices[0].get("finish_reason")
        self.finish = finish if isinstance(finish, str) and finish else self.finish
        delta = choices[0].get("delta")
        if isinstance(delta, dict) and delta.get("refusal"):
            raise ModelError("unwilling", retryable=True)
        piece = delta.get("content") if isinstance(delta, dict) else None
        if not isinstance(piece, str) or not piece:
            return False
        self.text += piece
        if len(self.text) > MAX_ANSWER:
            raise ModelError("too_long", retryable=True)
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


def card_of(text: str) -> CardText | None:
    """The card in a growing answer, None while it says nothing yet."""
    say = partial_object(text).get("say")
    return CardText(say=say) if isinstance(say, str) and say.strip() else None


def whole_card(text: str) -> CardText:
    """The card of a finished answer. Raises `ModelError` when it is none, or says nothing."""
    fields = partial_object(text[: text.rfind("}") + 1])
    say = fields.get("say")
    if not isinstance(say, str):
        raise ModelError("no_card", retryable=True)
    should_show = fields.get("should_show") is not False
    if should_show and not say.strip():
        raise ModelError("empty", retryable=True)
    names = ("why", "kind", "title", "source_key", "question")
    words = {name: value for name in names if isinstance(value := fields.get(name), str)}
    return CardText(say=say, should_show=should_show, is_complete=True, **words)


def _text(line: bytes) -> str:
    try:
        return line.decode().rstrip("\r")
    except UnicodeDecodeError as error:
        raise ModelError("malformed", retryable=True) from error


def _count(raw: dict[str, Any], name: str) -> int:
    value = raw.get(name)
    return value if isinstance(value, int) and value > 0 else 0
