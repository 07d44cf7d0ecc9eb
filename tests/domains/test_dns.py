"""What DNS says about a name, in words: asked of a real name server over UDP."""

from __future__ import annotations

import pytest

from tenants.context import Business
from tenants.domains import dns
from tenants.domains.dns import look
from tenants.domains.proof import records
from tests.domains.conftest import Prove
from tests.domains.dns_server import NameServer

NAME = "calls.acme.test"


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that says nothing is given up sooner than in real life."""
    monkeypatch.setattr(dns, "TRY_SECONDS", 0.2)
    monkeypatch.setattr(dns, "ANSWER_SECONDS", 0.5)


def test_both_records_as_told_are_right(name_server: NameServer, prove: Prove, acme: Business) -> None:
    prove(acme, NAME)
    assert look(records(acme, NAME)).is_right
    assert name_server.asked == [(f"_salespilot.{NAME}", "TXT"), (NAME, "CNAME")]


def test_a_token_among_other_texts_is_found(name_server: NameServer, prove: Prove, acme: Business) -> None:
    prove(acme, NAME)
    name_server.put(f"_salespilot.{NAME}", "TXT", "v=spf1 -all", records(acme, NAME).txt_value)
    assert look(records(acme, NAME)).is_right


def test_a_name_that_does_not_exist_is_told_apart_from_a_wrong_one(name_server: NameServer, acme: Business) -> None:
    owner, target = look(records(acme, NAME)).problems
    assert owner == f"The name _salespilot.{NAME} does not exist yet: add the TXT record."
    assert target == f"The name {NAME} does not exist yet: add the CNAME record."


def test_a_wrong_value_is_shown_beside_the_expected_one(name_server: NameServer, prove: Prove, acme: Business) -> None:
    prove(acme, NAME)
    name_server.put(NAME, "CNAME", "parking.registrar.test.")
    name_server.put(f"_salespilot.{NAME}", "TXT", "salespilot=typed-wrong")
    owner, target = look(records(acme, NAME)).problems
    assert "says “salespilot=typed-wrong”" in owner
    assert f"expected is “{records(acme, NAME).txt_value}”" in owner
    assert target == f"{NAME} is a CNAME of parking.registrar.test; expected is a CNAME of hosts.pilot.test."


def test_the_text_record_of_another_business_proves_nothing(
    name_server: NameServer, prove: Prove, acme: Business, globex: Business
) -> None:
    prove(acme, NAME)
    assert look(records(acme, NAME)).is_right
    (problem,) = look(records(globex, NAME)).problems
    assert records(globex, NAME).txt_value in problem


def test_a_record_of_another_kind_only(name_server: NameServer, acme: Business) -> None:
    name_server.put(NAME, "MX", "10 mail.acme.test.")
    name_server.put(f"_salespilot.{NAME}", "MX", "10 mail.acme.test.")
    owner, target = look(records(acme, NAME)).problems
    assert owner.startswith(f"There is no TXT record at _salespilot.{NAME}; expected is")
    assert target == f"There is no CNAME record at {NAME}; expected is a CNAME of hosts.pilot.test."


def test_the_top_of_a_zone_may_have_our_addresses_and_no_others(
    name_server: NameServer, prove: Prove, acme: Business
) -> None:
    prove(acme, NAME)
    del name_server.records[(NAME, "CNAME")]
    name_server.put("hosts.pilot.test", "A", "192.0.2.7")
    name_server.put("hosts.pilot.test", "AAAA", "2001:db8::7")
    name_server.put(NAME, "A", "192.0.2.7")
    assert look(records(acme, NAME)).is_right
    name_server.put(NAME, "AAAA", "2001:db8::99")
    (problem,) = look(records(acme, NAME)).problems
    assert problem.startswith(f"{NAME} leads to 2001:db8::99; expected is a CNAME of hosts.pilot.test")


def test_a_name_server_that_fails_is_no_missing_record(name_server: NameServer, prove: Prove, acme: Business) -> None:
    prove(acme, NAME)
    name_server.failing = {NAME}
    assert look(records(acme, NAME)).problems == (
        f"The name servers of {NAME} answer with an error (SERVFAIL or refused).",
    )


@pytest.mark.usefixtures("hurried")
def test_a_name_server_that_says_nothing_is_told_as_such(name_server: NameServer, prove: Prove, acme: Business) -> None:
    prove(acme, NAME)
    name_server.silent = {f"_salespilot.{NAME}"}
    (problem,) = look(records(acme, NAME)).problems
    assert "did not answer within" in problem


def test_what_is_in_dns_can_not_fill_the_page(name_server: NameServer, prove: Prove, acme: Business) -> None:
    prove(acme, NAME)
    name_server.put(f"_salespilot.{NAME}", "TXT", *(f"{number}" * 200 for number in range(6)))
    (problem,) = look(records(acme, NAME)).problems
    assert "and 3 more" in problem
    assert len(problem) < 600
