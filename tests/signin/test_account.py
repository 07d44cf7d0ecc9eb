"""Your account: name, password and the browsers that are signed in; one's own only."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.test import Client

from tenants.audit.models import AuditLine
from tenants.context import PUBLIC, Business, business_scope
from tenants.members.authentication import member_for_session
from tenants.members.models import ApiKey, Member
from tests.conftest import PASSWORD, ClientFor, MakeMember

pytestmark = pytest.mark.usefixtures("committed_db")

NEW = "another-long-password"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"


def signed_in(client_for: ClientFor, who: Member, browser: str = FIREFOX) -> Client:
    client = client_for(None, business=who.business)  # type: ignore[attr-defined]
    client.defaults["HTTP_USER_AGENT"] = browser
    assert client.post("/sign-in/", {"email": who.email, "password": PASSWORD}).status_code == 302
    return client


def key_of(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_a_member_changes_the_name(member: MakeMember, client_for: ClientFor, acme: Business) -> None:
    ada = member("rep", name="Ada")
    client = signed_in(client_for, ada)
    assert client.post("/account/name/", {"name": "Ada Berg"}).status_code == 302
    assert "Ada Berg" in client.get("/account/").content.decode()
    assert client.post("/account/name/", {"name": " "}).status_code == 422


def test_a_new_password_needs_the_present_one_and_signs_out_other_browsers(
    member: MakeMember, client_for: ClientFor
) -> None:
    ada = member("rep")
    here, there = signed_in(client_for, ada), signed_in(client_for, ada)
    wrong = here.post("/account/password/", {"current": "wrong", "new": NEW})
    assert (wrong.status_code, "not your present password" in wrong.content.decode()) == (422, True)
    assert here.post("/account/password/", {"current": PASSWORD, "new": "short"}).status_code == 422
    assert here.post("/account/password/", {"current": PASSWORD, "new": NEW}).status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    assert here.get("/account/").content.decode().count("This browser") == 1


def test_sessions_are_listed_by_browser_and_ended_one_by_one(
    member: MakeMember, client_for: ClientFor, acme: Business
) -> None:
    ada = member("rep")
    here, there = signed_in(client_for, ada), signed_in(client_for, ada, EDGE)
    page = here.get("/account/").content.decode()
    assert "Firefox on Linux" in page
    assert "Edge on Windows" in page
    (path,) = re.findall(r'action="(/account/sessions/\d+/end/)"', page)
    assert here.post(path).status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    with business_scope(acme):
        assert member_for_session(key_of(there)) is None, "what sockets ask every few seconds"
        assert AuditLine.objects.filter(detail={"sessions_ended": 1}).count() == 1


def test_all_other_browsers_are_signed_out_at_once(member: MakeMember, client_for: ClientFor) -> None:
    ada = member("rep")
    here, *others = (signed_in(client_for, ada) for _ in range(3))
    colleague = signed_in(client_for, member("rep"))
    here.post("/account/sessions/end-others/")
    assert [is_in(client) for client in (here, *others, colleague)] == [True, False, False, True]


def test_nobody_ends_a_session_of_someone_else(
    member: MakeMember, client_for: ClientFor, acme: Business, globex: Business
) -> None:
    victim = signed_in(client_for, member("admin"))
    with business_scope(acme):
        number = UserSession.objects.get().pk
    colleague = signed_in(client_for, member("rep"))
    stranger = signed_in(client_for, member("admin", business=globex))
    for attacker in (colleague, stranger):
        assert attacker.post(f"/account/sessions/{number}/end/").status_code == 404
    assert is_in(victim)


def test_an_admin_ends_a_members_session(member: MakeMember, client_for: ClientFor, acme: Business) -> None:
    rep = signed_in(client_for, member("rep", name="Bo"))
    admin = signed_in(client_for, member("admin"))
    with business_scope(acme):
        number = UserSession.objects.get(user__name="Bo").pk
    page = admin.get("/admin/signin/opensession/").content.decode()
    assert "Firefox on Linux" in page
    admin.post("/admin/signin/opensession/", {"action": "end", "_selected_action": [number]})
    assert (is_in(rep), is_in(admin)) == (False, True)


def test_an_admin_signs_a_member_out_everywhere(member: MakeMember, client_for: ClientFor) -> None:
    bo = member("rep")
    clients = [signed_in(client_for, bo) for _ in range(2)]
    signed_in(client_for, member("admin")).post(
        "/admin/members/member/", {"action": "sign_out_everywhere", "_selected_action": [bo.pk]}
    )
    assert [is_in(client) for client in clients] == [False, False]


def test_an_admin_who_changes_the_own_password_in_the_admin_stays_on_the_list(
    member: MakeMember, client_for: ClientFor
) -> None:
    ada = member("admin")
    client = signed_in(client_for, ada)
    form = {"name": ada.name, "email": ada.email, "roles": ["admin"], "is_active": "on", "new_password": NEW}
    assert client.post(f"/admin/members/member/{ada.pk}/change/", form).status_code == 302
    assert client.get("/account/").content.decode().count("This browser") == 1


@pytest.mark.parametrize("role", ["rep", "manager", "billing"])
def test_only_admins_see_the_sessions_of_others(member: MakeMember, client_for: ClientFor, role: str) -> None:
    assert client_for(member(role)).get("/admin/signin/opensession/").status_code in {302, 403}


def test_own_keys_are_shown_and_those_of_others_are_not(
    member: MakeMember, client_for: ClientFor, acme: Business
) -> None:
    ada, bo = member("rep"), member("rep")
    with business_scope(acme):
        ApiKey.issue(member=ada, name="CRM of Ada")
        ApiKey.issue(member=bo, name="CRM of Bo")
    page = signed_in(client_for, ada).get("/account/").content.decode()
    assert "CRM of Ada" in page
    assert "CRM of Bo" not in page


def test_an_operator_has_an_account_too(operator: object, client_for: ClientFor) -> None:
    person: Member = operator()  # type: ignore[operator]
    client = signed_in(client_for, person)
    assert client.get("/account/").status_code == 200
    assert client.post("/account/name/", {"name": "Olga"}).status_code == 302
    assert client_for(None, business=PUBLIC).get("/account/")["Location"].startswith("/sign-in/")


def test_a_members_address_is_kept_in_step(member: MakeMember, acme: Business) -> None:
    ada = member("rep", email="ada@example.com")
    with business_scope(acme):
        ada.email = "Ada.Berg@example.com"
        ada.save()
        (kept,) = EmailAddress.objects.filter(user_id=ada.pk)
        assert (kept.email, kept.verified, kept.primary) == ("ada.berg@example.com", True, True)


def test_allauths_own_tables_are_not_in_the_admin(member: MakeMember, client_for: ClientFor) -> None:
    client = client_for(member("admin"))
    for path in ("mfa/authenticator", "account/emailaddress", "socialaccount/socialapp", "usersessions/usersession"):
        assert client.get(f"/admin/{path}/").status_code == 404
