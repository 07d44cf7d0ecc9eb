"""Every card and report names the version that made it, to those who look after prompts and playbook."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.urls import reverse

from calls import events, versions
from calls.events import Kind
from calls.models import Call, Report
from calls.reports import write_report
from coaching.types import Source
from tenants.context import Business, business_scope
from tests.conftest import ClientFor, MakeMember
from tests.reports.written import PRICE_CARD, RIVAL_CARD, SALE, ended_call

FACT = Source("roi", "Savings study", "Annual report, page 4", "https://acme.example/report")
MADE = (
    (Kind.CARD, events.card(replace(PRICE_CARD, playbook_version=5, source=FACT))),
    (Kind.CARD, events.card(replace(RIVAL_CARD, prompt_version=3, playbook_version=5))),
)


@pytest.fixture
def call(acme: Business, committed_db: None, member: MakeMember) -> Call:
    rep = member("rep")
    with business_scope(acme):
        made = ended_call(rep, (*(entry for entry in SALE if entry[0] is not Kind.CARD), *MADE))
        write_report(made.pk)
        Report.objects.filter(call=made).update(prompt_version=2)
    made.rep = rep  # type: ignore[attr-defined]
    return made


def page(call: Call, client: object) -> str:
    answer = client.get(reverse("report", args=[call.pk], urlconf="salespilot.urls"))  # type: ignore[attr-defined]
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_manager_reads_which_versions_made_summary_and_cards(
    call: Call, member: MakeMember, client_for: ClientFor
) -> None:
    text = page(call, client_for(member("manager")))
    assert "Written by report prompt v2." in text
    assert "Made by prompt v3, playbook v5." in text


def test_a_rep_reads_the_report_without_them(call: Call, client_for: ClientFor) -> None:
    text = page(call, client_for(call.rep))  # type: ignore[attr-defined]
    assert "prompt v" not in text
    assert "playbook v" not in text


def test_a_card_names_its_fact_and_where_that_is_from(call: Call, client_for: ClientFor) -> None:
    text = page(call, client_for(call.rep))  # type: ignore[attr-defined]
    assert "from Savings study" in text
    assert (
        '<a href="https://acme.example/report" rel="noopener noreferrer" target="_blank">Annual report, page 4</a>'
        in text
    )


def test_the_call_log_in_the_admin_names_them_too(call: Call, member: MakeMember, client_for: ClientFor) -> None:
    address = reverse("admin:calls_call_change", args=[call.pk], urlconf="salespilot.urls")
    text = client_for(member("admin")).get(address).content.decode()
    assert "(prompt v3, playbook v5)" in text


def test_the_text_that_the_program_brings_along_is_called_so() -> None:
    assert versions.of_card({"prompt_version": 0, "playbook_version": None}) == "built-in prompt"
    assert versions.of_card({"lane": "manager"}) == ""
