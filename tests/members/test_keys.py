"""API keys in the admin: issued with scopes, shown once, revoked; each with its line."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tenants.audit.models import AuditLine
from tenants.context import Business, business_scope
from tenants.members.authentication import valid_key
from tenants.members.models import ApiKey, Member
from tests.conftest import ClientFor, MakeMember

pytestmark = pytest.mark.usefixtures("committed_db")

ADD = "/admin/members/apikey/add/"


@pytest.fixture
def ada(member: MakeMember) -> Member:
    return member("rep", name="Ada")


@pytest.fixture
def admin(member: MakeMember, client_for: ClientFor) -> Client:
    return client_for(member("admin", name="Alex"))


def issue(client: Client, ada: Member, *scopes: str) -> str:
    """The answer's page."""
    return client.post(ADD, {"name": "crm", "member": ada.pk, "scopes": scopes}).content.decode()


def secret_on(page: str) -> str:
    found = re.findall(r"sp_[\w-]{40}", page)
    assert len(found) == 1
    return str(found[0])


def test_the_key_is_shown_once_and_works(admin: Client, ada: Member, acme: Business) -> None:
    secret = secret_on(issue(admin, ada, "calls:read"))
    with business_scope(acme):
        key = valid_key(secret)
        assert key is not None
        assert (key.member, key.scopes) == (ada, ["calls:read"])
    for page in ("/admin/members/apikey/", f"/admin/members/apikey/{key.pk}/change/"):
        assert secret not in admin.get(page).content.decode()


def test_the_page_with_the_key_is_kept_by_no_cache(admin: Client, ada: Member) -> None:
    answer = admin.post(ADD, {"name": "crm", "member": ada.pk, "scopes": ["calls:read"]})
    assert "no-store" in answer["Cache-Control"]


def test_issuing_leaves_a_line_without_the_key(admin: Client, ada: Member, acme: Business) -> None:
    secret = secret_on(issue(admin, ada, "calls:write", "calls:read"))
    with business_scope(acme):
        line = AuditLine.objects.get(action="key_changed")
    assert (line.actor_name, line.subject, line.subject_name) == ("Alex", "API key", "crm")
    assert line.detail == {"act": "issued", "member": ada.pk, "scopes": ["calls:read", "calls:write"]}
    assert secret not in str(line.__dict__)


def test_revoking_ends_the_key_and_leaves_a_line(admin: Client, ada: Member, acme: Business) -> None:
    secret = secret_on(issue(admin, ada, "calls:read"))
    with business_scope(acme):
        key = ApiKey.objects.get()
    for _ in range(2):
        admin.post("/admin/members/apikey/", {"action": "revoke", "_selected_action": [key.pk]})
    with business_scope(acme):
        assert valid_key(secret) is None
        assert [line.detail["act"] for line in AuditLine.objects.order_by("id")] == ["issued", "revoked"]


def test_a_key_needs_a_scope(admin: Client, ada: Member, acme: Business) -> None:
    assert "Choose at least one: a key without any is good for nothing." in issue(admin, ada)
    assert "is not one of the available choices" in issue(admin, ada, "everything")
    with business_scope(acme):
        assert not ApiKey.objects.exists()


def test_no_key_is_issued_for_who_is_disabled(admin: Client, ada: Member, acme: Business) -> None:
    with business_scope(acme):
        Member.objects.filter(pk=ada.pk).update(is_active=False)
    assert "sp_" not in issue(admin, ada, "calls:read")


@pytest.mark.parametrize("role", ["rep", "manager", "billing"])
def test_other_roles_issue_none(
    ada: Member, member: MakeMember, client_for: ClientFor, role: str, acme: Business
) -> None:
    client = client_for(member(role))
    client.post(ADD, {"name": "crm", "member": ada.pk, "scopes": ["calls:read"]})
    with business_scope(acme):
        assert not ApiKey.objects.exists()


def test_a_stranger_issues_none_here_and_revokes_none(
    admin: Client, ada: Member, member: MakeMember, client_for: ClientFor, acme: Business, globex: Business
) -> None:
    secret = secret_on(issue(admin, ada, "calls:read"))
    stranger = client_for(member("admin", business=globex))
    with business_scope(acme):
        key = ApiKey.objects.get()
    stranger.post("/admin/members/apikey/", {"action": "revoke", "_selected_action": [key.pk]})
    with business_scope(acme):
        assert valid_key(secret) is not None
