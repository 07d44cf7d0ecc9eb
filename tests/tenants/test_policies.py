"""Policies of a business: who may listen, what a new business starts with, and the admin that changes them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.test import Client

from tenants.audit.models import Action, AuditLine
from tenants.consent.rules import Mode
from tenants.context import Business, business_scope
from tenants.house.admin import PolicyAdmin
from tenants.house.models import ConsentOverride, Policy
from tenants.house.policies import current_policy, may_listen, ruling_for, starting_policy
from tests.conftest import ClientFor, MakeMember

POLICY = "/admin/house/policy/1/change/"


@pytest.mark.parametrize(
    ("heard_by", "roles", "is_own_call", "expected"),
    [
        ([], ["rep"], True, False),
        ([], ["admin", "manager", "rep"], True, False),
        (["rep"], ["rep"], True, True),
        (["rep"], ["rep"], False, False),
        (["rep"], ["manager"], True, False),
        (["rep"], ["manager", "rep"], True, True),
        (["manager"], ["manager"], False, True),
        (["manager"], ["admin"], False, False),
        (["admin"], ["admin"], False, True),
        (["rep", "manager", "admin"], ["billing"], True, False),
        (["rep", "manager", "admin"], [], True, False),
    ],
)
def test_who_may_listen(heard_by: list[str], roles: list[str], is_own_call: bool, expected: bool) -> None:
    policy = Policy(recordings_heard_by=heard_by)
    assert may_listen(roles, is_own_call=is_own_call, policy=policy) is expected


@pytest.mark.parametrize(
    ("place", "mode", "sentiment"),
    [
        ("", Mode.ASK, False),
        ("US-NY", Mode.ONE_PARTY, True),
        ("US-CA", Mode.ASK, True),
        ("DE", Mode.ASK, False),
        ("GB", Mode.ANNOUNCE, True),
    ],
)
def test_a_new_business_starts_with_the_rule_of_its_place(
    rolled_back: None, place: str, mode: Mode, sentiment: bool
) -> None:
    start = starting_policy(place)
    assert ruling_for([], Policy(**start)).mode is mode
    assert start["customer_sentiment"] is sentiment


def test_a_place_without_a_rule_makes_no_business() -> None:
    with pytest.raises(ValueError, match="US-CA"):
        starting_policy("Atlantis")


def test_counsels_rule_holds_in_its_own_business_only(rolled_back: None, acme: Business, globex: Business) -> None:
    ConsentOverride.objects.create(place="US-CA", mode="announce", basis="Counsel")
    assert ruling_for(["US-CA"]).mode is Mode.ANNOUNCE
    with business_scope(globex):
        assert ruling_for(["US-CA"]).mode is Mode.ASK


def filled_in(client: Client, **changes: Any) -> dict[str, Any]:
    """What the form shows, with changes: so a field that the page lacks would be lost."""
    form = client.get(POLICY).context["adminform"].form
    shown = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in {**shown, **changes}.items() if value is not None and value is not False}


def test_an_admin_changes_a_policy_and_the_audit_log_names_the_fields(
    rolled_back: None, member: MakeMember, client_for: ClientFor
) -> None:
    admin = member("admin")
    client = client_for(admin)
    answer = client.post(
        POLICY, filled_in(client, customers_place="US-CA", log_days=30, redact=["ssn"], allow_model_cards=False)
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    policy = current_policy()
    assert (policy.customers_place, policy.log_days, policy.redact) == ("US-CA", 30, ["ssn"])
    assert policy.allow_model_cards is False
    line = AuditLine.objects.get(action=Action.POLICY_CHANGED)
    assert line.actor_id == admin.pk
    assert line.detail == {
        "act": "changed",
        "fields": ["allow_model_cards", "customers_place", "log_days", "redact"],
    }


def test_saving_without_a_change_leaves_no_line(rolled_back: None, member: MakeMember, client_for: ClientFor) -> None:
    client = client_for(member("admin"))
    assert client.post(POLICY, filled_in(client)).status_code == 302
    assert not AuditLine.objects.filter(action=Action.POLICY_CHANGED).exists()


@pytest.mark.parametrize(
    "changes", [{"home_place": "Atlantis"}, {"audio_days": "-1"}, {"audio_days": "99999"}, {"redact": ["names"]}]
)
def test_a_policy_that_makes_no_sense_is_not_saved(
    rolled_back: None, member: MakeMember, client_for: ClientFor, changes: dict[str, Any]
) -> None:
    client = client_for(member("admin"))
    answer = client.post(POLICY, filled_in(client, **changes))
    assert answer.status_code == 200
    assert set(answer.context["adminform"].form.errors) == set(changes)


def test_every_policy_is_in_a_group_of_the_page_and_says_what_it_does() -> None:
    groups: list[Any] = PolicyAdmin.fieldsets
    grouped = set(itertools.chain.from_iterable(options["fields"] for _, options in groups))
    columns = {column.name: column for column in Policy._meta.concrete_fields if column.name != "id"}
    assert set(columns) == grouped - {"ruling"}
    assert [name for name, column in columns.items() if "Holds " not in column.help_text and name != "audit_days"] == []


def test_an_override_is_added_changed_and_removed_with_an_audit_line_each(
    rolled_back: None, member: MakeMember, client_for: ClientFor
) -> None:
    client = client_for(member("admin"))
    added = client.post(
        "/admin/house/consentoverride/add/", {"place": "US-CA", "mode": "announce", "wording": "", "basis": "Counsel"}
    )
    assert added.status_code == 302
    row = ConsentOverride.objects.get()
    page = f"/admin/house/consentoverride/{row.pk}"
    assert "Reporters Committee" in client.get(f"{page}/change/").content.decode()
    client.post(f"{page}/change/", {"place": "US-CA", "mode": "ask", "wording": "", "basis": "Counsel"})
    client.post(f"{page}/delete/", {"post": "yes"})
    assert not ConsentOverride.objects.exists()
    lines = AuditLine.objects.filter(action=Action.POLICY_CHANGED).order_by("id")
    assert [line.detail["act"] for line in lines] == ["added", "changed", "removed"]


def test_an_override_that_changes_nothing_is_refused(
    rolled_back: None, member: MakeMember, client_for: ClientFor
) -> None:
    answer = client_for(member("admin")).post(
        "/admin/house/consentoverride/add/", {"place": "US-CA", "mode": "", "wording": "", "basis": "Counsel"}
    )
    assert "changes nothing" in answer.content.decode()


@pytest.mark.parametrize("role", ["rep", "manager", "billing"])
def test_only_admins_see_the_policies(rolled_back: None, member: MakeMember, client_for: ClientFor, role: str) -> None:
    assert client_for(member(role)).get(POLICY).status_code in {302, 403}


def test_a_stranger_changes_only_the_strangers_policies(
    committed_db: None, acme: Business, globex: Business, member: MakeMember, client_for: ClientFor
) -> None:
    stranger = client_for(member("admin", business=globex))
    assert stranger.post(POLICY, filled_in(stranger, log_days=7)).status_code == 302
    with business_scope(acme):
        assert current_policy().log_days == 730
        assert not AuditLine.objects.exists()
