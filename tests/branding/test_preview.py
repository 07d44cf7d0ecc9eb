"""The preview answers for colours that are not saved, to those who may change the brand."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.test import Client, override_settings
from hypothesis import example, given
from hypothesis import strategies as st

from tenants import brand_preview
from tenants.branding import Brand, brand_css, get_brand
from tenants.colour import AA_TEXT, accent_for, are_alike, contrast, shades
from tenants.context import PUBLIC, Business, business_scope
from tests.conftest import ClientFor, MakeMember

PREVIEW = "/admin/house/branding/preview/"
TEST_MAIL = "/admin/house/branding/test-mail/"
colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def ask(client: Client, colour: str, accent: str = "") -> Any:
    return client.get(PREVIEW, {"colour": colour, "accent": accent})


def test_unsaved_colours_get_their_shades_and_nothing_is_saved(admin: Client, acme: Business) -> None:
    found = ask(admin, "#be123c").json()
    assert found["properties"]["light"]["--brand"] == "#be123c"
    assert set(found["properties"]) == {"light", "dark", "mail"}
    with business_scope(acme):
        assert get_brand().colour == "#1d4ed8"


def test_the_preview_is_what_saving_makes(admin: Client, save: Any, client_for: ClientFor) -> None:
    found = ask(admin, "#0f766e", "#b45309").json()["properties"]
    save(colour="#0f766e", accent="#b45309")
    light, dark = client_for(None).get("/brand.css").content.decode().split("@media")
    for name, value in found["light"].items():
        assert f"{name}: {value};" in light
    for name, value in found["dark"].items():
        assert f"{name}: {value};" in dark


@pytest.mark.parametrize("colour", ["", "red", "#12345", "#12345g", "}</style>"])
def test_half_a_colour_gets_a_sentence(admin: Client, colour: str) -> None:
    answer = ask(admin, colour)
    assert answer.status_code == 400
    assert "#rrggbb" in answer.json()["message"]


@pytest.mark.parametrize("role", ["rep", "manager", "billing"])
def test_other_roles_get_no_preview_and_send_no_mail(
    committed_db: None, member: MakeMember, client_for: ClientFor, role: str, mailoutbox: list[EmailMessage]
) -> None:
    client = client_for(member(role))
    assert ask(client, "#be123c").status_code in {302, 403}
    assert client.post(TEST_MAIL).status_code in {302, 403}
    assert mailoutbox == []


def test_strangers_operators_and_visitors_get_no_preview(
    committed_db: None, member: MakeMember, client_for: ClientFor, globex: Business, operator: Any
) -> None:
    stranger, ours = client_for(member("admin", business=globex)), client_for(None)
    ours.cookies["session"] = stranger.cookies["session"].value
    assert ask(ours, "#be123c").status_code == 302
    assert ask(client_for(None), "#be123c").status_code == 302
    assert ask(client_for(operator(), business=PUBLIC), "#be123c").status_code == 403


def test_a_test_mail_goes_to_the_admin_who_asks(admin: Client, mailoutbox: list[EmailMessage]) -> None:
    assert admin.get(TEST_MAIL).status_code == 405
    page = admin.post(TEST_MAIL, follow=True).content.decode()
    (mail,) = mailoutbox
    assert mail.to[0].startswith("admin-")
    assert "is on its way" in page


def test_a_test_mail_that_fails_says_why(admin: Client) -> None:
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=1
    ):
        page = admin.post(TEST_MAIL, follow=True).content.decode()
    assert "The mail server is not reachable".lower() in page.lower()


def test_a_pale_colour_is_warned_of() -> None:
    words = " ".join(brand_preview.warnings("#fde68a", "#1d4ed8"))
    assert "too light to read as text" in words
    assert "Buttons hardly stand out on light pages" in words


def test_a_good_colour_is_not_warned_of() -> None:
    assert brand_preview.warnings("#0e7490", "#b45309") == []


def test_an_accent_like_the_colour_is_warned_of() -> None:
    assert any("hard to tell apart" in words for words in brand_preview.warnings("#be123c", "#c2183f"))


@given(colours)
@example("#53465a")
def test_a_colour_brings_its_accent_which_reads_and_differs(colour: str) -> None:
    accent = accent_for(colour)
    for page in ("#f0f2f5", "#20262e"):
        assert contrast(shades(accent, page=page).strong, page) >= AA_TEXT
    assert not are_alike(shades(colour, page="#f0f2f5").strong, shades(accent, page="#f0f2f5").strong)


@given(colours, colours)
def test_text_has_enough_contrast_whatever_the_colours(colour: str, accent: str) -> None:
    text = [figure for figure in brand_preview.figures(colour, accent) if figure.needed == AA_TEXT]
    assert text
    assert all(figure.ratio >= AA_TEXT for figure in text)


def test_the_previews_grounds_are_those_of_the_pages() -> None:
    preview = (settings.BASE_DIR / "static/css/admin/brand_preview.css").read_text("utf-8")
    tokens = (settings.BASE_DIR / "static/css/tokens.css").read_text("utf-8")
    mirrored = {"ground": "ground", "surface": "surface", "rule": "rule", "field": "rule-strong", "text": "text"}
    for name, token in {**mirrored, "soft": "text-soft"}.items():
        assert re.findall(rf"--bp-{name}: ([^;]+);", preview) == re.findall(rf"--{token}: ([^;]+);", tokens), name


def test_print_is_light() -> None:
    assert "@media screen and (prefers-color-scheme: dark)" in brand_css(Brand())


@pytest.mark.usefixtures("committed_db")
def test_what_is_printed_says_whose_it_is(acme: Business) -> None:
    from tenants.branding import document_line, export_name

    with business_scope(acme):
        assert export_name("audit-2026-11-26", "csv") == "acme-cloud-audit-2026-11-26.csv"
        assert re.fullmatch(r"Acme Cloud · Calls · \d{1,2} \w{3} \d{4}, \d\d:\d\d UTC", document_line("Calls"))
