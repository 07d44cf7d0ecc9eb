"""Signing in and out, and everything that must not work."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import Client

from tenants.caching import BusinessCache
from tenants.context import PUBLIC, Business, business_scope
from tenants.house.models import Branding
from tenants.members import throttle
from tenants.members.models import Member
from tests.conftest import PASSWORD, ClientFor, MakeMember

pytestmark = pytest.mark.usefixtures("committed_db")

NOT_RIGHT = "E-mail or password is not right."


def test_a_member_signs_in_on_their_own_host(member: MakeMember, client_for: ClientFor) -> None:
    ada = member("rep", email="ada@example.com")
    client = client_for(None)
    answer = client.post("/sign-in/", {"email": " ADA@example.com", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["domain"], cookie["httponly"], cookie["samesite"]) == ("", True, "Lax")
    assert client.get("/sign-in/").status_code == 302
    assert ada.email == "ada@example.com"


@pytest.mark.parametrize(
    ("email", "password", "words"),
    [
        ("ada@example.com", "wrong", NOT_RIGHT),
        ("nobody@example.com", PASSWORD, NOT_RIGHT),
        ("", PASSWORD, "Enter your e-mail address."),
        ("ada", PASSWORD, "Enter a whole e-mail address."),
        ("ada@example.com", "", "Enter your password."),
        ("ada@example.com\0", PASSWORD, "Enter a whole e-mail address."),
        ("a" * 300 + "@example.com", PASSWORD, "at most 254"),
    ],
)
def test_a_wrong_entry_gets_a_sentence(
    member: MakeMember, client_for: ClientFor, email: str, password: str, words: str
) -> None:
    member("rep", email="ada@example.com")
    answer = client_for(None).post("/sign-in/", {"email": email, "password": password})
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_stranger_does_not_sign_in_here(member: MakeMember, client_for: ClientFor, globex: Business) -> None:
    member("admin", business=globex, email="grace@example.com")
    form = {"email": "grace@example.com", "password": PASSWORD}
    assert client_for(None).post("/sign-in/", form).status_code == 422
    assert client_for(None, business=PUBLIC).post("/sign-in/", form).status_code == 422
    assert client_for(None, business=globex).post("/sign-in/", form).status_code == 302


def test_a_session_of_one_business_is_nobody_on_the_other_host(
    member: MakeMember, client_for: ClientFor, globex: Business
) -> None:
    session = client_for(member("admin")).cookies[settings.SESSION_COOKIE_NAME].value
    member("admin", business=globex)
    other = client_for(None, business=globex)
    other.cookies[settings.SESSION_COOKIE_NAME] = session
    assert other.get("/admin/").status_code == 302


def test_a_disabled_member_can_not_sign_in_and_their_session_ends(
    member: MakeMember, client_for: ClientFor, acme: Business
) -> None:
    ada = member("admin", email="ada@example.com")
    client = client_for(ada)
    assert client.get("/admin/").status_code == 200
    with business_scope(acme):
        Member.objects.filter(pk=ada.pk).update(is_active=False)
    assert client.get("/admin/").status_code == 302
    assert client_for(None).post("/sign-in/", {"email": ada.email, "password": PASSWORD}).status_code == 422


def test_signing_out_needs_a_post_and_ends_the_session(member: MakeMember, client_for: ClientFor) -> None:
    client = client_for(member("admin"))
    assert client.get("/sign-out/").status_code == 405
    assert client.get("/admin/").status_code == 200
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "http://globex.localhost/", "/sign-in/", "javascript:alert(1)"],
)
def test_next_leads_only_to_pages_of_this_host(member: MakeMember, client_for: ClientFor, target: str) -> None:
    member("rep", email="ada@example.com")
    form = {"email": "ada@example.com", "password": PASSWORD, "next": target}
    assert client_for(None).post("/sign-in/", form)["Location"] == "/"


def test_after_five_failures_the_account_waits(
    member: MakeMember, client_for: ClientFor, acme: Business, globex: Business
) -> None:
    member("rep", email="ada@example.com")
    member("rep", email="bo@example.com")
    wrong = {"email": "ada@example.com", "password": "wrong"}
    with business_scope(acme):
        for _ in range(throttle.FAILURES_PER_ACCOUNT - 1):
            throttle.note_failure("Ada@example.com ", "127.0.0.1")
    assert client_for(None).post("/sign-in/", wrong).status_code == 422
    blocked = client_for(None).post("/sign-in/", wrong | {"password": PASSWORD})
    assert blocked.status_code == 429
    assert "Wait 15 minutes" in blocked.content.decode()
    # Neither a colleague nor the same address at another business waits with them.
    assert client_for(None).post("/sign-in/", {"email": "bo@example.com", "password": PASSWORD}).status_code == 302
    assert client_for(None, business=globex).post("/sign-in/", wrong).status_code == 422


def test_an_address_that_guesses_many_accounts_waits(client_for: ClientFor, acme: Business) -> None:
    with business_scope(acme):
        for number in range(throttle.FAILURES_PER_ADDRESS):
            throttle.note_failure(f"{number}@example.com", "127.0.0.1")
    assert client_for(None).post("/sign-in/", {"email": "new@example.com", "password": "x"}).status_code == 429


def test_a_form_without_its_token_is_refused(member: MakeMember) -> None:
    client = Client(enforce_csrf_checks=True, SERVER_NAME="acme.localhost")
    assert client.post("/sign-in/", {"email": "a@example.com", "password": "x"}).status_code == 403


def test_the_page_wears_the_brand(client_for: ClientFor, acme: Business, globex: Business) -> None:
    with business_scope(acme):
        row = Branding.objects.get(pk=1)
        row.product_name, row.tagline, row.colour = "Acme <Coach>", "Sell & smile", "#0f766e"
        row.save()
    page = client_for(None).get("/sign-in/").content.decode()
    assert "Acme &lt;Coach&gt;" in page
    assert "Sell &amp; smile" in page
    assert "--brand: #0f766e" in client_for(None).get("/brand.css").content.decode()
    assert "Acme" not in client_for(None, business=globex).get("/sign-in/").content.decode()


def test_an_unknown_host_gets_a_404_that_names_no_business(client_for: ClientFor) -> None:
    for host in ("initech.localhost", "acme.localhost.evil.example", "127.0.0.1"):
        answer = Client(SERVER_NAME=host).get("/sign-in/")
        assert answer.status_code == 404
        assert "Acme" not in answer.content.decode()
        assert "Content-Security-Policy" in answer


@pytest.mark.parametrize("host", ["ACME.localhost", "acme.localhost.", "acme.localhost:8000"])
def test_a_host_is_found_however_it_is_written(host: str) -> None:
    assert Client(HTTP_HOST=host).get("/sign-in/").status_code == 200


def test_sign_in_works_while_the_cache_is_down(
    member: MakeMember, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    member("rep", email="ada@example.com")
    nowhere = BusinessCache("redis://127.0.0.1:1/0", {"KEY_FUNCTION": "tenants.caching.make_key"})
    with monkeypatch.context() as patch:
        patch.setattr(caches._connections, "default", nowhere)  # type: ignore[attr-defined]
        answer = client_for(None).post("/sign-in/", {"email": "ada@example.com", "password": PASSWORD})
    assert answer.status_code == 302
