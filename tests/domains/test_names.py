"""Which names can be had."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.context import Business
from tenants.domains import proof
from tenants.domains.names import NameRefused, own_name, subdomain, word_of


@pytest.fixture(autouse=True)
def installation(settings: Any) -> None:
    settings.PUBLIC_HOST = "pilot.test"
    settings.BUSINESS_DOMAIN = "businesses.test"
    settings.DOMAIN_TARGET = "hosts.pilot.test"


@pytest.mark.parametrize("word", ["acme", "Acme ", "a1b", "acme-cloud", "a" * 38])
def test_a_word_that_can_be_a_host(word: str) -> None:
    assert word_of(word) == word.strip().lower()
    assert subdomain("acme") == "acme.businesses.test"


@pytest.mark.parametrize(
    "word", ["", "ab", "1st", "-acme", "acme-", "a--b", "a_b", "acmé", "a.b", "a b", "a" * 39, "<b>", "www.acme"]
)
def test_a_word_that_can_not(word: str) -> None:
    with pytest.raises(NameRefused, match="letters, digits"):
        word_of(word)


@pytest.mark.parametrize(
    "word", ["www", "api", "admin", "Mail", "sign-up", "pg-class", "xn-acme", "information-schema"]
)
def test_a_word_that_is_kept(word: str) -> None:
    with pytest.raises(NameRefused, match="kept for the installation"):
        word_of(word)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("calls.acme.test", "calls.acme.test"),
        ("  Calls.ACME.test. ", "calls.acme.test"),
        ("https://calls.acme.test/sign-in/?next=/", "calls.acme.test"),
        ("calls.acme.test:8443", "calls.acme.test"),
        ("bücher.test", "xn--bcher-kva.test"),
    ],
)
def test_a_name_as_people_paste_it(typed: str, name: str) -> None:
    assert own_name(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            "acme",
            "localhost",
            "192.0.2.7",
            "calls..test",
            "-a.test",
            "a_b.test",
            "*.acme.test",
            f"{'a' * 64}.test",
        ),
        *("a.b.1", "pilot.test", "hosts.pilot.test", "acme.businesses.test", "a.b.businesses.test", "<script>.test"),
        ".".join(["a" * 60] * 5),
    ],
)
def test_a_name_that_is_none_or_ours(typed: str) -> None:
    with pytest.raises(NameRefused):
        own_name(typed)


def test_the_token_is_of_one_business_and_one_name() -> None:
    acme, globex = Business(1, "acme", "Acme"), Business(2, "globex", "Globex")
    tokens = {proof.token(one, name) for one in (acme, globex) for name in ("a.test", "b.test")}
    assert len(tokens) == 4
    assert proof.token(acme, "a.test") == proof.token(acme, "a.test")
    assert all(len(token) == 32 for token in tokens)
