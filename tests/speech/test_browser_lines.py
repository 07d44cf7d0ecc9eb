"""Lines the browser recognised: checked, cleaned, in order."""

from __future__ import annotations

from typing import Any

import pytest

from calls.speech.browser import MOST_REMEMBERED, BrowserLine, BrowserLineError, BrowserLines, parse_lines
from coaching.types import Channel, Line

NOW_MS = 60_000


def body(**changes: Any) -> dict[str, Any]:
    good = {
        "channel": "customer",
        "text": "Too expensive.",
        "start_ms": 1_000,
        "end_ms": 2_500,
        "confidence": 0.8,
        "is_final": True,
        "utterance": 3,
    }
    return good | changes


def take(lines: BrowserLines, **changes: Any) -> Line | None:
    return lines.take(BrowserLine.parse(body(**changes)), now_ms=NOW_MS)


def test_a_final_becomes_a_line_of_the_call() -> None:
    line = take(BrowserLines(2, first_utterance=500))
    assert line is not None
    assert (line.channel, line.text, line.provider, line.utterance) == (
        Channel.CUSTOMER, "Too expensive.", "browser", 500
    )  # fmt: skip
    assert line.is_final
    assert [(word.text, word.start_ms, word.end_ms) for word in line.words] == [
        ("Too", 1_000, 1_400),
        ("expensive.", 1_400, 2_500),
    ]


def test_interims_share_the_number_of_their_final() -> None:
    lines = BrowserLines(2)
    told = [
        take(lines, text="Too", is_final=False),
        take(lines, text="Too exp", is_final=False),
        take(lines),
        take(lines, utterance=4),
    ]
    assert [line.utterance for line in told if line] == [0, 0, 0, 1]


@pytest.mark.parametrize("again", [{"is_final": True}, {"is_final": False}, {"text": "Something else."}])
def test_nothing_comes_after_the_final(again: dict[str, Any]) -> None:
    lines = BrowserLines(2)
    assert take(lines) is not None
    assert take(lines, **again) is None


def test_the_same_interim_again_is_dropped() -> None:
    lines = BrowserLines(2)
    assert take(lines, is_final=False) is not None
    assert take(lines, is_final=False) is None


def test_the_same_number_on_the_other_channel_is_another_utterance() -> None:
    lines = BrowserLines(2)
    first, second = take(lines), take(lines, channel="rep")
    assert first is not None
    assert second is not None
    assert first.utterance != second.utterance


def test_an_empty_text_withdraws_what_was_said_and_is_nothing_otherwise() -> None:
    lines = BrowserLines(2)
    assert take(lines, text="  ", is_final=True) is None
    take(lines, utterance=9, is_final=False)
    withdrawn = take(lines, utterance=9, text="", is_final=True)
    assert withdrawn is not None
    assert not withdrawn.is_final
    assert withdrawn.text == ""


def test_text_is_cleaned_of_what_does_not_print() -> None:
    line = take(BrowserLines(2), text=" Too\x00\n\texpensive \u202e. ")
    assert line is not None
    assert line.text == "Too expensive ."


def test_memory_is_bounded() -> None:
    lines = BrowserLines(2)
    for number in range(MOST_REMEMBERED + 10):
        take(lines, utterance=number)
    assert len(lines._known) == MOST_REMEMBERED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"channel": "both"}, "channel"),
        ({"channel": None}, "channel"),
        ({"text": 7}, "text"),
        ({"text": "x" * 2_001}, "characters"),
        ({"start_ms": -1}, "start_ms"),
        ({"start_ms": 1.5}, "start_ms"),
        ({"start_ms": True}, "start_ms"),
        ({"end_ms": 500}, "ends after"),
        ({"end_ms": 70_000}, "lasts at most"),
        ({"confidence": "high"}, "confidence"),
        ({"confidence": float("nan")}, "confidence"),
        ({"is_final": 1}, "is_final"),
        ({"utterance": "3"}, "utterance"),
        ({"provider": "deepgram"}, "unknown field"),
    ],
)
def test_a_line_that_is_wrong_says_what(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BrowserLineError) as caught:
        BrowserLine.parse(body(**changes))
    assert reason in caught.value.reason


def test_what_is_missing_is_named_and_confidence_may_be() -> None:
    without = {name: value for name, value in body().items() if name != "confidence"}
    assert BrowserLine.parse(without).confidence == 0.0
    del without["utterance"]
    with pytest.raises(BrowserLineError, match="utterance"):
        BrowserLine.parse(without)


@pytest.mark.parametrize("value", [None, [], {"lines": 3}, {"lines": [3]}, {"lines": [body()] * 51}])
def test_a_request_that_is_wrong_is_refused_whole(value: object) -> None:
    with pytest.raises(BrowserLineError):
        parse_lines(value)


def test_a_request_of_several_lines_is_taken() -> None:
    assert len(parse_lines({"lines": [body(), body(utterance=4)]})) == 2


def test_a_time_to_come_and_a_side_that_is_not_there_are_refused() -> None:
    with pytest.raises(BrowserLineError, match="future"):
        take(BrowserLines(2), start_ms=70_000, end_ms=71_000)
    with pytest.raises(BrowserLineError, match="one channel"):
        take(BrowserLines(1))
