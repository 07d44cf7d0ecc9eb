"""What reaches Sentry: places in code and ids. Never words of a call, whoever raised the error and however."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk

from calls.speech.base import SpeechError
from salespilot import observability
from tenants.context import Business, business_scope
from tests.observability.sentry_server import SentryServer

SPOKEN = "my card number is four two four two and my name is Ada"
BUSINESS = Business(id=42, schema_name="acme", name="Acme Cloud")


@pytest.fixture
def sentry(settings: Any) -> Iterator[SentryServer]:
    with SentryServer() as server:
        settings.SENTRY_DSN = server.dsn
        observability.start()
        yield server
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)


def fail(transcript: str) -> None:
    copied = [transcript] * 2
    raise ValueError(f"can not parse {copied[0]}")


def sent(server: SentryServer) -> dict[str, object]:
    sentry_sdk.flush(timeout=10)
    assert SPOKEN not in "".join(server.raw)
    assert "Ada" not in "".join(server.raw)
    (event,) = server.events
    return event


def test_an_error_arrives_without_message_or_variables(sentry: SentryServer) -> None:
    try:
        fail(SPOKEN)
    except ValueError:
        sentry_sdk.capture_exception()
    event = sent(sentry)
    (error,) = event["exception"]["values"]  # type: ignore[index]
    assert error["type"] == "ValueError"
    assert error["stacktrace"]["frames"][-1]["function"] == "fail"
    assert "vars" not in error["stacktrace"]["frames"][-1]


def test_our_own_errors_keep_their_reason(sentry: SentryServer) -> None:
    sentry_sdk.capture_exception(SpeechError("The speech service did not answer.", retryable=True))
    event = sent(sentry)
    assert event["exception"]["values"][0]["value"] == "The speech service did not answer."  # type: ignore[index]


def test_the_business_is_named_by_its_id_only(sentry: SentryServer) -> None:
    with business_scope(BUSINESS):
        sentry_sdk.capture_message("a report was late")
    event = sent(sentry)
    assert event["tags"] == {"business": "42"}
    assert "Acme" not in "".join(sentry.raw)


def test_a_logged_exception_drops_its_extras_and_breadcrumbs(sentry: SentryServer) -> None:
    logger = logging.getLogger("calls.tests")
    logger.warning("said: %s", SPOKEN)
    try:
        fail(SPOKEN)
    except ValueError:
        logger.exception("Report not written for %s", SPOKEN, extra={"transcript": SPOKEN})
    event = sent(sentry)
    assert event["logentry"] == {"message": "Report not written for %s"}
    assert "extra" not in event
    assert not event.get("breadcrumbs")


def test_requests_lose_bodies_headers_cookies_and_queries() -> None:
    call_id = uuid.uuid4()
    event = observability.strip(
        {
            "request": {
                "url": f"https://acme.example/api/calls/{call_id}/lines?name=Ada",
                "method": "POST",
                "data": {"text": SPOKEN},
                "headers": {"Authorization": "Bearer sp_secret"},
                "cookies": {"session": "secret"},
                "query_string": "name=Ada",
                "env": {"REMOTE_ADDR": "192.0.2.7"},
            },
            "user": {"id": 1, "email": "ada@acme.example"},
            "contexts": {"celery-job": {"kwargs": {"text": SPOKEN}}, "runtime": {"name": "CPython"}},
            "tags": {"anything": SPOKEN},
            "threads": {"values": [{"stacktrace": {"frames": [{"vars": {"text": SPOKEN}, "function": "f"}]}}]},
        }
    )
    assert event["request"] == {"method": "POST", "url": f"/api/calls/{call_id}/lines"}
    assert event["tags"] == {"call": str(call_id)}
    assert event["contexts"] == {"runtime": {"name": "CPython"}}
    assert SPOKEN not in str(event)
    assert "Ada" not in str(event)
    assert "secret" not in str(event)


def test_without_a_dsn_nothing_starts(settings: Any) -> None:
    settings.SENTRY_DSN = ""
    observability.start()
    assert not sentry_sdk.get_client().is_active()
