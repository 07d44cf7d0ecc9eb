"""The page that `make run` ends with says where, as whom and what to try."""

from __future__ import annotations

import dataclasses
import io
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from calls.demo import businesses
from salespilot.quickstart import page
from salespilot.quickstart.plan import Plan
from salespilot.quickstart.screen import Screen

pytestmark = pytest.mark.processes

PLAN = Plan(
    var=Path("var"),
    bind="127.0.0.1",
    port=8000,
    web_server="daphne",
    is_postgres_embedded=True,
    is_valkey_embedded=True,
    has_demo=True,
)


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "SPEECH_PROVIDER",
        "DEEPGRAM_API_KEY",
        "DEEPGRAM_BASE_URL",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "MAIL_URL",
    ):
        monkeypatch.delenv(name, raising=False)


def text(plan: Plan = PLAN) -> str:
    return "\n".join(page.lines(plan, port=8123))


def test_it_has_every_address_with_the_real_port() -> None:
    for address in ("http://acme.localhost:8123", "http://globex.localhost:8123", "http://localhost:8123/admin/"):
        assert address in text()


def test_its_logins_are_those_of_the_demo() -> None:
    assert businesses.PASSWORD in text()
    assert businesses.OPERATOR_EMAIL in text()
    for role in page.ROLES:
        assert f"{role}@acme.example" in text()


def test_without_the_demo_it_prints_no_logins_but_how_to_begin() -> None:
    without = text(dataclasses.replace(PLAN, has_demo=False))

    assert businesses.PASSWORD not in without
    assert "create_business" in without


def test_it_says_which_speech_engine_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "DEEPGRAM_API_KEY gives production accuracy" in text()
    monkeypatch.setenv("DEEPGRAM_API_KEY", "a-secret")

    assert "Deepgram, model nova-3" in text()
    assert "a-secret" not in text()


def test_it_says_whether_a_model_writes_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "OPENAI_API_KEY adds" in text()
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_LIVE_MODEL", "some-model")

    assert "playbook and some-model" in text()


def test_it_says_where_mails_go_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "written into var/mail" in text()
    monkeypatch.setenv("MAIL_URL", "smtp://pilot:a-secret@mail.example.com:587")

    assert "by mail.example.com" in text()
    assert "a-secret" not in text()


def test_names_that_do_not_resolve_get_their_line_for_the_hosts_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_resolves", lambda host: False)
    assert "127.0.0.1 acme.localhost globex.localhost" in text()
    monkeypatch.setattr(page, "_resolves", lambda host: True)
    assert "/etc/hosts" not in text()


def test_into_a_pipe_go_plain_whole_lines() -> None:
    output = io.StringIO()
    long = "x" * 200

    screen = Screen(Console(file=output, highlight=False))
    with screen.step("Starting [everything]"):
        pass
    screen.page("Ready", [long])

    assert "Starting [everything] …\n" in output.getvalue()
    assert f"\n{long}\n" in output.getvalue()
    assert "\x1b" not in output.getvalue()


def test_at_a_terminal_the_page_is_framed() -> None:
    output = io.StringIO()

    Screen(Console(file=output, force_terminal=True, width=80, highlight=False)).page("Ready", ["one", "two"])

    assert "╭" in output.getvalue()


def test_it_fits_a_terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_resolves", lambda host: False)

    assert [line for line in page.lines(PLAN, port=65535) if len(line) > 74] == []


def test_a_slow_name_server_does_not_hold_up_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: answer.wait(30))

    began = time.monotonic()
    shown = text()
    answer.set()

    assert time.monotonic() - began < 5
    assert "/etc/hosts" in shown
