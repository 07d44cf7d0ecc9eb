"""Where the brand appears: on every page of its own host, errors included, and nowhere else."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from salespilot import urls
from tenants.branding import Brand, forget_brand, get_brand, icon_url
from tenants.context import PUBLIC, Business, business_scope
from tenants.house.models import Branding
from tests.branding.pictures import png, store_logo
from tests.calls.faults import PostgresAway
from tests.conftest import ClientFor, MakeMember

pytestmark = pytest.mark.usefixtures("committed_db")

LEGAL = ("https://acme.example/imprint", "https://acme.example/privacy", "https://acme.example/terms")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a fault of ours")


def odd(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation("odd")


class WithFaults:
    """The business's URLs and two that fail."""

    urlpatterns = [path("broken/", broken), path("odd/", odd), *urls.urlpatterns]
    handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


@pytest.fixture(autouse=True)
def branded(acme: Business, committed_db: None) -> None:
    with business_scope(acme):
        row = Branding.objects.get(pk=1)
        row.product_name, row.colour, row.support_email = "Acme Coach", "#be123c", "help@acme.example"
        row.imprint_url, row.privacy_url, row.terms_url = LEGAL
        row.save()


def page(client: Client, path: str = "/sign-in/") -> str:
    return client.get(path).content.decode()


@pytest.mark.parametrize("place", ["/sign-in/", "/no-such-page/", "/admin/", "/"])
def test_name_icons_and_legal_links_are_on_pages(member: MakeMember, client_for: ClientFor, place: str) -> None:
    client = client_for(None) if place == "/sign-in/" else client_for(member("admin"))
    text = page(client, place)
    assert "Acme Coach" in text
    assert "/brand/icon-180.png?be123c" in text
    if place != "/admin/":
        assert all(link in text for link in LEGAL)
        assert '<meta name="theme-color" content="#be123c">' in text


def test_neither_the_other_business_nor_the_public_host_nor_an_unknown_one_shows_it(
    client_for: ClientFor, globex: Business, acme: Business
) -> None:
    store_logo(acme, png())
    places = [client_for(None, business=globex), client_for(None, business=PUBLIC), Client(SERVER_NAME="who.localhost")]
    for client in places:
        for path_ in ("/sign-in/", "/brand.css", "/manifest.webmanifest", "/no-such-page/"):
            text = page(client, path_).lower()
            assert not any(mine in text for mine in ("acme", "be123c", "/brand/logo")), path_
    assert places[2].get("/sign-in/").status_code == 404


def test_the_manifest_names_product_colour_and_icons(client_for: ClientFor) -> None:
    answer = client_for(None).get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    found = json.loads(answer.content)
    assert (found["name"], found["theme_color"]) == ("Acme Coach", "#be123c")
    for icon in found["icons"]:
        assert client_for(None).get(icon["src"]).status_code == 200


def test_a_dark_logo_stands_on_dark_screens_only(client_for: ClientFor, acme: Business) -> None:
    store_logo(acme, png())
    store_logo(acme, png(), kind="logo_dark")
    text = page(client_for(None))
    assert re.search(r'<source media="\(prefers-color-scheme: dark\)" srcset="/brand/logo-dark\?[0-9a-f]+">', text)
    assert re.search(r'<img class="mark-logo" src="/brand/logo\?[0-9a-f]+"', text)


def test_a_name_in_markup_is_only_text(client_for: ClientFor, acme: Business) -> None:
    with business_scope(acme):
        row = Branding.objects.get(pk=1)
        row.product_name, row.tagline = '"><script>alert(1)</script>', "<b>bold</b>"
        row.save()
    text = page(client_for(None))
    assert "<script>alert" not in text
    assert "<b>bold" not in text


@pytest.mark.parametrize(
    ("where", "status", "words"),
    [
        ("/odd/", 400, "could not read"),
        ("/billing/", 403, "can not open this"),
        ("/no-such-page/", 404, "could not find"),
        ("/broken/", 500, "went wrong on our side"),
    ],
)
def test_error_pages_wear_the_brand(
    member: MakeMember, client_for: ClientFor, where: str, status: int, words: str
) -> None:
    client = client_for(member("rep"))
    client.raise_request_exception = False
    with override_settings(ROOT_URLCONF=WithFaults):
        answer = client.get(where)
    text = answer.content.decode()
    assert answer.status_code == status
    assert words in text
    assert "Acme Coach" in text
    assert "help@acme.example" in text
    assert "/brand.css?be123c" in text
    assert "unsafe" not in answer["Content-Security-Policy"]


def test_a_form_without_its_token_gets_a_page_of_ours() -> None:
    client = Client(SERVER_NAME="acme.localhost", enforce_csrf_checks=True)
    answer = client.post("/sign-in/", {"email": "a@example.com", "password": "x"})
    assert answer.status_code == 403
    assert "too old" in answer.content.decode()
    assert "Acme Coach" in answer.content.decode()


@pytest.mark.sockets
def test_with_the_database_away_the_error_page_still_wears_the_brand_of_its_host(
    member: MakeMember, client_for: ClientFor, globex: Business
) -> None:
    ours, theirs, new = client_for(member("rep")), client_for(None, business=globex), Client(SERVER_NAME="x.localhost")
    for client in (ours, theirs, new):
        client.raise_request_exception = False
    page(ours, "/")
    page(theirs)
    postgres = PostgresAway()
    postgres.away()
    try:
        answer = ours.get("/calls/")
        assert answer.status_code == 500
        assert "Acme Coach" in answer.content.decode()
        assert "--brand: #be123c" in page(ours, "/brand.css")
        theirs.cookies["session"] = "anything"
        foreign = theirs.get("/calls/").content.decode()
        assert "Globex" in foreign
        assert "Acme" not in foreign
        nobody = new.get("/")
        assert nobody.status_code == 500
        assert "Sales Pilot" in nobody.content.decode()
    finally:
        postgres.back()


def test_with_the_cache_empty_too_the_process_remembers(acme: Business) -> None:
    from tenants.branding import brand_in_trouble

    with business_scope(acme):
        get_brand()
        cache.clear()
        assert brand_in_trouble().product_name == "Acme Coach"
    assert brand_in_trouble() == Brand()


def test_a_cached_brand_of_an_older_version_is_not_read(acme: Business) -> None:
    with business_scope(acme):
        cache.set("brand", "something of an older version")
        forget_brand()
        assert get_brand().product_name == "Acme Coach"


def test_addresses_of_icons_change_with_what_they_show() -> None:
    first, second = Brand(colour="#000000"), Brand(colour="#111111")
    assert icon_url(first, 32) != icon_url(second, 32)
    assert icon_url(Brand(icon_version="ab"), 32) == icon_url(Brand(icon_version="ab", colour="#111111"), 32)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("imprint_url", "http://acme.example/imprint", "Write the whole address"),
        ("privacy_url", "www.acme.example", "Write the whole address"),
        ("terms_url", "javascript:alert(1)", "Write the whole address"),
        ("terms_url", "https://bank.example@evil.example/", "Write the whole address"),
        ("colour", "red", "Write a colour as #rrggbb"),
        ("accent", "}</sty>", "Write a colour as #rrggbb"),
        ("mail_sender", 'Boss" <boss@bank.example>', "Write a name"),
        ("mail_reply_to", "nobody", "valid email"),
        ("product_name", "", "required"),
    ],
)
def test_the_form_says_what_is_wrong(save: Any, field: str, value: str, words: str) -> None:
    answer = save(**{field: value})
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_a_change_is_in_the_audit_log_by_the_names_of_its_fields(save: Any, acme: Business) -> None:
    from tenants.audit.models import AuditLine

    save(product_name="Acme Pilot", mail_footer="Acme Ltd")
    save()
    with business_scope(acme):
        line = AuditLine.objects.get(action="brand_changed")
    assert (line.actor_name, line.via, line.detail) == ("Ada", "admin", {"fields": ["mail_footer", "product_name"]})


@pytest.mark.parametrize("role", ["rep", "manager", "billing"])
def test_only_admins_change_the_brand(member: MakeMember, client_for: ClientFor, acme: Business, role: str) -> None:
    client = client_for(member(role))
    assert client.post("/admin/house/branding/1/change/", {"product_name": "Mine"}).status_code in {302, 403}
    with business_scope(acme):
        assert Branding.objects.get(pk=1).product_name == "Acme Coach"
