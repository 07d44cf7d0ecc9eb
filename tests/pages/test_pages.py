"""Who sees which page, what stands on it, and what a stranger from another business gets: nothing."""

from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client

from calls.models import Call
from tenants.context import Business
from tenants.members.models import Role
from tests.conftest import ClientFor, MakeMember
from tests.pages.conftest import MakeCall

pytestmark = pytest.mark.usefixtures("rolled_back")

PAGES = ("/", "/calls/", "/calls/new/", "/live/")


def status(client: Client, path: str) -> int:
    return client.get(path).status_code


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.REP, [200, 200, 200, 403]),
        (Role.MANAGER, [200, 200, 200, 200]),
        (Role.ADMIN, [200, 200, 200, 200]),
        (Role.BILLING, [302, 403, 403, 403]),
    ],
)
def test_pages_by_role(role: str, expected: list[int], member: MakeMember, client_for: ClientFor) -> None:
    client = client_for(member(role))
    assert [status(client, path) for path in PAGES] == expected


@pytest.mark.parametrize("path", PAGES)
def test_signing_in_comes_first(path: str, client_for: ClientFor) -> None:
    response = client_for(None).get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/")


def test_billing_staff_begin_at_the_bill(member: MakeMember, client_for: ClientFor) -> None:
    assert client_for(member(Role.BILLING)).get("/")["Location"] == "/billing/"


def test_a_rep_opens_an_own_call_and_no_colleagues(
    member: MakeMember, client_for: ClientFor, call_of: MakeCall
) -> None:
    rep, colleague = member(Role.REP), member(Role.REP)
    call = call_of(rep)
    assert str(call.id) in page(client_for(rep), f"/calls/{call.id}/")
    assert status(client_for(colleague), f"/calls/{call.id}/") == 403
    assert status(client_for(colleague), f"/calls/{call.id}/report/") == 403


def test_a_manager_watches_instead_of_taking_over(member: MakeMember, client_for: ClientFor, call_of: MakeCall) -> None:
    call = call_of(member(Role.REP))
    client = client_for(member(Role.MANAGER))
    assert client.get(f"/calls/{call.id}/")["Location"] == f"/live/{call.id}/"
    text = page(client, f"/live/{call.id}/")
    assert "note-form" in text
    assert "hang-up" not in text


def test_a_rep_watches_nobody(member: MakeMember, client_for: ClientFor, call_of: MakeCall) -> None:
    rep = member(Role.REP)
    assert status(client_for(rep), f"/live/{call_of(rep).id}/") == 403


@pytest.mark.parametrize("role", [Role.REP, Role.MANAGER, Role.ADMIN])
def test_a_stranger_finds_no_call_of_acme(
    role: str, member: MakeMember, client_for: ClientFor, call_of: MakeCall, globex: Business
) -> None:
    running = call_of(member(Role.REP), customer="Acme secret")
    written = call_of(member(Role.REP), customer="Acme secret", report="model")
    stranger = client_for(member(role, business=globex))
    own = [f"/calls/{call.id}/{part}" for call in (running, written) for part in ("", "report/", "report/state/")]
    assert {status(stranger, path) for path in own} == {404}
    watching = 403 if role == Role.REP else 404
    assert status(stranger, f"/live/{running.id}/") == watching
    for path in ("/", "/calls/", "/calls/?customer=acme"):
        assert "Acme secret" not in page(stranger, path)
    if role != Role.REP:
        assert "Acme secret" not in page(stranger, "/live/?part=rows")


def test_no_such_call(member: MakeMember, client_for: ClientFor) -> None:
    assert status(client_for(member(Role.ADMIN)), f"/calls/{uuid.uuid4()}/") == 404


def test_the_list_shows_a_rep_own_calls_and_a_manager_all(
    member: MakeMember, client_for: ClientFor, call_of: MakeCall
) -> None:
    rep, other = member(Role.REP), member(Role.REP)
    call_of(rep, customer="Northwind", report="model")
    call_of(other, customer="Contoso", report="model")
    own = page(client_for(rep), "/calls/")
    assert "Northwind" in own
    assert "Contoso" not in own
    everything = page(client_for(member(Role.MANAGER)), "/calls/")
    assert "Northwind" in everything
    assert "Contoso" in everything


def test_the_list_is_filtered(member: MakeMember, client_for: ClientFor, call_of: MakeCall) -> None:
    rep, other = member(Role.REP), member(Role.REP)
    call_of(rep, customer="Northwind", report="model")
    call_of(other, customer="Contoso")
    client = client_for(member(Role.MANAGER))
    assert "Contoso" not in page(client, "/calls/?customer=north")
    assert "Northwind" not in page(client, "/calls/?state=open")
    assert "Northwind" not in page(client, f"/calls/?member={other.pk}")
    assert "No call matches" in page(client, "/calls/?customer=nobody")


@pytest.mark.parametrize(
    "query", ["member=x", "member=99999999999999", "state=%00", "page=zero", "customer=%00", "member=²"]
)
def test_a_strange_query_is_no_error(query: str, member: MakeMember, client_for: ClientFor) -> None:
    assert status(client_for(member(Role.ADMIN)), f"/calls/?{query}") == 200


def test_an_empty_list_says_what_to_do(member: MakeMember, client_for: ClientFor) -> None:
    assert "No calls yet" in page(client_for(member(Role.REP)), "/calls/")


def test_the_list_has_pages(member: MakeMember, client_for: ClientFor) -> None:
    rep = member(Role.REP)
    Call.objects.bulk_create(Call(member=rep, customer=f"Customer {number}") for number in range(30))
    client = client_for(rep)
    assert "Page 1 of 2" in page(client, "/calls/")
    assert "Page 2 of 2" in page(client, "/calls/?page=2")


def test_the_board_shows_what_happens(member: MakeMember, client_for: ClientFor, call_of: MakeCall) -> None:
    call = call_of(member(Role.REP, name="Rita Rep"))
    text = page(client_for(member(Role.MANAGER)), "/live/?part=rows")
    assert "<html" not in text
    for expected in ("Rita Rep", "Northwind", "What would it have to be worth", "Price", "Tips", str(call.id)):
        assert expected in text


def test_an_ended_call_leaves_the_board(member: MakeMember, client_for: ClientFor, call_of: MakeCall) -> None:
    call = call_of(member(Role.REP), ended=True)
    client = client_for(member(Role.MANAGER))
    assert "No call right now" in page(client, "/live/")
    assert client.get(f"/live/{call.id}/")["Location"] == f"/calls/{call.id}/report/"
    assert client.get(f"/calls/{call.id}/")["Location"] == f"/calls/{call.id}/report/"


def test_a_running_call_has_no_report_page(member: MakeMember, client_for: ClientFor, call_of: MakeCall) -> None:
    rep = member(Role.REP)
    call = call_of(rep)
    assert client_for(rep).get(f"/calls/{call.id}/report/")["Location"] == f"/calls/{call.id}/"


def test_the_report_shows_everything(member: MakeMember, client_for: ClientFor, call_of: MakeCall) -> None:
    rep = member(Role.REP)
    call = call_of(rep, report="model")
    text = page(client_for(rep), f"/calls/{call.id}/report/")
    for expected in (
        "Written by the model", "&lt;too expensive&gt;", "Price is the issue.", "Send the offer.", "99 % transcribed",
        "Objection: price", "70 %", "Outside:", "1 shown, 1 used", "on screen after 240 ms", "Recovered",
    ):  # fmt: skip
        assert expected in text
    assert "Cost of this call" not in text


def test_moments_and_points_lead_to_their_line(member: MakeMember, client_for: ClientFor, call_of: MakeCall) -> None:
    rep = member(Role.REP)
    text = page(client_for(rep), f"/calls/{call_of(rep, report='model').id}/report/")
    targets = set(re.findall(r'href="#(line-\d+)"', text))
    assert "line-4" in targets
    assert targets <= set(re.findall(r'id="(line-\d+)"', text))


def test_an_extract_is_labelled(member: MakeMember, client_for: ClientFor, call_of: MakeCall) -> None:
    rep = member(Role.REP)
    text = page(client_for(rep), f"/calls/{call_of(rep, report='extractive').id}/report/")
    assert "Extract from the call" in text
    assert "Written by the model" not in text


def test_an_admin_sees_the_cost(member: MakeMember, client_for: ClientFor, call_of: MakeCall) -> None:
    call = call_of(member(Role.REP), report="model")
    assert "Cost of this call" in page(client_for(member(Role.ADMIN)), f"/calls/{call.id}/report/")


def test_a_report_on_its_way_waits_and_asks(member: MakeMember, client_for: ClientFor, call_of: MakeCall) -> None:
    rep = member(Role.REP)
    call = call_of(rep, ended=True)
    text = page(client_for(rep), f"/calls/{call.id}/report/")
    assert 'id="waiting"' in text
    assert "too expensive" in text
    state = client_for(rep).get(f"/calls/{call.id}/report/state/").json()
    assert state == {"state": "due", "is_final": False}


def test_a_failed_report_says_so_and_keeps_the_transcript(
    member: MakeMember, client_for: ClientFor, call_of: MakeCall
) -> None:
    rep = member(Role.REP)
    call = call_of(rep, ended=True, report_state="failed")
    text = page(client_for(rep), f"/calls/{call.id}/report/")
    assert "could not be written" in text
    assert "e1f2" in text
    assert "too expensive" in text
    assert 'id="waiting"' not in text


def test_home_leads_back_to_an_open_call(member: MakeMember, client_for: ClientFor, call_of: MakeCall) -> None:
    rep = member(Role.REP)
    assert f"/calls/{call_of(rep).id}/" in page(client_for(rep), "/")


def test_pages_carry_a_strict_policy_and_nothing_inline(
    member: MakeMember, client_for: ClientFor, call_of: MakeCall
) -> None:
    rep = member(Role.REP)
    call = call_of(rep, report="model")
    for path in ("/", "/calls/", "/calls/new/", f"/calls/{call.id}/report/"):
        response = client_for(rep).get(path)
        policy = response["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        scripts = re.findall(r"<script\b([^>]*)>", response.content.decode())
        assert all("src=" in attributes or 'type="application/json"' in attributes for attributes in scripts)
        assert not re.search(r"\sstyle=", response.content.decode())


def test_a_customer_named_in_markup_is_only_text(member: MakeMember, client_for: ClientFor, call_of: MakeCall) -> None:
    rep = member(Role.REP)
    call = call_of(rep, customer="</script><b>Bobby</b>")
    assert "<b>Bobby" not in page(client_for(rep), f"/calls/{call.id}/")
    assert "<b>Bobby" not in page(client_for(rep), "/")
