"""What operators see and do about businesses, on the public host."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from tenants.context import Business, business_scope, public_scope
from tenants.members.models import Member, Role
from tenants.signin.models import Invitation
from tenants.signup import services
from tenants.signup.models import BusinessRequest, Problem, State
from tests.conftest import ClientFor, MakeMember
from tests.signup.conftest import FORM, Build, again, only, request, wanted

pytestmark = pytest.mark.usefixtures("tidy")

LIST = "/admin/signup/businessrequest/"


@pytest.fixture
def desk(operator: Any, client_for: ClientFor) -> Client:
    """An operator's browser."""
    return client_for(operator())


def page_of(row: BusinessRequest) -> str:
    return f"{LIST}{row.pk}/change/"


def press(desk: Client, row: BusinessRequest, step: str, **more: str) -> str:
    answer = desk.post(f"{LIST}{row.pk}/step/", {"step": step, **more}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_operator_asks_for_a_business_and_sees_it_to_the_end(
    desk: Client, build: Build, mailoutbox: list[EmailMessage]
) -> None:
    assert desk.get("/admin/tenants/tenant/add/").headers["Location"] == f"{LIST}add/"
    form = desk.get(f"{LIST}add/").content.decode()
    assert "First admin&#x27;s e-mail" in form
    assert "California" in form
    assert "Refused" not in form, "there is nothing to tell of yet"
    answer = desk.post(f"{LIST}add/", FORM)
    row = only()
    assert answer.headers["Location"] == page_of(row)
    assert (row.state, row.asked_by, row.admin_email) == (State.CONFIRMED, "Operator", "ada@initech.example")
    assert "Next to be built" in desk.get(page_of(row)).content.decode()
    build()
    page = desk.get(page_of(row)).content.decode()
    assert "Ready" in page
    assert "initech.localhost" in page

    again_page = press(desk, row, "invite")
    assert "the invitation is sent again" in again_page
    assert mailoutbox[-1].to == ["ada@initech.example"]
    assert "http://initech.localhost/" in mailoutbox[-1].body
    businesses = desk.get("/admin/tenants/tenant/").content.decode()
    for words in ("Initech", "initech.localhost", "Invited"):
        assert words in businesses


def test_what_is_odd_in_the_form_is_said_and_nothing_is_built(desk: Client, acme: Business) -> None:
    for values, words in (
        ({"slug": "acme"}, "is taken"),
        ({"slug": "www"}, "kept for the installation"),
        ({"admin_email": "ada"}, "whole e-mail address"),
    ):
        answer = desk.post(f"{LIST}add/", {**FORM, **values})
        assert answer.status_code == 200
        assert words in answer.content.decode()
    with public_scope():
        assert not BusinessRequest.objects.exists()


def test_an_address_that_another_operator_took_a_moment_before(desk: Client, monkeypatch: Any) -> None:
    from tenants.signup import forms

    request()
    monkeypatch.setattr(forms, "is_free", lambda word, **_: True)
    answer = desk.post(f"{LIST}add/", FORM, follow=True)
    assert "is taken" in answer.content.decode()
    assert only().asked_by == ""


def test_who_waits_is_agreed_to_or_refused_once(desk: Client) -> None:
    row, other = request(state=State.WAITING), request(slug="other", state=State.WAITING)
    assert "Waits for you" in desk.get(LIST).content.decode()
    assert "Agree: build it" in desk.get(page_of(row)).content.decode()
    assert "is built next" in press(desk, row, "agree")
    assert "has gone on meanwhile" in press(desk, row, "refuse")
    assert again(row).state == State.CONFIRMED
    assert "is not built" in press(desk, other, "refuse")
    assert again(other).state == State.REFUSED
    assert "has gone on meanwhile" in press(desk, row, "no-such-step")


def test_a_failed_one_shows_the_reason_and_is_tried_again_at_another_address(desk: Client) -> None:
    row = request(
        state=State.FAILED,
        problem_code=Problem.TAKEN,
        problem="Somebody has it.",
        finished_at=timezone.now(),
        attempts=4,
    )
    request(slug="held")
    assert "Somebody has it." in desk.get(page_of(row)).content.decode()
    assert "is taken" in press(desk, row, "again", slug="held")
    assert again(row).state == State.FAILED
    assert "is tried again" in press(desk, row, "again", slug="Initech-Two")
    row = again(row)
    assert (row.state, row.slug, row.attempts, row.problem) == (State.CONFIRMED, "initech-two", 0, "")


def test_the_list_of_businesses_says_how_each_is_doing(desk: Client, acme: Business, member: MakeMember) -> None:
    from calls.models import Call

    admin, rep = member("admin"), member("rep")
    with business_scope(acme):
        Member.objects.filter(pk=admin.pk).update(last_login=timezone.now())
        Call.objects.create(member=rep, started_at="2027-02-03T10:00:00Z")
    page = desk.get("/admin/tenants/tenant/").content.decode()
    for words in ("acme.localhost", "In use", "No admin", "Feb. 3, 2027"):
        assert words in page


def test_an_invitation_is_sent_again_from_the_list(
    desk: Client, acme: Business, globex: Business, mailoutbox: list[EmailMessage]
) -> None:
    with business_scope(acme):
        Member.objects.create_member(email="new@acme.example", name="New", roles=[Role.ADMIN])
    chosen = {"action": "send_invitation_again", "_selected_action": [acme.id, globex.id]}
    answer = desk.post("/admin/tenants/tenant/", chosen, follow=True).content.decode()
    assert "Acme Cloud: the invitation is sent again" in answer
    assert "Globex Solar has no admin who waits" in answer
    assert [mail.to for mail in mailoutbox] == [["new@acme.example"]]
    with business_scope(acme):
        assert Invitation.objects.get().sent_at is not None


@pytest.mark.parametrize("path", [LIST, f"{LIST}add/", "/admin/tenants/tenant/"])
def test_an_admin_of_a_business_has_none_of_it(member: MakeMember, client_for: ClientFor, path: str) -> None:
    row = request(state=State.WAITING)
    stranger = client_for(member("admin", "billing", "manager"))
    assert stranger.get(path).status_code in {403, 404}
    assert stranger.get(page_of(row)).status_code in {302, 403, 404}
    assert stranger.post(f"{LIST}{row.pk}/step/", {"step": "agree"}).status_code in {302, 403, 404}
    nobody = Client(SERVER_NAME="localhost")
    assert nobody.get(path).status_code == 302
    assert nobody.post(f"{LIST}{row.pk}/step/", {"step": "agree"}).status_code == 302
    assert again(row).state == State.WAITING


def test_starting_takes_a_free_address_only(operator: Any) -> None:
    from tenants.domains.names import NameRefused

    someone = operator()
    services.start(wanted(), by=someone)
    with pytest.raises(NameRefused, match="is taken"):
        services.start(wanted(), by=someone)
