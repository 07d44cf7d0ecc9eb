"""Mails: in the business's brand, from its name, with links to its own host; over a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import asdict
from email.utils import parseaddr
from pathlib import Path

import pytest
from django.test import override_settings
from django.utils import timezone

from salespilot import mailing
from tenants.context import Business, business_scope, public_scope
from tenants.house.models import Branding
from tenants.mail import MailNotSent, NoAddress, absolute_url, send_mail
from tenants.mail_checks import check_mail
from tenants.mail_text import paragraphs
from tenants.models import Domain
from tests.branding.pictures import png, store_logo
from tests.vendors.smtp import Fault, Received, SmtpServer

pytestmark = pytest.mark.usefixtures("committed_db")
sockets = pytest.mark.sockets


def django_settings(url: str) -> dict[str, object]:
    server = mailing.from_url(url)
    assert "password" in asdict(server)
    return {
        "EMAIL_BACKEND": server.backend,
        "EMAIL_HOST": server.host,
        "EMAIL_PORT": server.port,
        "EMAIL_HOST_USER": server.user,
        "EMAIL_HOST_PASSWORD": server.password,
        "EMAIL_USE_TLS": server.tls == "starttls",
        "EMAIL_USE_SSL": server.tls == "implicit",
        "EMAIL_FILE_PATH": server.folder,
        "DEFAULT_FROM_EMAIL": "pilot@install.example",
    }


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with SmtpServer() as server, override_settings(**django_settings(server.url)):
        yield server


@pytest.fixture
def branded(acme: Business) -> None:
    with business_scope(acme):
        row = Branding.objects.get(pk=1)
        row.product_name = "Acme Coach"
        row.colour = "#be123c"
        row.mail_footer = "Acme Ltd\n1 Long Street"
        row.mail_reply_to = "office@acme.example"
        row.imprint_url = "https://acme.example/imprint"
        row.save()


def send(business: Business, **changes: str) -> None:
    mail = {"to": "rep@example.com", "subject": "Hello", "template": "test"} | changes
    with business_scope(business):
        send_mail(**mail, context={"link": absolute_url("/calls/")}, business=None)


def only(server: SmtpServer) -> Received:
    assert len(server.received) == 1
    return server.received[0]


@sockets
def test_a_mail_comes_from_the_businesss_name_and_the_installations_address(
    smtp: SmtpServer, branded: None, acme: Business
) -> None:
    send(acme)
    mail = only(smtp)
    assert parseaddr(mail.message["From"]) == ("Acme Coach", "pilot@install.example")
    assert (mail.sender, mail.recipients) == ("pilot@install.example", ["rep@example.com"])
    assert mail.message["Reply-To"] == "office@acme.example"
    assert mail.message["Message-ID"].endswith("@install.example>")


@sockets
def test_text_and_html_say_the_same_and_both_wear_the_brand(smtp: SmtpServer, branded: None, acme: Business) -> None:
    send(acme)
    mail = only(smtp)
    for kind in ("text/plain", "text/html"):
        words = mail.part(kind)
        for expected in ("Acme Coach", "http://acme.localhost/calls/", "1 Long Street", "https://acme.example/imprint"):
            assert expected in words, kind
    assert "background:#be123c" in mail.part("text/html")
    assert 'href="http://acme.localhost/calls/"' in mail.part("text/html")


@sockets
def test_the_logo_travels_inside_the_mail(smtp: SmtpServer, acme: Business) -> None:
    store_logo(acme, png())
    send(acme)
    picture = next(part for part in only(smtp).message.walk() if part.get_content_type() == "image/png")
    assert picture["Content-ID"] == "<logo>"
    assert picture.get_content().startswith(b"\x89PNG")
    assert 'src="cid:logo"' in only(smtp).part("text/html")


@sockets
def test_the_other_businesss_mail_has_nothing_of_it(
    smtp: SmtpServer, branded: None, acme: Business, globex: Business
) -> None:
    store_logo(acme, png())
    send(globex)
    raw = only(smtp).message.as_string()
    for foreign in ("Acme", "acme", "be123c", "image/png"):
        assert foreign not in raw
    assert parseaddr(only(smtp).message["From"])[0] == "Globex Solar"
    assert only(smtp).message["Reply-To"] is None


@sockets
def test_the_business_may_be_named_from_outside_it(smtp: SmtpServer, globex: Business) -> None:
    send_mail(to="a@example.com", subject="Hi", template="test", context={"link": "x"}, business=globex)
    assert "http://globex.localhost/" in only(smtp).part("text/html")


@sockets
def test_a_login_is_used(acme: Business) -> None:
    with SmtpServer(login=("pilot", "secret")) as server, override_settings(**django_settings(server.url)):
        send(acme)
        assert only(server).login == ("pilot", "secret")


@sockets
def test_without_the_tls_that_was_asked_for_neither_password_nor_mail_goes_out(acme: Business) -> None:
    with SmtpServer(login=("pilot", "secret")) as server:
        url = server.url.replace("tls=none", "tls=starttls")
        with override_settings(**django_settings(url)), pytest.raises(MailNotSent, match="does not speak") as refused:
            send(acme)
    assert not refused.value.retryable
    assert not any(command.startswith(("AUTH", "MAIL")) for command in server.commands)


@sockets
@pytest.mark.parametrize(
    ("fault", "words", "retryable"),
    [
        (Fault("RCPT", "550 no such mailbox rep@example.com"), "refuses this address", False),
        (Fault("RCPT", "451 later"), "refuses this address", True),
        (Fault("DATA", "552 too much"), "answered 552", False),
        (Fault("MAIL", "421 busy"), "answered 421", True),
        (Fault("EHLO", ""), "not reachable", True),
    ],
)
def test_a_refusal_says_whether_trying_again_helps_and_names_nobody(
    smtp: SmtpServer, acme: Business, fault: Fault, words: str, retryable: bool
) -> None:
    smtp.faults.append(fault)
    with pytest.raises(MailNotSent, match=words) as refused:
        send(acme)
    assert refused.value.retryable is retryable
    assert "rep@" not in str(refused.value)
    assert smtp.received == []


def test_a_server_that_is_not_there_may_be_there_later(acme: Business) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"smtp://127.0.0.1:{port}?tls=none"
    with override_settings(**django_settings(url)), pytest.raises(MailNotSent) as refused:
        send(acme)
    assert refused.value.retryable


def test_without_a_mail_server_mails_become_files_for_this_user_only(acme: Business, tmp_path: Path) -> None:
    with override_settings(**django_settings(f"file://{tmp_path}/mail")):
        send(acme)
    (file,) = (tmp_path / "mail").iterdir()
    assert file.suffix == ".eml"
    assert file.stat().st_mode & 0o077 == 0
    assert b"rep@example.com" in file.read_bytes()


def test_a_folder_that_can_not_be_written_is_an_error_of_ours(acme: Business, tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    with override_settings(**django_settings(f"file://{tmp_path}/mail")), pytest.raises(MailNotSent):
        send(acme)


def test_a_name_with_markup_or_line_breaks_stays_a_name(acme: Business, mailoutbox: list[object]) -> None:
    with business_scope(acme):
        row = Branding.objects.get(pk=1)
        row.product_name = "<b>Acme</b>"
        row.save()
    send(acme, subject="Hello\r\nBcc: everyone@example.com")
    (mail,) = mailoutbox
    assert mail.subject == "Hello Bcc: everyone@example.com"  # type: ignore[attr-defined]
    html = mail.alternatives[0][0]  # type: ignore[attr-defined]
    assert "<b>Acme" not in html
    assert "&lt;b&gt;Acme" in html


def test_links_lead_to_the_primary_host_with_the_installations_port(acme: Business) -> None:
    with public_scope():
        Domain.objects.create(
            domain="second.acme.example", tenant_id=acme.id, is_primary=False, verified_at=timezone.now()
        )
    try:
        assert absolute_url("/x", business=acme) == "http://acme.localhost/x"
        with override_settings(HTTPS=True, LINK_PORT=8443), business_scope(acme):
            assert absolute_url("/x") == "https://acme.localhost:8443/x"
    finally:
        with public_scope():
            Domain.objects.filter(domain="second.acme.example").delete()


def test_on_the_public_host_links_lead_to_it() -> None:
    with public_scope():
        assert absolute_url("/admin/") == "http://localhost/admin/"


def test_a_business_without_a_primary_host_gets_no_wrong_link() -> None:
    with pytest.raises(NoAddress, match="no primary host"):
        absolute_url("/x", business=Business(id=987_654, schema_name="nowhere", name="Nowhere"))


def test_an_address_alone_on_its_line_becomes_a_button() -> None:
    first, second = paragraphs("Dear Ada,\n\nopen this:\nhttps://a.example/b?c=1\nBye <Ada>\n")
    assert [piece.lines for piece in first.pieces] == [("Dear Ada,",)]
    assert [piece.address for piece in second.pieces] == ["", "https://a.example/b?c=1", ""]
    assert second.pieces[2].lines == ("Bye <Ada>",)


def test_an_installation_whose_mails_go_nowhere_is_told() -> None:
    with override_settings(**django_settings("file:///tmp/mail")):
        assert [warning.id for warning in check_mail(None)] == ["tenants.W030"]
    with override_settings(**django_settings("smtp://mail.example")):
        assert check_mail(None) == []
