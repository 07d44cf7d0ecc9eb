"""The strict readers: odd values stop the start with a sentence, secrets are never repeated."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from salespilot import databases, env, mailing

NAME = "A_TEST_SETTING"


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    monkeypatch.delenv(f"{NAME}_FILE", raising=False)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    return monkeypatch


def test_unset_and_empty_mean_the_default(given: pytest.MonkeyPatch) -> None:
    assert env.text(NAME, "x") == "x"
    given.setenv(NAME, "  ")
    assert env.text(NAME, "x") == "x"


def test_a_secret_may_stand_in_a_file(given: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\n")
    given.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))

    assert env.text(NAME) == "hush"


def test_a_file_that_can_not_be_read_is_named(given: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given.setenv(f"{NAME}_FILE", str(tmp_path / "missing"))

    with pytest.raises(ImproperlyConfigured, match=r"A_TEST_SETTING_FILE: can not read .*missing"):
        env.text(NAME)


def test_a_value_and_a_file_at_once_are_refused_without_showing_the_value(
    given: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given.setenv(NAME, "hush")
    given.setenv(f"{NAME}_FILE", str(tmp_path))

    with pytest.raises(ImproperlyConfigured, match="not both") as refused:
        env.text(NAME)

    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("value", "meaning"), [("true", True), ("YES", True), ("1", True), ("False", False), ("0", False)]
)
def test_booleans(given: pytest.MonkeyPatch, value: str, meaning: bool) -> None:
    given.setenv(NAME, value)

    assert env.boolean(NAME, default=not meaning) is meaning


@pytest.mark.parametrize("value", ["on", "y", "2", "tru"])
def test_an_odd_boolean_is_refused(given: pytest.MonkeyPatch, value: str) -> None:
    given.setenv(NAME, value)

    with pytest.raises(ImproperlyConfigured, match="write true or false"):
        env.boolean(NAME)


@pytest.mark.parametrize(
    ("value", "advice"), [("", None), ("7", None), ("0", "from 1 to 9"), ("10", "from 1 to 9"), ("7.5", "whole number")]
)
def test_integers_stay_within_their_limits(given: pytest.MonkeyPatch, value: str, advice: str | None) -> None:
    given.setenv(NAME, value)

    if advice is None:
        assert env.integer(NAME, 7, minimum=1, maximum=9) == 7
    else:
        with pytest.raises(ImproperlyConfigured, match=advice):
            env.integer(NAME, 7, minimum=1, maximum=9)


def test_a_choice_that_is_not_offered_is_refused_with_the_choices(given: pytest.MonkeyPatch) -> None:
    given.setenv(NAME, "tea")

    with pytest.raises(ImproperlyConfigured, match="coffee, water"):
        env.choice(NAME, "coffee", ("coffee", "water"))


@pytest.mark.parametrize(
    "value",
    ["http://user:hush@host", "postgresql://user:hush@host:port/x", "hush", "postgresql:", "postgresql://[hush"],
)
def test_what_is_no_such_url_is_refused_and_its_password_never_shown(given: pytest.MonkeyPatch, value: str) -> None:
    given.setenv(NAME, value)

    with pytest.raises(ImproperlyConfigured, match="starts with postgresql://") as refused:
        env.url(NAME, "", schemes=("postgresql",))

    assert "hush" not in str(refused.value)


def test_a_database_url_becomes_settings_with_a_pool_for_the_application_only(given: pytest.MonkeyPatch) -> None:
    given.setenv(NAME, "postgresql://us%40er:p%2Fw@db:5433/na%20me?sslmode=require")

    app = databases.from_url(NAME, as_owner=False, pool_max=9)
    owner = databases.from_url(NAME, as_owner=True, pool_max=9)

    assert (app["USER"], app["PASSWORD"], app["HOST"], app["PORT"], app["NAME"]) == (
        "us@er",
        "p/w",
        "db",
        "5433",
        "na me",
    )
    assert app["OPTIONS"]["sslmode"] == "require"
    assert app["OPTIONS"]["server_side_binding"] is True
    assert app["OPTIONS"]["prepare_threshold"] == 0
    assert app["OPTIONS"]["pool"]["max_size"] == 9
    assert "pool" not in owner["OPTIONS"]
    assert (app["BUSINESS_ROLES"], owner["BUSINESS_ROLES"]) == (True, False)


def test_a_local_secret_is_made_once_and_only_for_us(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "secret"

    first = databases.local_secret(path)

    assert len(first) >= 48
    assert databases.local_secret(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("smtp://mail.example", 587, "starttls"),
        ("smtps://mail.example", 465, "implicit"),
        ("smtp://mail.example?tls=implicit", 465, "implicit"),
        ("smtp://mail.example:2525?tls=none", 2525, "none"),
    ],
)
def test_a_mail_url_names_server_port_and_tls(url: str, port: int, tls: str) -> None:
    server = mailing.from_url(url)

    assert (server.host, server.port, server.tls) == ("mail.example", port, tls)


def test_a_login_in_a_mail_url_is_decoded_and_never_shown() -> None:
    server = mailing.from_url("smtp://us%40er:hu%2Fsh@mail.example")

    assert (server.user, server.password) == ("us@er", "hu/sh")
    assert "hu/sh" not in repr(server)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("smtp://pilot:hush@mail.example?tls=maybe", "takes one option"),
        ("smtp://pilot:hush@mail.example?ssl=1", "takes one option"),
        ("smtps://pilot:hush@mail.example?tls=none", "takes one option"),
        ("smtp:///hush", "names no host"),
        ("smtp://hush@mail.example", "half a login"),
    ],
)
def test_an_odd_mail_url_is_refused_and_its_password_never_shown(url: str, words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=words) as refused:
        mailing.from_url(url)

    assert "hush" not in str(refused.value)


def test_mails_come_from_an_address_at_the_public_host_unless_told() -> None:
    assert mailing.sender("", host="pilot.example.com") == "sales-pilot@pilot.example.com"
    assert mailing.sender("a@b.example", host="x") == "a@b.example"
    with pytest.raises(ImproperlyConfigured, match="MAIL_FROM is no mail address"):
        mailing.sender("Pilot <a@b.example>", host="x")


class TestAddressesOfWhatRunsHere:
    @pytest.fixture(autouse=True)
    def running(self, given: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        # monkeypatch puts everything back, also what adopt_running adds.
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
            given.setenv(name, "")
        file = tmp_path / "quickstart.json"
        settings = {"DATABASE_URL": "a", "DATABASE_OWNER_URL": "b", "REDIS_URL": "c"}
        file.write_text(json.dumps({"port": 1, "settings": settings}))
        return file

    def test_fill_what_the_environment_leaves_open(self, running: Path) -> None:
        env.adopt_running(running)

        assert [os.environ[name] for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")] == ["a", "b", "c"]

    def test_never_mix_with_a_database_of_your_own(self, running: Path, given: pytest.MonkeyPatch) -> None:
        given.setenv("DATABASE_URL", "mine")

        env.adopt_running(running)

        assert os.environ["DATABASE_URL"] == "mine"
        assert not os.environ["DATABASE_OWNER_URL"]
        assert os.environ["REDIS_URL"] == "c"

    @pytest.mark.parametrize("content", [None, "", "{", "{}"])
    def test_are_ignored_when_nothing_runs(self, running: Path, content: str | None) -> None:
        running.unlink()
        if content is not None:
            running.write_text(content)

        env.adopt_running(running)

        assert not os.environ["DATABASE_URL"]
