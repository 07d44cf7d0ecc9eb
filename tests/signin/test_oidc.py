"""OpenID Connect against a provider on a real socket: who gets in, and what is turned away."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from tenants.audit.models import AuditLine, Via
from tenants.context import PUBLIC, Business, business_scope
from tenants.members.models import Member, Role
from tenants.signin import invitations
from tenants.signin.models import Provider, SignInPolicy
from tests.conftest import PASSWORD, ClientFor, MakeMember
from tests.signin.outside import come_by_oidc, oidc_row, path_of
from tests.vendors.oidc import CLIENT_SECRET, OidcVendor, new_key

pytestmark = [pytest.mark.sockets, pytest.mark.usefixtures("committed_db", "private_addresses")]


@pytest.fixture
def private_addresses(settings: object) -> None:
    settings.SSO_PRIVATE_ADDRESSES = True  # type: ignore[attr-defined]


@pytest.fixture
def vendor() -> Iterator[OidcVendor]:
    with OidcVendor() as running:
        yield running


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def words(client: Client) -> str:
    return client.get("/sign-in/").content.decode()


def test_a_member_signs_in_at_the_provider_and_is_known_by_it_from_then_on(
    member: MakeMember, client_for: ClientFor, acme: Business, vendor: OidcVendor
) -> None:
    bo = member("manager", email="bo@example.com")
    row = oidc_row(acme, vendor)
    client = client_for(None)
    assert f"/sign-in/with/{row.slug}/?next=%2Flive%2F" in client.get("/sign-in/?next=/live/").content.decode()
    assert come_by_oidc(client, row, vendor, target="/live/") == "/live/"
    assert is_in(client)
    # The address changed there; the person did not.
    vendor.claims["email"] = "bo.berg@example.com"
    again = client_for(None)
    assert come_by_oidc(again, row, vendor) == "/"
    assert is_in(again)
    with business_scope(acme):
        account = SocialAccount.objects.get()
        assert (account.user_id, account.uid, account.extra_data) == (bo.pk, "u-1", {})
        assert Member.objects.get(pk=bo.pk).check_password(PASSWORD), "the password stays"


def test_an_invited_person_joins_with_the_invitations_roles(
    client_for: ClientFor, acme: Business, vendor: OidcVendor
) -> None:
    row = oidc_row(acme, vendor)
    with business_scope(acme):
        invitations.invite(email="bo@example.com", roles=[Role.MANAGER], via=Via.ADMIN)
    client = client_for(None)
    assert come_by_oidc(client, row, vendor) == "/"
    assert is_in(client)
    with business_scope(acme):
        bo = Member.objects.get(email="bo@example.com")
        assert (bo.roles, bo.name, bo.has_usable_password()) == (["manager"], "Bo Berg", False)
        assert not invitations.open_invitations().exists()


@pytest.mark.parametrize(
    ("email", "is_welcome"),
    [("bo@example.com", True), ("bo@evil-example.com", False), ("bo@example.com.evil.org", False)],
)
def test_who_was_not_invited_comes_in_by_the_domain_rule_only(
    client_for: ClientFor, acme: Business, vendor: OidcVendor, email: str, is_welcome: bool
) -> None:
    row = oidc_row(acme, vendor, joining=Provider.Joining.DOMAINS, domains=["example.com"])
    vendor.claims["email"] = email
    client = client_for(None)
    assert come_by_oidc(client, row, vendor) == ("/" if is_welcome else "/sign-in/")
    assert is_in(client) == is_welcome
    with business_scope(acme):
        assert [m.roles for m in Member.objects.filter(email=email)] == ([["rep"]] if is_welcome else [])


def test_a_stranger_at_the_provider_is_told_to_ask_for_an_invitation(
    client_for: ClientFor, acme: Business, vendor: OidcVendor
) -> None:
    row = oidc_row(acme, vendor)
    client = client_for(None)
    assert come_by_oidc(client, row, vendor) == "/sign-in/"
    assert "not a member here yet" in words(client)
    with business_scope(acme):
        assert not Member.objects.exists()


@pytest.mark.parametrize(
    ("verified", "trusts", "gets_in"), [(False, False, False), (None, False, False), (None, True, True)]
)
def test_an_address_counts_when_the_provider_vouches_for_it(
    member: MakeMember,
    client_for: ClientFor,
    acme: Business,
    vendor: OidcVendor,
    verified: bool | None,
    trusts: bool,
    gets_in: bool,
) -> None:
    member("admin", email="bo@example.com")
    row = oidc_row(acme, vendor, trusts_addresses=trusts)
    vendor.claims["email_verified"] = verified
    client = client_for(None)
    come_by_oidc(client, row, vendor)
    assert is_in(client) == gets_in
    if not gets_in:
        assert "did not confirm your e-mail address" in words(client)


@pytest.mark.parametrize("wrong", ["key", "issuer", "audience", "expired", "other person", "no token"])
def test_a_token_that_does_not_fit_is_turned_away(
    member: MakeMember, client_for: ClientFor, acme: Business, vendor: OidcVendor, wrong: str
) -> None:
    member("admin", email="bo@example.com")
    row = oidc_row(acme, vendor)
    vendor.signs_with = new_key() if wrong == "key" else None
    changes: dict[str, dict[str, object]] = {
        "issuer": {"iss": "https://evil.example"},
        "audience": {"aud": "another-client"},
        "expired": {"exp": int(time.time()) - 60},
    }
    vendor.token_changes = changes.get(wrong, {})
    vendor.userinfo = vendor.claims | {"sub": "u-2"} if wrong == "other person" else None
    client = client_for(None)
    if wrong == "no token":
        there = client.get(f"/sign-in/with/{row.slug}/")["Location"]
        back = path_of(vendor.authorize(there))
        vendor.grants.clear()
        assert client.get(back)["Location"] == "/sign-in/"
    else:
        assert come_by_oidc(client, row, vendor) == "/sign-in/"
    assert not is_in(client)
    assert "did not work" in words(client)


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(
    member: MakeMember, client_for: ClientFor, acme: Business, vendor: OidcVendor
) -> None:
    member("rep", email="bo@example.com")
    row = oidc_row(acme, vendor)
    client = client_for(None)
    back = path_of(vendor.authorize(client.get(f"/sign-in/with/{row.slug}/")["Location"]))
    thief = client_for(None)
    assert thief.get(back)["Location"] == "/sign-in/"
    assert not is_in(thief)
    assert client.get(back)["Location"] == "/"
    client.post("/sign-out/")
    assert client.get(back)["Location"] == "/sign-in/"
    assert not is_in(client)


def test_a_provider_of_one_business_is_nothing_in_another(
    member: MakeMember, client_for: ClientFor, acme: Business, globex: Business, vendor: OidcVendor
) -> None:
    member("admin", business=globex, email="bo@example.com")
    row = oidc_row(acme, vendor)
    back = path_of(vendor.authorize(client_for(None).get(f"/sign-in/with/{row.slug}/")["Location"]))
    for business in (globex, PUBLIC):
        stranger = client_for(None, business=business)
        assert stranger.get(f"/sign-in/with/{row.slug}/").status_code == 404
        assert stranger.get(back).status_code == 404
        assert "Example ID" not in words(stranger)
    # Even with the same provider in both, a code that acme asked for is nothing in globex.
    twin = oidc_row(globex, vendor)
    stranger = client_for(None, business=globex)
    assert stranger.get(back.replace(row.slug, twin.slug))["Location"] == "/sign-in/"
    assert not is_in(stranger)


def test_a_disabled_member_does_not_come_in_by_the_provider(
    member: MakeMember, client_for: ClientFor, acme: Business, vendor: OidcVendor
) -> None:
    member("rep", email="bo@example.com")
    with business_scope(acme):
        Member.objects.update(is_active=False)
    client = client_for(None)
    assert come_by_oidc(client, oidc_row(acme, vendor), vendor) == "/sign-in/"
    assert not is_in(client)


def test_a_provider_that_is_away_leaves_the_form(
    member: MakeMember, client_for: ClientFor, acme: Business, vendor: OidcVendor
) -> None:
    ada = member("rep")
    row = oidc_row(acme, vendor, issuer="http://127.0.0.1:1")
    client = client_for(None)
    assert client.get(f"/sign-in/with/{row.slug}/")["Location"] == "/sign-in/"
    assert "did not work" in words(client)
    assert client.post("/sign-in/", {"email": ada.email, "password": PASSWORD})["Location"] == "/"


def test_only_by_the_provider_leaves_admins_an_emergency_door(
    member: MakeMember, client_for: ClientFor, acme: Business, vendor: OidcVendor, mailoutbox: list[object]
) -> None:
    rep, admin = member("rep", email="bo@example.com"), member("admin")
    row = oidc_row(acme, vendor)
    with business_scope(acme):
        SignInPolicy.objects.create(pk=1, only_sso=True)
    assert 'name="password"' not in words(client_for(None))
    assert 'name="password"' in client_for(None).get("/sign-in/?door=password").content.decode()
    client = client_for(None)
    assert client.post("/sign-in/", {"email": rep.email, "password": PASSWORD})["Location"] == "/sign-in/"
    assert "identity provider only" in words(client)
    assert not is_in(client)
    client.post("/sign-in/forgotten/", {"email": rep.email})
    assert mailoutbox == []
    assert client_for(None).post("/sign-in/", {"email": admin.email, "password": PASSWORD})["Location"] == "/"
    assert come_by_oidc(client, row, vendor) == "/"
    # With the provider taken out of use nobody is locked out.
    with business_scope(acme):
        Provider.objects.update(is_active=False)
    assert client_for(None).post("/sign-in/", {"email": rep.email, "password": PASSWORD})["Location"] == "/"


def test_an_admin_sets_a_provider_up_and_tests_it(
    member: MakeMember, client_for: ClientFor, acme: Business, vendor: OidcVendor
) -> None:
    client = client_for(member("admin"))
    form = {
        "kind": "oidc",
        "name": "Example ID",
        "is_active": "on",
        "issuer": vendor.url,
        "client_id": "sales-pilot",
        "secret": CLIENT_SECRET,
        "joining": "invited",
        "domains": "",
    }
    assert client.post("/admin/signin/provider/add/", form).status_code == 302
    with business_scope(acme):
        row = Provider.objects.get()
        assert CLIENT_SECRET not in row.secret_sealed
    change = f"/admin/signin/provider/{row.pk}/change/"
    page = client.get(change).content.decode()
    assert CLIENT_SECRET not in page
    assert f"http://acme.localhost/sign-in/with/{row.slug}/callback/" in page
    test = form | {"secret": "", "signin_provider_test_it": "1"}
    assert "answers and has 1 key" in client.post(change, test, follow=True).content.decode()
    vendor.issuer_said = "https://another.example"
    assert "calls itself https://another.example" in client.post(change, test, follow=True).content.decode()
    with business_scope(acme):
        assert Provider.objects.get().secret_sealed == row.secret_sealed
        assert AuditLine.objects.filter(subject="identity provider").count() == 3
        assert CLIENT_SECRET not in str(list(AuditLine.objects.values()))


def test_no_address_of_our_own_network_is_asked(
    member: MakeMember, client_for: ClientFor, acme: Business, vendor: OidcVendor, settings: object
) -> None:
    settings.SSO_PRIVATE_ADDRESSES = False  # type: ignore[attr-defined]
    row = oidc_row(acme, vendor)
    assert client_for(None).get(f"/sign-in/with/{row.slug}/")["Location"] == "/sign-in/"
    for issuer in (vendor.url, "https://127.0.0.1", "https://localhost", "https://169.254.169.254", "https://[::1]"):
        with business_scope(acme):
            Provider.objects.update(issuer=issuer)
        assert client_for(None).get(f"/sign-in/with/{row.slug}/")["Location"] == "/sign-in/"
    assert vendor.requests == []


@pytest.mark.parametrize("role", ["rep", "manager", "billing"])
def test_only_admins_see_providers(member: MakeMember, client_for: ClientFor, role: str) -> None:
    assert client_for(member(role)).get("/admin/signin/provider/").status_code in {302, 403}
