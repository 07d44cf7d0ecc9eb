"""What a key may do is what its scopes say, for every operation there is and will be."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from calls.consumers import AudioSocket, EventsSocket
from calls.live.sockets import CallSocket
from tenants.context import Business
from tenants.members.authentication import key_scope_of
from tenants.members.models import ApiKey, Scope
from tests.conftest import ClientFor, MakeMember

pytestmark = pytest.mark.usefixtures("committed_db")


def api_operations() -> Iterator[tuple[str, Any]]:
    """Every address below /api/ with its view, as the URL configuration has them."""

    def walk(patterns: list[Any], before: str) -> Iterator[tuple[str, Any]]:
        for each in patterns:
            address = f"{before}{each.pattern}"
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, address)
            elif isinstance(each, URLPattern) and address.startswith("api/"):
                yield address, each.callback

    yield from walk(get_resolver("salespilot.urls").url_patterns, "")


OPERATIONS = dict(api_operations())


def address_of(pattern: str) -> str:
    return "/" + pattern.replace("<uuid:call_id>", str(uuid.uuid4()))


def key_of(member: Any, *scopes: str) -> dict[str, str]:
    from tenants.context import business_scope

    with business_scope(member.business):
        return {"Authorization": f"Bearer {ApiKey.issue(member=member, name='crm', scopes=scopes)[1]}"}


def test_the_walk_finds_the_operations() -> None:
    assert {"api/calls", "api/calls/<uuid:call_id>/audio", "api/billing/calls/<uuid:call_id>"} <= set(OPERATIONS)


BODIES = {
    "api/calls/<uuid:call_id>/consent": b'{"answer": "yes"}',
    "api/calls/<uuid:call_id>/lines": b'{"lines": []}',
    "api/calls/<uuid:call_id>/actions": b'{"type": "note", "text": "Hello"}',
}
"""What an operation looks at before it asks who is there. Others take this:"""
ANY_BODY = b"{}"


@pytest.mark.parametrize("pattern", OPERATIONS)
def test_a_key_without_the_operations_scope_is_refused(member: MakeMember, client_for: ClientFor, pattern: str) -> None:
    key = key_of(member("admin"), *(set(Scope.values) - {key_scope_of(OPERATIONS[pattern])}))
    client, address, body = client_for(None), f"{address_of(pattern)}?first_sample=0", BODIES.get(pattern, ANY_BODY)
    answers = {
        method: client.generic(method, address, body, "application/json", headers=key).status_code
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    }
    assert set(answers.values()) <= {403, 405}
    assert 403 in answers.values()


@pytest.mark.parametrize("pattern", ["api/calls/<uuid:call_id>", "api/billing/calls/<uuid:call_id>"])
def test_the_scope_that_is_asked_for_is_enough(member: MakeMember, client_for: ClientFor, pattern: str) -> None:
    key = key_of(member("admin"), str(key_scope_of(OPERATIONS[pattern])))
    assert client_for(None).get(address_of(pattern), headers=key).status_code == 404


def test_the_refusal_names_the_scope(member: MakeMember, client_for: ClientFor) -> None:
    key = key_of(member("rep"), Scope.BILLING_READ)
    answer = client_for(None).get(f"/api/calls/{uuid.uuid4()}", headers=key)
    assert (answer.status_code, "lacks the scope calls:read" in answer.json()["message"]) == (403, True)


def test_a_scope_gives_no_more_than_its_member_may(member: MakeMember, client_for: ClientFor) -> None:
    key = key_of(member("rep"), Scope.BILLING_READ)
    assert client_for(None).get(f"/api/billing/calls/{uuid.uuid4()}", headers=key).status_code == 403


def test_a_key_opens_no_page(member: MakeMember, client_for: ClientFor) -> None:
    key = key_of(member("admin"), *Scope.values)
    answer = client_for(None).get("/calls/", headers=key)
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/calls/")


def test_a_strangers_key_is_no_key_here(member: MakeMember, client_for: ClientFor, globex: Business) -> None:
    key = key_of(member("admin", business=globex), *Scope.values)
    assert client_for(None).get(f"/api/calls/{uuid.uuid4()}", headers=key).status_code == 401


def test_a_socket_that_declares_no_scope_takes_no_key() -> None:
    assert CallSocket.key_scope is None
    assert (AudioSocket.key_scope, EventsSocket.key_scope) == (Scope.CALLS_WRITE, Scope.CALLS_READ)
