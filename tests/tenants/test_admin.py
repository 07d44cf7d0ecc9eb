"""The admin of a business and of the installation: who sees what, where, and in which colours."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tenants.branding import get_brand
from tenants.context import Business, business_scope
from tenants.house.models import Branding
from tenants.members.models import ApiKey, Member
from tests.conftest import PASSWORD, ClientFor, MakeMember

pytestmark = pytest.mark.usefixtures("committed_db")

OPERATORS_ONLY = ["/admin/tenants/tenant/", "/admin/tenants/domain/"]
BUSINESS_ONLY = ["/admin/house/branding/", "/admin/members/apikey/"]


@pytest.fixture
def admin(member: MakeMember, client_for: ClientFor) -> Client:
    return client_for(member("admin", name="Ada"))


def brand_form(**changes: object) -> dict[str, object]:
    return {
        "product_name": "Acme Coach",
        "tagline": "",
        "colour": "#0f766e",
        "accent": "",
    } | changes


@pytest.mark.parametrize("path", OPERATORS_ONLY)
def test_a_business_admin_finds_no_operators_page(admin: Client, path: str) -> None:
    assert admin.get(path).status_code == 403
    assert path not in admin.get("/admin/").content.decode()


@pytest.mark.parametrize("path", BUSINESS_ONLY)
def test_an_operator_finds_no_businesss_page(operator: Callable[[], Member], client_for: ClientFor, path: str) -> None:
    client = client_for(operator())
    assert client.get(path).status_code == 403
    index = client.get("/admin/").content.decode()
    assert path not in index
    assert all(mine in index for mine in OPERATORS_ONLY)


def test_the_operators_see_the_businesses(operator: Callable[[], Member], client_for: ClientFor) -> None:
    client = client_for(operator())
    assert "Acme Cloud" in client.get("/admin/tenants/tenant/").content.decode()
    assert "globex.localhost" in client.get("/").content.decode()


def test_the_public_page_tells_a_visitor_nothing_about_businesses(client_for: ClientFor, acme: Business) -> None:
    from tenants.context import PUBLIC

    page = client_for(None, business=PUBLIC).get("/").content.decode()
    assert "Acme" not in page
    assert acme.schema_name not in page


def test_an_admin_adds_a_member_who_can_then_sign_in(admin: Client, acme: Business, client_for: ClientFor) -> None:
    form = {"name": "Bo", "email": "Bo@Example.com", "roles": ["rep"], "is_active": "on", "new_password": PASSWORD}
    assert admin.post("/admin/members/member/add/", form).status_code == 302
    answer = client_for(None).post("/sign-in/", {"email": "bo@example.com", "password": PASSWORD})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"new_password": "short"}, "at least 10 characters"),
        ({"roles": ["operator"]}, "Select a valid choice"),
        ({"new_password": ""}, "This field is required"),
    ],
)
def test_a_member_form_says_what_is_wrong(admin: Client, changes: dict[str, str], words: str) -> None:
    form = {"name": "Bo", "email": "bo@example.com", "roles": ["rep"], "is_active": "on", "new_password": PASSWORD}
    assert words in admin.post("/admin/members/member/add/", form | changes).content.decode()


@pytest.mark.parametrize(
    ("changes", "words"), [({"roles": ["rep"]}, "your own roles"), ({"is_active": ""}, "disable yourself")]
)
def test_an_admin_can_not_lock_the_door_behind_themselves(
    member: MakeMember, client_for: ClientFor, changes: dict[str, str], words: str
) -> None:
    ada = member("admin")
    form = {"name": ada.name, "email": ada.email, "roles": ["admin"], "is_active": "on", "new_password": ""} | changes
    form = {key: value for key, value in form.items() if value or key == "new_password"}
    page = client_for(ada).post(f"/admin/members/member/{ada.pk}/change/", form)
    assert words in page.content.decode()


def test_an_admin_who_changes_their_password_stays_signed_in(member: MakeMember, client_for: ClientFor) -> None:
    ada = member("admin")
    client = client_for(ada)
    form = {
        "name": ada.name,
        "email": ada.email,
        "roles": ["admin"],
        "is_active": "on",
        "new_password": "quite-another-one",
    }
    assert client.post(f"/admin/members/member/{ada.pk}/change/", form).status_code == 302
    assert client.get("/admin/members/member/").status_code == 200


def test_a_revoked_key_stays_in_the_list_and_opens_nothing(
    admin: Client, acme: Business, member: MakeMember, client_for: ClientFor
) -> None:
    person = member("rep")
    with business_scope(acme):
        row, secret = ApiKey.issue(member=person, name="crm")
    page = admin.get("/admin/members/apikey/").content.decode()
    assert row.hint in page
    assert secret not in page
    admin.post("/admin/members/apikey/", {"action": "revoke", "_selected_action": [row.pk]})
    with business_scope(acme):
        row.refresh_from_db()
    assert row.revoked_at is not None


@pytest.mark.parametrize("role", ["rep", "manager"])
def test_a_role_without_admin_gets_a_page_that_says_so(member: MakeMember, client_for: ClientFor, role: str) -> None:
    answer = client_for(member(role)).get("/admin/", follow=True)
    assert answer.status_code == 403


def test_a_visitor_is_sent_to_the_businesss_own_sign_in(client_for: ClientFor) -> None:
    answer = client_for(None).get("/admin/members/member/", follow=True)
    assert answer.redirect_chain[-1] == ("/sign-in/?next=/admin/members/member/", 302)


def test_a_strangers_session_opens_no_admin(member: MakeMember, client_for: ClientFor, globex: Business) -> None:
    stranger = client_for(member("admin", business=globex))
    ours = client_for(None)
    ours.cookies["session"] = stranger.cookies["session"].value
    assert ours.get("/admin/").status_code == 302


def test_billing_staff_see_billing_only(member: MakeMember, client_for: ClientFor) -> None:
    client = client_for(member("billing"))
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/members/member/").status_code == 403
    assert client.get("/admin/house/branding/").status_code == 403


def test_signing_out_of_the_admin_ends_the_session_and_needs_a_post(admin: Client) -> None:
    assert admin.get("/admin/logout/").status_code == 405
    assert admin.post("/admin/logout/")["Location"] == "/sign-in/"
    assert admin.get("/admin/").status_code == 302


def test_each_host_has_its_own_colours_and_name(
    member: MakeMember, client_for: ClientFor, acme: Business, globex: Business
) -> None:
    clients = {home.schema_name: client_for(member("admin", business=home)) for home in (acme, globex)}
    for home, colour in ((acme, "#0f766e"), (globex, "#b91c1c")):
        with business_scope(home):
            Branding.objects.filter(pk=1).update(colour=colour, product_name=f"{home.name} Coach")
    for name, rgb in (("acme", "rgb(15, 118, 110)"), ("globex", "rgb(185, 28, 28)"), ("acme", "rgb(15, 118, 110)")):
        page = clients[name].get("/admin/").content.decode()
        assert f"--color-primary-600: {rgb}" in clients[name].get("/admin/theme.css").content.decode()
        assert {"acme": "Acme Cloud Coach", "globex": "Globex Solar Coach"}[name] in page


def test_the_brand_page_is_its_only_row(admin: Client) -> None:
    assert admin.get("/admin/house/branding/")["Location"] == "/admin/house/branding/1/change/"
    assert admin.get("/admin/house/branding/add/").status_code == 403


def test_a_saved_brand_is_on_the_next_page(admin: Client, acme: Business, globex: Business) -> None:
    assert admin.post("/admin/house/branding/1/change/", brand_form()).status_code == 302
    with business_scope(acme):
        assert get_brand().product_name == "Acme Coach"
    with business_scope(globex):
        assert get_brand().product_name == "Globex Solar"


@pytest.mark.parametrize("colour", ["red", "#12345", "#12345g", "}</style>", "javascript:1"])
def test_a_colour_is_six_hex_digits(admin: Client, acme: Business, colour: str) -> None:
    assert admin.post("/admin/house/branding/1/change/", brand_form(colour=colour)).status_code == 200
    with business_scope(acme):
        assert Branding.objects.get(pk=1).colour == "#1d4ed8"


def test_the_admins_policy_is_looser_than_the_sites_in_two_points_only(admin: Client) -> None:
    site, theirs = (
        dict(part.strip().split(" ", 1) for part in page["Content-Security-Policy"].split(";"))
        for page in (admin.get("/sign-in/"), admin.get("/admin/"))
    )
    assert site["script-src"] == site["style-src"] == "'self'"
    assert theirs == site | {"script-src": "'self' 'unsafe-eval'", "style-src-attr": "'unsafe-inline'"}
