"""Every address, as a member of another business, as the wrong role, and as nobody."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib import admin
from django.http import HttpResponse
from django.test import Client

from tenants.admin_site import belongs_here
from tenants.context import Business, business_scope
from tenants.members.models import Member
from tests.conftest import MakeMember, forget_calls
from tests.stranger.conftest import Visitor
from tests.stranger.planted import Planted, digest_of, key_of
from tests.stranger.routes import BUSINESS, PUBLIC, Route, routes
from tests.stranger.rules import EVERYBODY, OPEN, OPEN_IN_ADMIN, ROLES, RULES
from tests.stranger.values import CANARY

# Hundreds of pages each.
pytestmark = [pytest.mark.processes, pytest.mark.timeout(400)]

# There only once a member has set up a second factor or has another session; tests/signin/ has been there.
NOT_THERE = frozenset({"end_session", "mfa_deactivate_totp", "mfa_view_recovery_codes"})

REFUSED = {401, 403, 404, 405}
METHODS = ("get", "post")


def body_of(response: Any) -> str:
    content = streamed(response.streaming_content) if response.streaming else response.content
    return content.decode(errors="replace") + str(response.headers)


def streamed(pieces: Any) -> bytes:
    """What is written while it is sent, in either way of Django's."""
    if not isinstance(pieces, AsyncIterable):
        return b"".join(pieces)

    async def read() -> bytes:
        return b"".join([piece async for piece in pieces])

    return async_to_sync(read)()


# Pages of which a stranger must see nothing, so the suite must see something.
SHOW_CANARIES = {
    *("calls", "report", "recording", "api_call", "api_call_events", "home"),
    *("admin:audit_auditline_changelist", "admin:audit_auditline_export", "admin:billing_usageentry_changelist"),
    *("admin:calls_call_change", "admin:calls_playtest_change", "admin:calls_prompttest_change"),
    *("admin:coaching_knowledge_change", "admin:coaching_play_change", "admin:coaching_playbook_export"),
    *("admin:coaching_playbook_file", "admin:coaching_playbookversion_change", "admin:coaching_promptversion_change"),
    *("admin:house_branding_change", "admin:members_apikey_changelist", "admin:members_member_changelist"),
    *("admin:members_team_change", "admin:signin_invitation_changelist", "admin:signin_provider_change"),
}

# What an operation takes, so that a POST would do something if it were let in; all others get an empty object.
BODIES = {
    "actions": '{"type": "note", "text": "from a stranger"}',
    "lines": '{"lines": []}',
    "consent": '{"answer": "withdrawn"}',
    "audio": "\0\0\0\0" * 160,
}


def knock(client: Client, method: str, path: str, form: dict[str, object] | None = None) -> HttpResponse:
    """One request. Never waits for events, never follows. `form` is what a POST to the admin sends."""
    operation = path.rpartition("/")[2]
    query = "?first_sample=0" if operation == "audio" else ""
    extra: dict[str, Any] = {"data": BODIES.get(operation, "{}"), "content_type": "application/json"}
    if form is not None and path.startswith("/admin/"):
        extra = {"data": form}
    forget_calls()
    answer: HttpResponse = getattr(client, method)(path + query, **({} if method == "get" else extra))
    return answer


def is_signed_in(client: Client) -> bool:
    """Else a walk proves nothing: it was sent to sign in everywhere."""
    return client.get("/account/").status_code == 200


def is_refused(response: HttpResponse) -> bool:
    """Told no, sent to sign in, or out of the admin."""
    goes_to = response.headers.get("Location", "")
    is_out = "/sign-in/" in goes_to or goes_to.startswith("/admin/login/") or goes_to == "/admin/"
    return response.status_code in REFUSED or (response.status_code == 302 and is_out)


def admin_pages() -> list[tuple[Route, str]]:
    """Each admin page with the label of the model it is of; empty for the site's own.

    Django's short addresses, which only lead to the page of a thing, are left out: that page is here itself.
    """
    models = {model._meta.label_lower: model for model in admin.site._registry}
    found = []
    for route in routes(BUSINESS):
        if not route.is_admin or route.name == "admin:RedirectView":
            continue
        label = next((one for one in models if route.path.startswith(f"/admin/{one.replace('.', '/')}/")), "")
        found.append((route, label))
    return found


def pages() -> list[Route]:
    return [route for route in routes(BUSINESS) if not route.is_admin]


def everything() -> list[tuple[Route, str]]:
    """All of them but the ways out, after which nobody is signed in any more."""
    both = [(route, "") for route in pages()] + admin_pages()
    return [(route, label) for route, label in both if route.name not in {"sign_out", "admin:logout"}]


def test_every_address_has_a_rule_and_every_rule_an_address() -> None:
    known = {route.name for route in pages()}
    assert known - OPEN - set(RULES) == set(), "say in tests/stranger/rules.py who may have these"
    assert (OPEN | set(RULES)) - known == set(), "these rules are for addresses that are gone"


def test_the_admin_has_pages_for_every_kind_of_thing() -> None:
    labels = {label for _, label in admin_pages()}
    assert {model._meta.label_lower for model in admin.site._registry} <= labels


@pytest.mark.parametrize("method", METHODS)
def test_nobody_gets_in_anywhere(planted: Planted, acme: Business, method: str) -> None:
    client = Client(SERVER_NAME="acme.localhost", raise_request_exception=False)
    leaks: list[tuple[object, ...]] = []
    for route in pages():
        answer = knock(client, method, route.at(planted.values()))
        if route.name not in OPEN and not is_refused(answer):
            leaks.append((route.name, answer.status_code))
        # The brand is shown before sign-in; it is canaries too, so only people's rows count here.
        if "canary-rep@" in body_of(answer) or f"{CANARY} said" in body_of(answer):
            leaks.append((route.name, "canary"))
    assert leaks == []


def test_nobody_gets_into_the_admin(planted: Planted) -> None:
    client = Client(SERVER_NAME="acme.localhost", raise_request_exception=False)
    open_pages = []
    for route, label in admin_pages():
        for method in METHODS:
            answer = knock(client, method, route.at(planted.values(label)))
            if not is_refused(answer) and route.name not in OPEN_IN_ADMIN:
                open_pages.append((route.name, method, answer.status_code))
    assert open_pages == []


@pytest.mark.parametrize("method", METHODS)
def test_a_member_of_another_business_gets_nothing_of_this_one(
    planted: Planted, globex: Business, visitor: Visitor, method: str
) -> None:
    """With every role at home, and with the very ids of acme. Nothing of acme is changed either."""
    stranger = visitor(globex)
    before = digest_of(planted.business)
    leaks: list[tuple[object, ...]] = []
    for route, label in everything():
        answer = knock(stranger, method, route.at(planted.values(label)), planted.form(label))
        if CANARY in body_of(answer).replace(planted.call_id, "").replace(f"/{CANARY}/", ""):
            leaks.append((route.name, "canary"))
        if "call_id" in route.parameters and not is_refused(answer):
            leaks.append((route.name, answer.status_code))
    assert leaks == []
    assert is_signed_in(stranger)
    assert digest_of(planted.business) == before


def test_the_canaries_are_there_to_be_seen(planted: Planted, acme: Business, visitor: Visitor) -> None:
    """Else the tests above could not fail."""
    insider = visitor(acme)
    answers = {route.name: knock(insider, "get", route.at(planted.values(label))) for route, label in everything()}
    # A page that breaks on what was planted shows nothing, whoever looks.
    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code >= 500} == {}
    seen = {name for name, answer in answers.items() if CANARY in body_of(answer)}
    assert SHOW_CANARIES - seen == set()
    assert len(seen) > 60


def test_a_cookie_of_another_business_is_no_cookie_here(planted: Planted, globex: Business, visitor: Visitor) -> None:
    stranger = visitor(globex)
    stranger.defaults["SERVER_NAME"] = "acme.localhost"
    got_in = [
        route.name
        for route in pages()
        if route.name not in OPEN and not is_refused(knock(stranger, "get", route.at(planted.values())))
    ]
    assert got_in == []


def test_a_key_of_another_business_opens_nothing(planted: Planted, globex: Business, member: MakeMember) -> None:
    who = member(*ROLES, business=globex)
    client = Client(
        SERVER_NAME="acme.localhost",
        HTTP_AUTHORIZATION=f"Bearer {key_of(who, globex)}",
        raise_request_exception=False,
    )
    answers = {
        (route.name, method): knock(client, method, route.at(planted.values())).status_code
        for route in pages()
        for method in METHODS
        if route.path.startswith("/api/")
    }
    assert answers
    assert {key: status for key, status in answers.items() if status not in {401, 403, 404, 405}} == {}


@pytest.mark.parametrize("role", ROLES)
def test_the_wrong_role_is_refused(planted: Planted, acme: Business, visitor: Visitor, role: str) -> None:
    colleague = visitor(acme, role)
    got_in: list[tuple[object, ...]] = []
    for route in pages():
        allowed = RULES.get(route.name, EVERYBODY)
        if route.name in OPEN or role in allowed:
            continue
        for method in METHODS:
            answer = knock(colleague, method, route.at(planted.values()))
            if not is_refused(answer) and answer.status_code not in {302, 400}:
                got_in.append((route.name, method, answer.status_code))
            if f"{CANARY} said" in body_of(answer):
                got_in.append((route.name, method, "canary"))
    assert got_in == []
    assert is_signed_in(colleague)


@pytest.mark.parametrize("role", ROLES)
def test_the_right_role_is_let_in(planted: Planted, acme: Business, visitor: Visitor, role: str) -> None:
    """Else a rule may promise what nobody has, and nobody would notice who else has it."""
    colleague = visitor(acme, role)
    kept_out = []
    for route in pages():
        if role in RULES.get(route.name, frozenset()) and route.name not in NOT_THERE:
            answers = {method: knock(colleague, method, route.at(planted.values())) for method in METHODS}
            if all(is_refused(answer) for answer in answers.values()):
                kept_out.append((route.name, {method: answer.status_code for method, answer in answers.items()}))
    assert kept_out == []


@pytest.mark.parametrize("role", ROLES)
def test_the_admin_opens_what_the_role_includes_and_nothing_else(
    planted: Planted, acme: Business, visitor: Visitor, role: str
) -> None:
    colleague = visitor(acme, role)
    who = Member(roles=[role], is_active=True)
    got_in: list[tuple[object, ...]] = []
    for route, label in admin_pages():
        if label and who.has_module_perms(label.partition(".")[0]):
            continue
        for method in METHODS:
            if route.name == "admin:logout":
                continue
            answer = knock(colleague, method, route.at(planted.values(label)), planted.form(label))
            # Without a label it is the admin's own page, which lists what the role may open, and no more.
            if label and not is_refused(answer):
                got_in.append((route.name, method, answer.status_code))
            if f"{CANARY} said" in body_of(answer):
                got_in.append((route.name, method, "canary"))
    assert got_in == []
    assert is_signed_in(colleague)


def test_a_model_of_the_other_kind_of_host_has_no_page(planted: Planted, acme: Business, visitor: Visitor) -> None:
    """An admin of a business sees no businesses, hosts or prices of the installation."""
    insider = visitor(acme)
    with business_scope(acme):
        elsewhere = {model._meta.label_lower for model in admin.site._registry if not belongs_here(model)}
    assert elsewhere
    for route, label in admin_pages():
        if label in elsewhere:
            assert is_refused(knock(insider, "get", route.at(planted.values(label)))), route.name


def test_the_public_host_shows_nothing_of_a_business(planted: Planted) -> None:
    nobody = Client(SERVER_NAME="localhost", raise_request_exception=False)
    for route in routes(PUBLIC):
        for method in METHODS:
            answer = knock(nobody, method, route.at(planted.values()))
            assert CANARY not in body_of(answer).replace(f"/{CANARY}/", "").replace(planted.call_id, ""), route.name
