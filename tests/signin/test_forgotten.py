"""A new password by mail: for members, without telling who is one."""

from __future__ import annotations

import re

import pytest
from django.core.mail import EmailMessage

from tenants.context import PUBLIC, Business, business_scope
from tenants.house.models import Branding
from tenants.members.models import Member
from tests.conftest import PASSWORD, ClientFor, MakeMember

pytestmark = pytest.mark.usefixtures("committed_db")

NEW = "another-long-password"


def link_in(mail: EmailMessage) -> str:
    found = re.search(r"http://[a-z.]+(?::\d+)?(/\S+/)", str(mail.body))
    assert found, mail.body
    return found[1]


def test_a_member_sets_a_new_password_and_other_sessions_end(
    member: MakeMember, client_for: ClientFor, mailoutbox: list[EmailMessage]
) -> None:
    ada = member("admin", email="ada@example.com")
    elsewhere, client = client_for(ada), client_for(None)
    assert client.post("/sign-in/forgotten/", {"email": "Ada@example.com"})["Location"] == "/sign-in/forgotten/sent/"
    form = client.get(link_in(mailoutbox[0]))["Location"]
    assert "set-password" in form
    assert client.post(form, {"password1": NEW})["Location"] == "/sign-in/"
    assert elsewhere.get("/admin/").status_code == 302
    sign_in = {"email": ada.email, "password": PASSWORD}
    assert client_for(None).post("/sign-in/", sign_in).status_code == 422
    assert client_for(None).post("/sign-in/", sign_in | {"password": NEW}).status_code == 302


def test_a_link_works_once(member: MakeMember, client_for: ClientFor, mailoutbox: list[EmailMessage]) -> None:
    ada = member("rep", email="ada@example.com")
    client_for(None).post("/sign-in/forgotten/", {"email": ada.email})
    client = client_for(None)
    client.post(client.get(link_in(mailoutbox[0]))["Location"], {"password1": NEW})
    assert "no longer works" in client_for(None).get(link_in(mailoutbox[0])).content.decode()


def test_a_weak_password_gets_a_sentence_and_the_link_goes_on_working(
    member: MakeMember, client_for: ClientFor, mailoutbox: list[EmailMessage]
) -> None:
    ada = member("rep", email="ada@example.com")
    client = client_for(None)
    client.post("/sign-in/forgotten/", {"email": ada.email})
    form = client.get(link_in(mailoutbox[0]))["Location"]
    answer = client.post(form, {"password1": "short"})
    assert answer.status_code == 422
    assert "at least 10" in answer.content.decode()
    assert client.post(form, {"password1": NEW}).status_code == 302


@pytest.mark.parametrize("who", ["nobody", "disabled", "stranger"])
def test_who_is_no_member_gets_the_same_answer_and_no_mail(
    member: MakeMember,
    client_for: ClientFor,
    acme: Business,
    globex: Business,
    mailoutbox: list[EmailMessage],
    who: str,
) -> None:
    email = f"{who}@example.com"
    if who == "disabled":
        member("rep", email=email)
        with business_scope(acme):
            Member.objects.update(is_active=False)
    if who == "stranger":
        member("admin", business=globex, email=email)
    known = member("rep", email="ada@example.com")
    pages = [client_for(None).post("/sign-in/forgotten/", {"email": each}) for each in (email, known.email)]
    assert {(page.status_code, page["Location"]) for page in pages} == {(302, "/sign-in/forgotten/sent/")}
    assert [mail.to for mail in mailoutbox] == [[known.email]]


def test_a_link_of_one_business_is_nothing_in_another(
    member: MakeMember, client_for: ClientFor, globex: Business, mailoutbox: list[EmailMessage]
) -> None:
    member("rep", email="ada@example.com")
    member("admin", business=globex, email="grace@globex.example")
    client_for(None).post("/sign-in/forgotten/", {"email": "ada@example.com"})
    page = client_for(None, business=globex).get(link_in(mailoutbox[0]))
    assert "no longer works" in page.content.decode()


def test_the_link_leads_to_the_primary_host_whatever_the_request_says(
    member: MakeMember, client_for: ClientFor, mailoutbox: list[EmailMessage]
) -> None:
    member("rep", email="ada@example.com")
    client = client_for(None)
    client.post("/sign-in/forgotten/", {"email": "ada@example.com"}, HTTP_X_FORWARDED_HOST="evil.example")
    assert "http://acme.localhost" in mailoutbox[0].body
    assert "evil" not in mailoutbox[0].body


def test_the_mail_wears_the_brand(
    member: MakeMember, client_for: ClientFor, acme: Business, mailoutbox: list[EmailMessage]
) -> None:
    with business_scope(acme):
        row = Branding.objects.get(pk=1)
        row.product_name = "Acme Coach"
        row.save()
    member("rep", email="ada@example.com")
    client_for(None).post("/sign-in/forgotten/", {"email": "ada@example.com"})
    assert "Acme Coach" in mailoutbox[0].subject
    assert "Acme Coach" in mailoutbox[0].body


def test_asking_again_and_again_is_stopped(member: MakeMember, client_for: ClientFor) -> None:
    member("rep", email="ada@example.com")
    client = client_for(None)
    answers = [client.post("/sign-in/forgotten/", {"email": "ada@example.com"}).status_code for _ in range(6)]
    assert answers == [302] * 5 + [429]
    assert client.post("/sign-in/forgotten/", {"email": "bo@example.com"}).status_code == 302


def test_an_operator_gets_the_mail_too(operator: object, client_for: ClientFor, mailoutbox: list[EmailMessage]) -> None:
    person: Member = operator()  # type: ignore[operator]
    client_for(None, business=PUBLIC).post("/sign-in/forgotten/", {"email": person.email})
    assert [mail.to for mail in mailoutbox] == [[person.email]]
