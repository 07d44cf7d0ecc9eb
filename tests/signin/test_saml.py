"""SAML with really signed assertions: one gets in, every other kind is turned away."""

from __future__ import annotations

import base64

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from tenants.audit.models import Via
from tenants.context import PUBLIC, Business, business_scope
from tenants.members.models import Member, Role
from tenants.signin import invitations
from tenants.signin.models import Provider
from tests.conftest import ClientFor, MakeMember
from tests.signin.outside import answer_saml, ask_saml, saml_row
from tests.vendors.saml import SSO_URL, SamlVendor

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture(scope="module")
def vendor() -> SamlVendor:
    return SamlVendor()


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_a_member_signs_in_by_a_signed_assertion(
    member: MakeMember, client_for: ClientFor, acme: Business, vendor: SamlVendor
) -> None:
    member("manager", email="bo@example.com")
    row, client = saml_row(acme, vendor), client_for(None)
    question = ask_saml(client, row)
    assert question.audience == f"http://acme.localhost/sign-in/saml/{row.slug}/metadata/"
    assert answer_saml(client, row, vendor.answer(question)) == "/"
    assert is_in(client)
    with business_scope(acme):
        assert SocialAccount.objects.get().extra_data == {}


def test_an_invited_person_joins(client_for: ClientFor, acme: Business, vendor: SamlVendor) -> None:
    row, client = saml_row(acme, vendor), client_for(None)
    with business_scope(acme):
        invitations.invite(email="bo@example.com", roles=[Role.BILLING], via=Via.ADMIN)
    answer_saml(client, row, vendor.answer(ask_saml(client, row)))
    assert is_in(client)
    with business_scope(acme):
        assert Member.objects.get(email="bo@example.com").roles == ["billing"]


@pytest.mark.parametrize("wrong", ["unsigned", "forged", "changed", "expired", "audience", "unasked", "nonsense"])
def test_an_assertion_that_does_not_fit_is_turned_away(
    member: MakeMember, client_for: ClientFor, acme: Business, vendor: SamlVendor, wrong: str
) -> None:
    member("admin", email="bo@example.com")
    member("admin", email="ada@example.com")
    row, client = saml_row(acme, vendor), client_for(None)
    question = ask_saml(client, row)
    answers = {
        "unsigned": lambda: vendor.answer(question, is_signed=False),
        "forged": lambda: SamlVendor().answer(question),
        "changed": lambda: _with(vendor.answer(question), b"bo@example.com", b"ada@example.com"),
        "expired": lambda: vendor.answer(question, minutes=-5),
        "audience": lambda: vendor.answer(question, audience="https://another.example/metadata/"),
        "unasked": lambda: vendor.answer(question, answers=False),
        "nonsense": lambda: base64.b64encode(b"<nothing/>").decode(),
    }
    assert answer_saml(client, row, answers[wrong]()) == "/sign-in/"
    assert not is_in(client)
    assert "did not work" in client.get("/sign-in/").content.decode()


def test_an_assertion_counts_once_and_only_in_the_browser_that_asked(
    member: MakeMember, client_for: ClientFor, acme: Business, vendor: SamlVendor
) -> None:
    member("rep", email="bo@example.com")
    row, client, thief = saml_row(acme, vendor), client_for(None), client_for(None)
    answer = vendor.answer(ask_saml(client, row))
    assert answer_saml(thief, row, answer) == "/sign-in/"
    assert not is_in(thief)
    assert answer_saml(client, row, answer) == "/"
    client.post("/sign-out/")
    assert answer_saml(client, row, answer) == "/sign-in/"
    assert not is_in(client)


def test_an_assertion_for_one_business_is_nothing_in_another(
    member: MakeMember, client_for: ClientFor, acme: Business, globex: Business, vendor: SamlVendor
) -> None:
    member("rep", email="bo@example.com")
    member("admin", business=globex, email="bo@example.com")
    ours, theirs = saml_row(acme, vendor), saml_row(globex, vendor)
    answer = vendor.answer(ask_saml(client_for(None), ours))
    stranger = client_for(None, business=globex)
    ask_saml(stranger, theirs)
    assert answer_saml(stranger, theirs, answer) == "/sign-in/"
    assert not is_in(stranger)
    for business in (globex, PUBLIC):
        assert client_for(None, business=business).get(f"/sign-in/saml/{ours.slug}/").status_code == 404


def test_the_metadata_for_the_provider_is_given_out(client_for: ClientFor, acme: Business, vendor: SamlVendor) -> None:
    row = saml_row(acme, vendor)
    page = client_for(None).get(f"/sign-in/saml/{row.slug}/metadata/", HTTP_HOST="acme.localhost")
    assert page.status_code == 200
    assert f"http://acme.localhost/sign-in/saml/{row.slug}/acs/" in page.content.decode()


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ("", "Enter the provider"),
        ("<a", "can not be read"),
        ("<EntityDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata' entityID='x'/>", "names no"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><x/>", "declares a document type"),
    ],
)
def test_odd_metadata_gets_a_sentence(
    member: MakeMember, client_for: ClientFor, acme: Business, metadata: str, sentence: str
) -> None:
    form = {"kind": "saml", "name": "SAML", "is_active": "on", "joining": "invited", "saml_metadata": metadata}
    page = client_for(member("admin")).post("/admin/signin/provider/add/", form)
    assert sentence in page.content.decode()


def test_an_admin_pastes_metadata_and_sees_what_to_enter_there(
    member: MakeMember, client_for: ClientFor, acme: Business, vendor: SamlVendor
) -> None:
    client = client_for(member("admin"))
    form = {"kind": "saml", "name": "SAML", "is_active": "on", "joining": "domains", "saml_metadata": vendor.metadata()}
    assert "Enter the domains" in client.post("/admin/signin/provider/add/", form).content.decode()
    page = client.post(
        "/admin/signin/provider/add/", form | {"domains": "@Example.com,\nexample.org", "_continue": "1"}, follow=True
    )
    with business_scope(acme):
        assert Provider.objects.get().domains == ["example.com", "example.org"]
    assert "/acs/" in page.content.decode()
    assert SSO_URL in page.content.decode()


def _with(answer: str, old: bytes, new: bytes) -> str:
    return base64.b64encode(base64.b64decode(answer).replace(old, new)).decode()
