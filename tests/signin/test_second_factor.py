"""Codes from an app: set up, asked for, required by the business, and helped with when the phone is gone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.cache import caches
from django.test import Client

from tenants.audit.models import Action, AuditLine
from tenants.caching import BusinessCache
from tenants.context import PUBLIC, Business, business_scope
from tenants.members.models import Member
from tenants.signin.models import SignInPolicy
from tests.conftest import PASSWORD, ClientFor, MakeMember
from tests.signin.totp import code, secret_on

pytestmark = pytest.mark.usefixtures("committed_db")

STEP = "/sign-in/second-factor/"
SET_UP = "/sign-in/second-factor/set-up/"


@pytest.fixture
def sign_in(client_for: ClientFor) -> Callable[..., Client]:
    """Through the form, as people do; `goes_to` is where the password leads."""

    def enter(who: Member, goes_to: str = "/", business: Business | None = None) -> Client:
        client = client_for(None, business=business or who.business)  # type: ignore[attr-defined]
        answer = client.post("/sign-in/", {"email": who.email, "password": PASSWORD})
        assert (answer.status_code, answer["Location"]) == (302, goes_to)
        return client

    return enter


def turn_on(client: Client) -> tuple[str, list[str]]:
    """Sets up codes on /account/; the secret and the recovery codes."""
    secret = secret_on(client.get("/account/codes/").content.decode())
    page = client.post("/account/codes/", {"code": code(secret)}, follow=True).content.decode()
    return secret, re.findall(r"<code>(\d{8})</code>", page)


def require(business: Business, who: str) -> None:
    with business_scope(business):
        SignInPolicy.objects.update_or_create(pk=1, defaults={"second_factor": who})


def test_a_member_turns_codes_on_and_is_asked_at_the_next_sign_in(
    member: MakeMember, sign_in: Callable[..., Client], acme: Business
) -> None:
    ada = member("rep")
    secret, recovery = turn_on(sign_in(ada))
    assert len(recovery) == 10
    client = sign_in(ada, goes_to=STEP)
    assert client.get("/").status_code == 302, "a password alone is no session"
    assert "not right" in client.post(STEP, {"code": "000000"}).content.decode()
    assert client.post(STEP, {"code": code(secret, steps_ahead=1)})["Location"] == "/"
    assert client.get("/account/").status_code == 200
    with business_scope(acme):
        stored = Authenticator.objects.get(type="totp").data["secret"]
        added = [line.detail for line in AuditLine.objects.filter(action=Action.ACCESS_CHANGED).order_by("id")]
    assert secret not in stored
    assert {"factor_added": "totp"} in added


def test_a_code_works_once(member: MakeMember, sign_in: Callable[..., Client]) -> None:
    ada = member("rep")
    secret, _ = turn_on(sign_in(ada))
    used = code(secret, steps_ahead=1)
    assert sign_in(ada, goes_to=STEP).post(STEP, {"code": used}).status_code == 302
    assert "not right" in sign_in(ada, goes_to=STEP).post(STEP, {"code": used}).content.decode()


def test_a_recovery_code_works_once(member: MakeMember, sign_in: Callable[..., Client]) -> None:
    ada = member("rep")
    _, recovery = turn_on(sign_in(ada))
    assert sign_in(ada, goes_to=STEP).post(STEP, {"code": recovery[0]}).status_code == 302
    assert "not right" in sign_in(ada, goes_to=STEP).post(STEP, {"code": recovery[0]}).content.decode()


def test_guessing_codes_is_stopped(member: MakeMember, sign_in: Callable[..., Client]) -> None:
    ada = member("rep")
    _, recovery = turn_on(sign_in(ada))
    client = sign_in(ada, goes_to=STEP)
    pages = [client.post(STEP, {"code": f"{guess:06}"}).content.decode() for guess in range(11)]
    assert "not right" in pages[9]
    assert "Wait 15 minutes" in pages[10]
    assert "Wait 15 minutes" in client.post(STEP, {"code": recovery[0]}).content.decode()


@pytest.mark.parametrize(("who", "asked"), [("nobody", []), ("admins", ["admin"]), ("everyone", ["admin", "rep"])])
def test_the_business_decides_who_must_have_a_second_step(
    member: MakeMember, sign_in: Callable[..., Client], acme: Business, who: str, asked: list[str]
) -> None:
    require(acme, who)
    for role in ("admin", "rep"):
        sign_in(member(role), goes_to=SET_UP if role in asked else "/")


def test_who_must_have_one_gets_no_session_before_it_is_set_up(
    member: MakeMember, sign_in: Callable[..., Client], acme: Business
) -> None:
    require(acme, "everyone")
    ada = member("rep")
    client = sign_in(ada, goes_to=SET_UP)
    for path in ("/", "/account/", "/calls/", "/account/codes/", "/account/passkeys/add/"):
        assert client.get(path).status_code == 302, path
    assert client.get("/api/calls").status_code in {401, 403, 404, 405}
    secret = secret_on(client.get(SET_UP).content.decode())
    assert client.post(SET_UP, {"code": "000000"}).status_code == 422
    # The page may be loaded again meanwhile: what was shown last counts.
    secret = secret_on(client.get(SET_UP).content.decode())
    page = client.post(SET_UP, {"code": code(secret)}, follow=True)
    assert "Your recovery codes" in page.content.decode()
    assert client.get("/account/").status_code == 200
    assert sign_in(ada, goes_to=STEP)


def test_the_set_up_page_is_nothing_without_a_password(client_for: ClientFor, acme: Business) -> None:
    require(acme, "everyone")
    for path in (SET_UP, STEP):
        assert client_for(None).get(path)["Location"] == "/sign-in/"
        assert client_for(None).post(path, {"code": "123456"})["Location"] == "/sign-in/"


def test_a_rule_of_one_business_is_none_in_another_or_for_operators(
    member: MakeMember,
    sign_in: Callable[..., Client],
    operator: Callable[[], Member],
    acme: Business,
    globex: Business,
) -> None:
    require(acme, "everyone")
    sign_in(member("admin", business=globex))
    sign_in(operator(), business=PUBLIC)


def test_saving_a_stricter_rule_ends_the_sessions_of_who_has_no_second_step(
    member: MakeMember, sign_in: Callable[..., Client], acme: Business
) -> None:
    admin, rep = sign_in(member("admin")), sign_in(member("rep"))
    rule = admin.get("/admin/signin/signinpolicy/")["Location"]
    page = admin.post(rule, {"second_factor": "everyone"})
    assert "your own second step first" in page.content.decode()
    turn_on(admin)
    assert admin.post(rule, {"second_factor": "everyone"}).status_code == 302
    assert admin.get("/admin/").status_code == 200
    assert rep.get("/")["Location"].startswith("/sign-in/")


def test_the_last_second_step_stays_while_the_business_asks_for_it(
    member: MakeMember, sign_in: Callable[..., Client], acme: Business
) -> None:
    client = sign_in(member("rep"))
    turn_on(client)
    require(acme, "everyone")
    page = client.post("/account/codes/off/")
    assert "add another one first" in page.content.decode()
    require(acme, "nobody")
    assert client.post("/account/codes/off/").status_code == 302
    with business_scope(acme):
        assert not Authenticator.objects.exists()


def test_changing_a_factor_asks_for_the_password_once_signing_in_is_stale(
    member: MakeMember, sign_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(member("rep"))
    monkeypatch.setattr("tenants.signin.adapters.CONFIRMED_FOR_S", -1)
    confirm = client.get("/account/codes/")["Location"]
    assert confirm.startswith("/account/confirm/")
    assert client.post(confirm, {"password": "wrong"}).status_code == 422
    monkeypatch.undo()
    assert client.post(confirm, {"password": PASSWORD})["Location"] == "/account/codes/"


def test_an_admin_helps_who_lost_the_phone(
    member: MakeMember, sign_in: Callable[..., Client], client_for: ClientFor, acme: Business
) -> None:
    ada = member("rep")
    turn_on(sign_in(ada))
    client_for(member("admin")).post(
        "/admin/members/member/", {"action": "remove_second_step", "_selected_action": [ada.pk]}
    )
    sign_in(ada, goes_to="/")
    with business_scope(acme):
        assert AuditLine.objects.filter(detail__has_key="factors_removed", subject_id=str(ada.pk)).exists()


def test_the_second_step_works_while_the_cache_is_down(
    member: MakeMember, sign_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = member("rep")
    secret, _ = turn_on(sign_in(ada))
    nowhere = BusinessCache("redis://127.0.0.1:1/0", {"KEY_FUNCTION": "tenants.caching.make_key"})
    with monkeypatch.context() as patch:
        patch.setattr(caches._connections, "default", nowhere)  # type: ignore[attr-defined]
        answer = sign_in(ada, goes_to=STEP).post(STEP, {"code": code(secret)})
    assert answer["Location"] == "/"


def test_secrets_of_another_installation_ask_to_be_set_up_again(
    member: MakeMember, sign_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = member("rep")
    secret, _ = turn_on(sign_in(ada))
    client = sign_in(ada, goes_to=STEP)
    monkeypatch.setattr("tenants.sealing._box", _another_box)
    page = client.post(STEP, {"code": code(secret)})
    assert page.status_code == 200
    assert "Set it up again" in page.content.decode()
    assert settings.SECRET_KEY


def _another_box(purpose: str) -> object:
    from cryptography.fernet import Fernet

    return Fernet(Fernet.generate_key())
