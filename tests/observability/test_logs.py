"""Log lines: one JSON object each, with ids, without anybody's words."""

from __future__ import annotations

import json
import logging
import sys
import uuid
from typing import Any

from calls.speech.base import SpeechError
from salespilot.logs import JsonFormatter
from tenants.context import Business, business_scope

SPOKEN = "we pay forty thousand a year"


def line(message: str = "Report not written", **extra: Any) -> dict[str, Any]:
    record = logging.getLogger("calls.tests").makeRecord(
        "calls.tests", logging.ERROR, __file__, 1, message, (), extra.pop("exc_info", None), extra=extra
    )
    text = JsonFormatter().format(record)
    assert "\n" not in text
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def throw(error: Exception) -> None:
    raise error


def caught(error: Exception) -> Any:
    try:
        throw(error)
    except type(error):
        return sys.exc_info()


def test_a_line_says_when_where_and_what() -> None:
    parsed = line()
    assert (parsed["level"], parsed["logger"], parsed["message"]) == ("ERROR", "calls.tests", "Report not written")
    assert parsed["time"].endswith("+00:00")
    assert "business" not in parsed


def test_ids_are_fields() -> None:
    call_id = uuid.uuid4()
    with business_scope(Business(7, "acme", "Acme Cloud")):
        parsed = line(call=call_id.hex, attempt=2)
    assert (parsed["business"], parsed["call"], parsed["attempt"]) == (7, call_id.hex, 2)


def test_a_foreign_errors_message_is_withheld_and_its_place_is_kept() -> None:
    parsed = line(exc_info=caught(ValueError(SPOKEN)))
    assert SPOKEN not in json.dumps(parsed)
    assert parsed["error"][0].startswith("builtins.ValueError: (message withheld")
    assert parsed["error"][-1].endswith(" throw")


def test_our_own_errors_message_is_kept_and_its_cause_is_not() -> None:
    try:
        try:
            throw(ValueError(SPOKEN))
        except ValueError as cause:
            raise SpeechError("The stream was lost.", retryable=True) from cause
    except SpeechError:
        parsed = line(exc_info=sys.exc_info())
    assert parsed["error"][0] == "calls.speech.base.SpeechError: The stream was lost."
    assert SPOKEN not in json.dumps(parsed)


def test_objects_that_frameworks_attach_are_left_out() -> None:
    parsed = line(request={"body": SPOKEN}, data={"kwargs": SPOKEN}, other=[SPOKEN])
    assert SPOKEN not in json.dumps(parsed)
    assert parsed["other"] == "list"


def test_an_error_that_causes_itself_does_not_hang() -> None:
    error = ValueError("x")
    error.__cause__ = error
    assert len(line(exc_info=caught(error))["error"]) == 3
