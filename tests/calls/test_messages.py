"""What clients may say, and what they are told when it can not be taken."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.live.messages import Action, Hello, Help, MessageError, Note, parse_client_message, parse_hello, parse_object
from coaching.types import CardAction
from tenants.members.help_modes import HelpMode

HELLO = {
    "type": "hello", "protocol": 1, "encoding": "linear16", "sample_rate": 16_000, "channels": 2, "resume": 7,
}  # fmt: skip


def test_a_hello_is_understood() -> None:
    assert parse_hello(json.dumps(HELLO)) == Hello(channels=2, resume=7)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "hi"}, {"protocol": 2}, {"encoding": "opus"}, {"sample_rate": 8_000}, {"channels": 0},
        {"channels": 3}, {"channels": "2"}, {"channels": True}, {"resume": -1}, {"resume": "x"}, {"more": 1},
    ],
)  # fmt: skip
def test_a_wrong_hello_is_refused_in_words(change: dict[str, Any]) -> None:
    with pytest.raises(MessageError) as caught:
        parse_hello(json.dumps({**HELLO, **change}))
    assert caught.value.reason.endswith(".")


@pytest.mark.parametrize("text", ["", "[]", "1", "{", "null", "x" * 9_000, '{"a": "\\ud800"}'])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(MessageError):
        parse_object(text)


def test_client_messages_are_understood() -> None:
    assert parse_client_message({"type": "used", "card_id": "c1"}) == Action("c1", CardAction.USED)
    painted = {"type": "painted", "card_id": "c1", "latency_ms": 312.0}
    assert parse_client_message(painted) == Action("c1", CardAction.PAINTED, 312)
    assert parse_client_message({"type": "note", "text": " Ask about budget. "}) == Note("Ask about budget.")
    assert parse_client_message({"type": "help", "mode": "key_moments"}) == Help(HelpMode.KEY_MOMENTS)


@pytest.mark.parametrize(
    "message",
    [
        {}, {"type": "shout"}, {"type": 1}, {"type": "used"}, {"type": "used", "card_id": ""},
        {"type": "used", "card_id": "c" * 65}, {"type": "used", "card_id": "c", "extra": 1},
        {"type": "painted", "card_id": "c"}, {"type": "painted", "card_id": "c", "latency_ms": -1},
        {"type": "painted", "card_id": "c", "latency_ms": 1e12}, {"type": "note", "text": "  "},
        {"type": "note", "text": "n" * 501}, {"type": "note", "text": None},
        {"type": "help"}, {"type": "help", "mode": "loud"}, {"type": "help", "mode": []},
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises(MessageError):
        parse_client_message(message)


@given(st.text(max_size=200))
def test_any_text_is_a_message_or_refused(text: str) -> None:
    with suppress(MessageError):
        parse_client_message(parse_object(text))
