"""A business signs itself up: the form, the mail, the link, and what nobody is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db.utils import ProgrammingError
from django.test import Client
from django.utils import timezone

from salespilot.quickstart.processes import free_port
from tenants.context import Business, business_scope, public_scope
from tenants.domains import services as domains
from tenants.models import Domain
from tenants.signup import limits, links, services
from tenants.signup.models import BusinessRequest, State
from tenants.tasks import forget_sign_ups
from tests.conftest import ClientFor, MakeMember
from tests.signup.conftest import FORM, again, link_in, only, request

pytestmark = pytest.mark.usefixtures("tidy", "open_to_all")


def sign_up(public: Client, **values: str) -> Any:
    return public.post("/signup/", {**FORM, **values})


def count() -> int:
    with public_scope():
        return BusinessRequest.objects.count()


def test_the_form_sends_a_mail_and_its_link_confirms(public: Client, mailoutbox: list[EmailMessage]) -> None:
    assert "Start with your business" in public.get("/").content.decode()
    assert public.get("/signup/").status_code == 200
    assert sign_up(public).headers["Location"] == "/signup/sent/"
    assert "Look at your mail" in public.get("/signup/sent/").content.decode()
    (mail,) = mailoutbox
    assert mail.to == ["ada@initech.example"]
    assert (only().state, only().place, only().trade) == (State.REQUESTED, "US-CA", "software")

    page = public.get(link_in(mail)).content.decode()
    assert "initech.localhost" in page
    assert only().state == State.REQUESTED, "programs open every link in a mail; only the button confirms"
    assert public.post(link_in(mail)).headers["Location"] == link_in(mail)
    assert only().state == State.CONFIRMED
    assert "Setting up Initech" in public.get(link_in(mail)).content.decode()
    assert public.get(f"{link_in(mail)}state/").json() == {
        "state": "confirmed",
        "is_final": False,
        "is_invited": False,
    }


def test_confirming_twice_is_once(public: Client, mailoutbox: list[EmailMessage]) -> None:
    sign_up(public)
    public.post(link_in(mailoutbox[0]))
    confirmed_at = only().confirmed_at
    assert public.post(link_in(mailoutbox[0])).status_code == 302
    assert only().confirmed_at == confirmed_at


@pytest.mark.parametrize("path", ["/signup/", "/signup/sent/", "/signup/address/?address=initech"])
def test_closed_there_is_no_sign_up(public: Client, settings: Any, path: str) -> None:
    settings.SIGN_UP = "closed"
    assert public.get(path).status_code == 404
    assert sign_up(public).status_code == 404
    assert "Start with your business" not in public.get("/").content.decode()
    assert count() == 0


def test_closed_meanwhile_a_link_that_was_not_opened_leads_nowhere(
    public: Client, settings: Any, mailoutbox: list[EmailMessage]
) -> None:
    sign_up(public)
    settings.SIGN_UP = "closed"
    assert public.post(link_in(mailoutbox[0])).status_code == 404
    assert only().state == State.REQUESTED


def test_sign_up_is_on_the_public_host_only(client_for: ClientFor, acme: Business) -> None:
    for path in ("/signup/", "/signup/sent/", "/signup/address/"):
        assert client_for(None, business=acme).get(path).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "Enter the name of your business."),
        ("slug", "", "Choose an address."),
        ("slug", "www", "kept for the installation"),
        ("slug", "a", "letters, digits"),
        ("slug", "a.b", "letters, digits"),
        ("admin_name", " ", "Enter your name."),
        ("admin_email", "ada@", "Enter a whole e-mail address."),
        ("place", "Atlantis", "Select a valid choice"),
    ],
)
def test_what_is_odd_is_said_at_its_field_and_the_rest_is_kept(
    public: Client, mailoutbox: list[EmailMessage], field: str, value: str, words: str
) -> None:
    answer = sign_up(public, **{field: value})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert ('value="software"' in page, mailoutbox, count()) == (True, [], 0)


def test_an_address_is_looked_up_while_it_is_typed(public: Client, acme: Business, settings: Any) -> None:
    settings.BUSINESS_DOMAIN = "localhost"

    def ask(address: str) -> tuple[bool, str]:
        answer = public.get("/signup/address/", {"address": address}).json()
        return answer["is_free"], answer["message"]

    assert ask("initech") == (True, "initech.localhost is free.")
    assert ask("acme") == (False, "This address is taken. Choose another.")
    assert ask("admin")[0] is False
    assert ask("")[0] is False
    request(slug="globo")
    assert ask("globo")[0] is False, "held by a request on its way"
    request(slug="later", state=State.REQUESTED)
    assert ask("later")[0] is True, "what is not confirmed holds nothing"


def test_an_address_that_went_to_another_meanwhile_is_asked_for_again_and_nothing_is_lost(
    public: Client, globex: Business, mailoutbox: list[EmailMessage]
) -> None:
    sign_up(public)
    with business_scope(globex):
        taken = domains.take_subdomain("initech", by=None)
    link = link_in(mailoutbox[0])
    page = public.get(link).content.decode()
    assert "initech.localhost went to somebody else meanwhile" in page
    assert public.post(link).status_code == 422
    assert public.post(link, {"slug": "acme"}).status_code == 422
    assert only().state == State.REQUESTED
    assert public.post(link, {"slug": "initech-two"}).status_code == 302
    row = only()
    assert (row.state, row.slug, row.name, row.admin_email) == (
        *(State.CONFIRMED, "initech-two", "Initech", "ada@initech.example"),
    )
    with public_scope():
        Domain.objects.filter(pk=taken.pk).delete()


def test_of_two_who_confirm_the_same_address_the_second_chooses_another(
    public: Client, mailoutbox: list[EmailMessage]
) -> None:
    sign_up(public)
    sign_up(public, admin_email="bo@initech.example")
    first, second = (link_in(mail) for mail in mailoutbox)
    assert public.post(first).status_code == 302
    assert public.post(second).status_code == 422
    assert "went to somebody else" in public.get(second).content.decode()


def test_nobody_learns_from_the_answer_whether_an_e_mail_is_known(
    public: Client, acme: Business, member: MakeMember, mailoutbox: list[EmailMessage]
) -> None:
    """A member's address, a fresh one, and one that was written to often enough: the same answer to the letter."""
    member("admin", email="known@acme.example")
    answers = {sign_up(public, admin_email="known@acme.example").headers["Location"]}
    for number in range(limits.PER_EMAIL + 1):
        fresh = Client(SERVER_NAME="localhost", REMOTE_ADDR=f"192.0.2.{number}")
        answers.add(sign_up(fresh, admin_email="often@initech.example").headers["Location"])
    assert answers == {"/signup/sent/"}
    assert [mail.to for mail in mailoutbox].count(["often@initech.example"]) == limits.PER_EMAIL


def test_too_many_from_one_place_are_told_so(public: Client, mailoutbox: list[EmailMessage]) -> None:
    for number in range(limits.PER_ORIGIN):
        assert sign_up(public, admin_email=f"a{number}@initech.example").status_code == 302
    answer = sign_up(public, admin_email="another@initech.example")
    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()
    elsewhere = Client(SERVER_NAME="localhost", REMOTE_ADDR="192.0.2.7")
    assert sign_up(elsewhere, admin_email="another@initech.example").status_code == 302
    with public_scope():
        BusinessRequest.objects.update(created_at=timezone.now() - limits.WINDOW - timedelta(seconds=1))
    assert sign_up(public).status_code == 302
    assert len(mailoutbox) == limits.PER_ORIGIN + 2


def test_behind_a_proxy_each_visitor_counts_alone_and_a_made_up_address_does_not_help(settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    def ask(number: int, seen_by_proxy: str) -> int:
        visitor = Client(SERVER_NAME="localhost", headers={"X-Forwarded-For": f"198.51.100.{number}, {seen_by_proxy}"})
        return int(sign_up(visitor, admin_email=f"{seen_by_proxy}-{number}@initech.example").status_code)

    assert [ask(number, "192.0.2.7") for number in range(limits.PER_ORIGIN + 1)] == [302] * limits.PER_ORIGIN + [429]
    assert ask(0, "192.0.2.8") == 302


def test_no_network_address_is_kept(public: Client) -> None:
    sign_up(Client(SERVER_NAME="localhost", REMOTE_ADDR="192.0.2.7"))
    assert "192.0.2.7" not in str(only().__dict__)


def test_a_robot_fills_in_what_people_do_not_see_and_gets_the_same_page(
    public: Client, mailoutbox: list[EmailMessage]
) -> None:
    assert sign_up(public, website="https://spam.example/").headers["Location"] == "/signup/sent/"
    assert (mailoutbox, count()) == ([], 0)


def test_a_mail_server_that_is_away_is_told_and_the_form_is_kept(public: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", free_port(), 1
    answer = sign_up(public)
    assert answer.status_code == 503
    assert "could not be sent" in answer.content.decode()
    assert 'value="Initech"' in answer.content.decode()
    assert count() == 0


@pytest.mark.parametrize("key", ["nonsense", "a" * 32, "a:b:c", "%00", "1" * 400])
def test_a_forged_link_opens_nothing(public: Client, key: str) -> None:
    assert public.get(f"/signup/{key}/").status_code == 410
    assert public.post(f"/signup/{key}/").status_code == 410
    assert public.get(f"/signup/{key}/state/").status_code == 410


def test_the_link_of_one_request_does_not_open_another(public: Client) -> None:
    mine, other = request(), request(slug="other")
    key = links.key_of(mine).replace(mine.pk.hex, other.pk.hex)
    assert public.get(f"/signup/{key}/").status_code == 410


def test_a_link_confirms_for_24_hours(public: Client, mailoutbox: list[EmailMessage]) -> None:
    sign_up(public)
    with public_scope():
        BusinessRequest.objects.update(created_at=timezone.now() - links.CONFIRM_WITHIN - timedelta(seconds=1))
    assert public.post(link_in(mailoutbox[0])).status_code == 410
    assert only().state == State.REQUESTED


def test_the_pages_keep_the_strict_policy_and_are_not_stored(public: Client) -> None:
    for path in ("/signup/", f"/signup/{links.key_of(request())}/"):
        answer = public.get(path)
        assert "script-src 'self';" in f"{answer.headers['Content-Security-Policy']};"
        assert "no-store" in answer.headers["Cache-Control"]


def test_what_came_to_nothing_is_forgotten(public: Client) -> None:
    long_ago = timezone.now() - services.ENDED_LASTS - timedelta(days=1)
    kept = request(slug="kept", state=State.WAITING)
    request(slug="refused", state=State.REFUSED, finished_at=long_ago)
    request(slug="built", state=State.READY, finished_at=long_ago)
    request(slug="unconfirmed", state=State.REQUESTED)
    fresh = request(slug="fresh", state=State.REQUESTED)
    with public_scope():
        BusinessRequest.objects.exclude(pk=fresh.pk).update(created_at=long_ago)
    forget_sign_ups()
    with public_scope():
        assert set(BusinessRequest.objects.values_list("pk", flat=True)) == {kept.pk, fresh.pk}


def test_no_business_s_role_reaches_requests(acme: Business) -> None:
    row = request()
    with business_scope(acme):
        for act in (
            BusinessRequest.objects.count,
            lambda: BusinessRequest.objects.filter(pk=row.pk).update(state=State.READY),
            lambda: BusinessRequest.objects.filter(pk=row.pk)._raw_delete("default"),
            lambda: BusinessRequest(name="x", slug="x", admin_name="x", admin_email="x@x.example").save(),
        ):
            with pytest.raises(ProgrammingError, match="permission denied"):
                act()
    assert again(row).state == State.CONFIRMED


def test_with_approval_an_operator_agrees_first(
    public: Client, settings: Any, operator: Any, client_for: ClientFor, mailoutbox: list[EmailMessage]
) -> None:
    settings.SIGN_UP = "approval"
    someone = operator()
    sign_up(public)
    link = link_in(mailoutbox[0])
    public.post(link)
    row = only()
    assert row.state == State.WAITING
    assert "We look at it" in public.get(link).content.decode()
    assert mailoutbox[-1].to == [someone.email]
    assert f"http://localhost/admin/signup/businessrequest/{row.pk}/change/" in mailoutbox[-1].body
    client_for(someone).post(f"/admin/signup/businessrequest/{row.pk}/step/", {"step": "agree"})
    assert (again(row).state, again(row).asked_by) == (State.CONFIRMED, "Operator")
