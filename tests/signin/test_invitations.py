"""Joining by invitation: once, in time, by the right business, and only then."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.test import Client
from django.utils import timezone

from salespilot.quickstart.processes import free_port
from tenants.audit.models import Action, AuditLine, Via
from tenants.context import Business, business_scope
from tenants.members.models import Member, Role
from tenants.provisioning import first_admin_added
from tenants.signin import invitations
from tenants.signin.invitations import InvitationClosed
from tenants.signin.models import Invitation
from tests.conftest import PASSWORD, ClientFor, MakeMember

pytestmark = pytest.mark.usefixtures("committed_db")

JOIN = {"name": "Bo Berg", "password": PASSWORD}


def link_in(mail: EmailMessage) -> str:
    found = re.search(r"http://[a-z.]+(?::\d+)?(/\S+/)", str(mail.body))
    assert found, mail.body
    return found[1]


@pytest.fixture
def admin(member: MakeMember) -> Member:
    return member("admin", name="Ada", email="ada@example.com")


def invite(business: Business, email: str = "bo@example.com", *roles: str) -> Invitation:
    with business_scope(business):
        return invitations.invite(email=email, roles=roles or [Role.REP], via=Via.COMMAND)


def test_an_admin_invites_and_the_person_joins_signed_in(
    admin: Member, client_for: ClientFor, acme: Business, mailoutbox: list[EmailMessage]
) -> None:
    form = {"email": "Bo@Example.com", "name": "Bo", "roles": ["rep", "manager"]}
    answer = client_for(admin).post("/admin/signin/invitation/add/", form, follow=True)
    assert "did not take the mail" not in answer.content.decode()
    (mail,) = mailoutbox
    assert (mail.to, "Ada invites you" in mail.body) == (["bo@example.com"], True)
    assert "http://acme.localhost" in mail.body
    person = client_for(None)
    page = person.get(link_in(mail)).content.decode()
    assert "bo@example.com" in page
    assert 'value="Bo"' in page
    assert person.post(link_in(mail), JOIN)["Location"] == "/"
    assert person.get("/").status_code == 200
    with business_scope(acme):
        bo = Member.objects.get(email="bo@example.com")
        assert (bo.name, bo.roles) == ("Bo Berg", ["rep", "manager"])
        lines = AuditLine.objects.filter(action=Action.MEMBER_CHANGED, subject="invitation").order_by("id")
        assert [line.detail["invitation"] for line in lines] == ["sent", "accepted"]


def test_the_members_list_has_a_button_to_invite(admin: Member, client_for: ClientFor) -> None:
    client = client_for(admin)
    assert "/admin/members/member/invite" in client.get("/admin/members/member/").content.decode()
    assert client.get("/admin/members/member/invite/").headers["Location"] == "/admin/signin/invitation/add/"


def test_an_invitation_works_once(client_for: ClientFor, acme: Business, mailoutbox: list[EmailMessage]) -> None:
    invite(acme)
    link = link_in(mailoutbox[0])
    assert client_for(None).post(link, JOIN).status_code == 302
    again = client_for(None).post(link, JOIN)
    assert again.status_code == 410
    assert "This invitation is closed" in again.content.decode()
    with business_scope(acme):
        assert Member.objects.filter(email="bo@example.com").count() == 1


def test_of_two_who_join_at_once_one_gets_in(acme: Business) -> None:
    invitation = invite(acme)

    def join(number: int) -> bool:
        with business_scope(acme):
            try:
                invitations.accept(invitation, name=f"Bo {number}", password=None)
            except InvitationClosed:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(join, range(4))) == [False, False, False, True]


@pytest.mark.parametrize("end", ["expired", "withdrawn", "sent again"])
def test_a_link_that_has_ended_opens_nothing(
    client_for: ClientFor, acme: Business, mailoutbox: list[EmailMessage], end: str
) -> None:
    invitation = invite(acme)
    link = link_in(mailoutbox[0])
    with business_scope(acme):
        if end == "expired":
            Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        elif end == "withdrawn":
            invitations.revoke(invitation, by=None, via=Via.ADMIN)
        else:
            invitations.resend(invitation, by=None, via=Via.ADMIN)
    assert client_for(None).get(link).status_code == 410
    assert client_for(None).post(link, JOIN).status_code == 410
    if end == "sent again":
        assert client_for(None).get(link_in(mailoutbox[1])).status_code == 200


def test_an_invitation_of_one_business_is_nothing_in_another(
    client_for: ClientFor, acme: Business, globex: Business, mailoutbox: list[EmailMessage]
) -> None:
    invite(acme, "bo@example.com", Role.ADMIN)
    assert client_for(None, business=globex).post(link_in(mailoutbox[0]), JOIN).status_code == 410
    with business_scope(globex):
        assert not Member.objects.filter(email="bo@example.com").exists()


def test_a_second_invitation_replaces_the_first(
    client_for: ClientFor, acme: Business, mailoutbox: list[EmailMessage]
) -> None:
    invite(acme, "bo@example.com", Role.ADMIN)
    invite(acme, "bo@example.com", Role.REP)
    assert client_for(None).get(link_in(mailoutbox[0])).status_code == 410
    assert client_for(None).post(link_in(mailoutbox[1]), JOIN).status_code == 302
    with business_scope(acme):
        assert Member.objects.get(email="bo@example.com").roles == ["rep"]


def test_a_members_address_can_not_be_invited(admin: Member, client_for: ClientFor, acme: Business) -> None:
    with pytest.raises(ValidationError, match="already belongs"):
        invite(acme, admin.email.upper())
    form = {"email": admin.email, "name": "", "roles": ["rep"]}
    page = client_for(admin).post("/admin/signin/invitation/add/", form)
    assert "already belongs to a member" in page.content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": " "}, "Enter your name."),
        ({"password": "short"}, "at least 10"),
        ({"password": ""}, "Enter a password"),
    ],
)
def test_a_wrong_entry_gets_a_sentence_and_leaves_the_invitation_open(
    client_for: ClientFor, acme: Business, mailoutbox: list[EmailMessage], change: dict[str, str], words: str
) -> None:
    invite(acme)
    link = link_in(mailoutbox[0])
    answer = client_for(None).post(link, JOIN | change)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert client_for(None).post(link, JOIN).status_code == 302


def test_no_mail_goes_out_for_an_invitation_that_was_rolled_back(
    acme: Business, mailoutbox: list[EmailMessage]
) -> None:
    with business_scope(acme), transaction.atomic():
        invitations.invite(email="bo@example.com", roles=[Role.REP], via=Via.COMMAND)
        transaction.set_rollback(True)
    assert mailoutbox == []


def test_the_list_says_what_became_of_each_and_sends_or_withdraws(
    admin: Member, client_for: ClientFor, acme: Business, mailoutbox: list[EmailMessage]
) -> None:
    invitation = invite(acme)
    client = client_for(admin)
    chosen = {"_selected_action": [invitation.pk]}
    client.post("/admin/signin/invitation/", chosen | {"action": "send_again"})
    assert len(mailoutbox) == 2
    client.post("/admin/signin/invitation/", chosen | {"action": "withdraw"})
    assert "Withdrawn" in client.get("/admin/signin/invitation/").content.decode()
    client.post("/admin/signin/invitation/", chosen | {"action": "send_again"})
    assert len(mailoutbox) == 2


def test_a_mail_server_that_is_away_loses_no_invitation(
    admin: Member, client_for: ClientFor, acme: Business, mailoutbox: list[EmailMessage], settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    client = client_for(admin)
    form = {"email": "bo@example.com", "name": "", "roles": ["rep"]}
    page = client.post("/admin/signin/invitation/add/", form, follow=True).content.decode()
    assert "did not take the mail" in page
    assert "Mail not sent" in page
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with business_scope(acme):
        chosen = {"_selected_action": [Invitation.objects.get().pk]}
    client.post("/admin/signin/invitation/", chosen | {"action": "send_again"})
    assert client_for(None).post(link_in(mailoutbox[0]), JOIN).status_code == 302


@pytest.mark.parametrize("role", ["rep", "manager", "billing"])
def test_only_admins_invite(member: MakeMember, client_for: ClientFor, role: str) -> None:
    client: Client = client_for(member(role))
    assert client.get("/admin/signin/invitation/").status_code in {302, 403}
    form = {"email": "bo@example.com", "name": "", "roles": ["admin"]}
    assert client.post("/admin/signin/invitation/add/", form).status_code in {302, 403}
    assert client.get("/admin/members/member/invite/").status_code in {302, 403}


def test_a_new_businesss_first_admin_is_invited_and_sets_a_password(
    client_for: ClientFor, acme: Business, mailoutbox: list[EmailMessage]
) -> None:
    with business_scope(acme):
        first = Member.objects.create_member(email="first@example.com", name="First", roles=[Role.ADMIN])
        first_admin_added.send(sender=Member, member=first)
    assert "as Admin at Acme Cloud" in mailoutbox[0].body
    client = client_for(None)
    assert client.post(link_in(mailoutbox[0]), JOIN).status_code == 302
    assert client.get("/admin/").status_code == 200
    with business_scope(acme):
        assert Member.objects.get(pk=first.pk).name == "Bo Berg"
    # Once in, nobody can invite them into another role.
    with pytest.raises(ValidationError):
        invite(acme, "first@example.com", Role.BILLING)


def test_an_invitation_never_changes_the_roles_of_a_member_who_waits(
    client_for: ClientFor, acme: Business, mailoutbox: list[EmailMessage]
) -> None:
    with business_scope(acme):
        Member.objects.create_member(email="bo@example.com", name="Bo", roles=[Role.BILLING])
    invite(acme, "bo@example.com", Role.ADMIN)
    client_for(None).post(link_in(mailoutbox[0]), JOIN)
    with business_scope(acme):
        assert Member.objects.get(email="bo@example.com").roles == ["billing"]


def test_the_key_stands_in_the_mail_only(acme: Business, mailoutbox: list[EmailMessage]) -> None:
    invitation = invite(acme)
    key = link_in(mailoutbox[0]).rstrip("/").rsplit("/", 1)[1]
    assert key not in str(vars(invitation))
    assert invitation.digest == Invitation.digest_of(key)
