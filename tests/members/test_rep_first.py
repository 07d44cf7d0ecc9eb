"""The rep sees a finished call first: nobody else anything of it, until its time or until it is released."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from calls import rep_first, selectors, services
from calls.models import Call
from calls.play_tests import starting as play_trials
from calls.prompt_tests import starting as prompt_trials
from tenants.audit.models import AuditLine, Via
from tenants.house.models import Policy
from tenants.house.policies import current_policy
from tenants.members.models import Member
from tenants.members.refs import MemberRef
from tests.conftest import ClientFor, MakeMember
from tests.members.conftest import Sales
from tests.pages.conftest import MakeCall


@pytest.fixture
def held(sales: Sales) -> Call:
    """Ada's call, over just now, hers alone for 24 hours."""
    Policy.objects.update(rep_first_hours=24)
    return sales.call_of_ada


def opens_to(member: Member, call: Call) -> bool:
    try:
        services.visible_call(call.pk, MemberRef.from_member(member))
    except services.CallHeld:
        return False
    return True


def test_the_rep_sees_it_and_the_manager_and_the_admin_do_not_yet(held: Call, sales: Sales, member: MakeMember) -> None:
    assert [opens_to(who, held) for who in (sales.ada, sales.mo, member("admin"))] == [True, False, False]


def test_it_opens_by_itself_when_its_hours_are_over(held: Call, sales: Sales) -> None:
    Call.objects.filter(pk=held.pk).update(ended_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert opens_to(sales.mo, held)


def test_without_hours_it_is_open_at_once(sales: Sales) -> None:
    assert opens_to(sales.mo, sales.call_of_ada)


def test_a_call_that_runs_may_be_watched(held: Call, sales: Sales, call_of: MakeCall) -> None:
    assert opens_to(sales.mo, call_of(sales.ada))


def test_the_page_says_when_it_opens_and_nothing_that_was_said(held: Call, sales: Sales, client_for: ClientFor) -> None:
    answer = client_for(sales.mo).get(f"/calls/{held.pk}/report/")
    page = answer.content.decode()
    assert (answer.status_code, "Ada sees this call first" in page, "too expensive" in page) == (403, True, False)
    assert "Open it now" not in page


def test_the_list_tells_only_that_it_took_place(held: Call, sales: Sales, client_for: ClientFor) -> None:
    def shown_to(who: Member) -> tuple[bool, float | None]:
        found = vars(selectors.filtered_calls(who, selectors.CallFilter()).get(pk=held.pk))
        return found["held_until"] is not None, found["talk_ratio"]

    assert shown_to(sales.mo) == (True, None)
    assert shown_to(sales.ada) == (False, 0.7)
    assert "Opens " in client_for(sales.mo).get("/calls/").content.decode()


def test_the_rep_releases_it_and_a_line_says_so(held: Call, sales: Sales, client_for: ClientFor) -> None:
    client = client_for(sales.ada)
    assert "Only you see this call until" in client.get(f"/calls/{held.pk}/report/").content.decode()
    assert client.post(f"/calls/{held.pk}/report/release/").status_code == 302
    assert opens_to(sales.mo, held)
    assert "Only you see this call" not in client.get(f"/calls/{held.pk}/report/").content.decode()
    line = AuditLine.objects.get(action="report_released")
    assert (line.actor_name, line.subject_id) == ("Ada", str(held.pk))


def test_releasing_twice_leaves_one_line(held: Call, sales: Sales, client_for: ClientFor) -> None:
    for _ in range(2):
        client_for(sales.ada).post(f"/calls/{held.pk}/report/release/")
    assert AuditLine.objects.filter(action="report_released").count() == 1


def test_an_admin_overrides_it_and_a_line_says_so(
    held: Call, sales: Sales, client_for: ClientFor, member: MakeMember
) -> None:
    client = client_for(member("admin", name="Alex"))
    assert "Open it now" in client.get(f"/calls/{held.pk}/report/").content.decode()
    answer = client.post(f"/calls/{held.pk}/report/release/", follow=True)
    assert (answer.status_code, "too expensive" in answer.content.decode()) == (200, True)
    line = AuditLine.objects.get(action="overridden")
    assert (line.actor_name, line.detail) == ("Alex", {"what": "rep_first_hours"})


@pytest.mark.parametrize("who", ["mo", "bo"])
def test_nobody_else_releases_it(held: Call, sales: Sales, client_for: ClientFor, who: str) -> None:
    assert client_for(getattr(sales, who)).post(f"/calls/{held.pk}/report/release/").status_code == 403
    assert rep_first.opens_at(Call.objects.get(pk=held.pk), current_policy()) is not None


def test_the_admin_shows_no_log_of_it_and_notes_no_look(held: Call, client_for: ClientFor, member: MakeMember) -> None:
    client = client_for(member("admin"))
    page = client.get(f"/admin/calls/call/{held.pk}/change/").content.decode()
    assert ("Ada sees this call first" in page, "too expensive" in page) == (True, False)
    assert not AuditLine.objects.filter(action="call_viewed").exists()


def test_the_admin_opens_it_against_the_policy_with_a_line(
    held: Call, client_for: ClientFor, member: MakeMember
) -> None:
    client = client_for(member("admin"))
    client.post("/admin/calls/call/", {"action": "release", "_selected_action": [str(held.pk)]})
    assert AuditLine.objects.filter(action="overridden", subject_id=str(held.pk)).count() == 1
    assert "too expensive" in client.get(f"/admin/calls/call/{held.pk}/change/").content.decode()


def test_an_open_call_can_not_be_released_ahead(held: Call, sales: Sales, call_of: MakeCall) -> None:
    running = call_of(sales.ada)
    ada = MemberRef.from_member(sales.ada)
    assert not rep_first.release(running, member=ada, via=Via.WEB)


def test_trials_of_prompts_and_plays_leave_it_out(held: Call, sales: Sales) -> None:
    assert held not in prompt_trials.stored_calls()
    before = play_trials.stored_calls()
    Call.objects.update(released_at=timezone.now())
    assert held in prompt_trials.stored_calls()
    assert play_trials.stored_calls() == before + 2
