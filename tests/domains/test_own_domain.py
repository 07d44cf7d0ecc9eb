"""A business's own domain: asked for, proven by DNS, primary, withdrawn; and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.db.utils import DatabaseError, IntegrityError
from django.test import Client

from tenants.audit.models import AuditLine
from tenants.context import Business, business_scope, public_scope
from tenants.domains import services
from tenants.domains.names import NameRefused
from tenants.domains.proof import records
from tenants.mail import absolute_url
from tenants.models import Domain
from tenants.selectors import HOST_SECONDS, hosts
from tests import owner
from tests.conftest import ClientFor, MakeMember
from tests.domains.conftest import Prove
from tests.domains.dns_server import NameServer

pytestmark = pytest.mark.usefixtures("committed_db", "only_first_hosts")

NAME = "calls.acme.test"
PAGE = "/admin/hosts/"


def ask(business: Business, name: str = NAME) -> Domain:
    with business_scope(business):
        return services.ask_for(name, by=None)


def check(business: Business, domain: Domain) -> Domain:
    with business_scope(business):
        return services.check_now(domain.pk)


def leads_to(name: str) -> str:
    hosts.forget()
    address = hosts.find(name)
    return address.business.schema_name if address else ""


def test_an_admin_asks_sets_the_records_and_is_reached_there(
    acme: Business, member: MakeMember, client_for: ClientFor, name_server: NameServer, prove: Prove
) -> None:
    client = client_for(member("admin", name="Ada"))
    assert client.post(PAGE, {"act": "ask", "name": f"https://{NAME}/"}).headers["Location"] == PAGE
    page = client.get(PAGE).content.decode()
    for value in (f"_salespilot.{NAME}", records(acme, NAME).txt_value, "hosts.pilot.test", "Waits for DNS"):
        assert value in page
    with business_scope(acme):
        pk = Domain.objects.get(domain=NAME).pk

    wrong = client.post(PAGE, {"act": "check", "domain": pk}, follow=True).content.decode()
    assert "does not exist yet: add the TXT record" in wrong
    assert leads_to(NAME) == ""

    prove(acme, NAME)
    right = client.post(PAGE, {"act": "check", "domain": pk}, follow=True).content.decode()
    assert "It leads to your business." in right
    assert leads_to(NAME) == "acme"
    assert Client(SERVER_NAME=NAME).get("/sign-in/").status_code == 200

    client.post(PAGE, {"act": "primary", "domain": pk})
    with business_scope(acme):
        assert absolute_url("/") == f"http://{NAME}/"
        assert [domain.domain for domain in services.own_domains()] == [NAME, "acme.localhost"]
        lines = AuditLine.objects.filter(subject="domain").order_by("id").values_list("actor_name", "detail")
        assert list(lines) == [("Ada", {"domain": what}) for what in ("asked for", "verified", "primary")]


def test_two_ask_for_one_name_and_only_the_one_whose_token_is_in_dns_gets_it(
    acme: Business, globex: Business, prove: Prove
) -> None:
    ours, theirs = ask(acme), ask(globex)
    prove(globex, NAME)
    refused = check(acme, ours)
    assert refused.verified_at is None
    assert records(acme, NAME).txt_value in refused.finding
    assert check(globex, theirs).verified_at is not None
    assert leads_to(NAME) == "globex"


def test_a_name_that_leads_elsewhere_is_not_taken_away_even_with_the_right_token(
    acme: Business, globex: Business, name_server: NameServer, prove: Prove
) -> None:
    ours, theirs = ask(acme), ask(globex)
    prove(acme, NAME)
    check(acme, ours)
    tokens = [records(business, NAME).txt_value for business in (acme, globex)]
    name_server.put(f"_salespilot.{NAME}", "TXT", *tokens)
    refused = check(globex, theirs)
    assert refused.finding == services.LEADS_ELSEWHERE
    assert refused.verified_at is None
    assert leads_to(NAME) == "acme"


def test_of_two_that_pass_at_the_same_moment_one_gets_it(
    acme: Business, globex: Business, name_server: NameServer, prove: Prove
) -> None:
    asked = {business: ask(business) for business in (acme, globex)}
    prove(acme, NAME)
    name_server.put(f"_salespilot.{NAME}", "TXT", *(records(business, NAME).txt_value for business in asked))

    def at_once(business: Business) -> bool:
        try:
            return check(business, asked[business]).verified_at is not None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(at_once, asked)) == [False, True]


def test_a_stranger_can_do_nothing_with_the_domain_of_another(
    acme: Business, globex: Business, member: MakeMember, client_for: ClientFor, prove: Prove
) -> None:
    prove(acme, NAME)
    domain = check(acme, ask(acme))
    stranger = client_for(member("admin", business=globex))
    assert NAME not in stranger.get(PAGE).content.decode()
    for act in ("check", "primary", "withdraw"):
        answer = stranger.post(PAGE, {"act": act, "domain": domain.pk}, follow=True)
        assert "does not have this name" in answer.content.decode(), act
    with public_scope():
        kept = Domain.objects.get(pk=domain.pk)
        assert (kept.tenant_id, kept.verified_at, kept.is_primary) == (acme.id, domain.verified_at, False)
    # Nor by going past our code: Postgres itself refuses the business's role.
    with business_scope(globex):
        assert not Domain.objects.filter(pk=domain.pk).exists()
        assert Domain.objects.filter(pk=domain.pk).delete()[0] == 0
        with pytest.raises(DatabaseError, match="permission denied"):
            Domain.objects.filter(pk=domain.pk).update(finding="")


@pytest.mark.parametrize("role", ["rep", "manager", "billing"])
def test_only_admins_have_the_page(member: MakeMember, client_for: ClientFor, role: str) -> None:
    client = client_for(member(role))
    assert client.get(PAGE, follow=True).status_code == 403
    assert client.post(PAGE, {"act": "ask", "name": NAME}, follow=True).status_code == 403
    with public_scope():
        assert not Domain.objects.filter(domain=NAME).exists()


def test_the_page_is_a_business_s_only(operator: Callable[[], Any], client_for: ClientFor) -> None:
    assert client_for(operator()).get(PAGE).status_code == 404


def test_a_withdrawn_domain_stops_leading_within_ten_seconds(acme: Business, prove: Prove) -> None:
    """At once in the process that withdrew it; another process believes what it knew for `HOST_SECONDS`."""
    prove(acme, NAME)
    domain = check(acme, ask(acme))
    assert leads_to(NAME) == "acme"
    with business_scope(acme):
        services.withdraw(domain.pk, by=None)
    assert hosts.find(NAME) is None
    assert Client(SERVER_NAME=NAME).get("/sign-in/").status_code == 404
    assert HOST_SECONDS <= 10


def test_the_primary_address_and_the_one_in_use_stay(
    acme: Business, member: MakeMember, client_for: ClientFor, prove: Prove
) -> None:
    client = client_for(member("admin"))
    with business_scope(acme):
        first = Domain.objects.get(domain="acme.localhost")
    refused = client.post(PAGE, {"act": "withdraw", "domain": first.pk}, follow=True).content.decode()
    assert "You are using this address right now" in refused
    prove(acme, NAME)
    domain = check(acme, ask(acme))
    with business_scope(acme):
        services.make_primary(domain.pk, by=None)
        with pytest.raises(NameRefused, match="primary address"):
            services.withdraw(domain.pk, by=None)


def test_what_waits_can_not_be_primary(acme: Business) -> None:
    domain = ask(acme)
    with business_scope(acme), pytest.raises(NameRefused, match="Only an address that leads here"):
        services.make_primary(domain.pk, by=None)


@pytest.mark.parametrize("domain", ["", "0", "x", "1" * 30, "-1", "²"])
def test_an_odd_choice_is_answered_in_words(member: MakeMember, client_for: ClientFor, domain: str) -> None:
    answer = client_for(member("admin")).post(PAGE, {"act": "check", "domain": domain}, follow=True)
    assert answer.status_code == 200
    assert "Choose one of the list" in answer.content.decode() or "does not have this name" in answer.content.decode()


def test_a_business_can_not_fill_the_list(acme: Business) -> None:
    for number in range(services.MOST_WAITING):
        ask(acme, f"n{number}.acme.test")
    with pytest.raises(NameRefused, match="withdraw one of them first"):
        ask(acme, "one-more.acme.test")
    with pytest.raises(NameRefused, match="has this name already"):
        ask(acme, "N0.acme.test")


def test_a_free_subdomain_leads_here_at_once(
    acme: Business, member: MakeMember, client_for: ClientFor, settings: Any
) -> None:
    settings.BUSINESS_DOMAIN = "businesses.test"
    answer = client_for(member("admin")).post(PAGE, {"act": "subdomain", "word": "Acme-Cloud"}, follow=True)
    assert "acme-cloud.businesses.test leads to your business" in answer.content.decode()
    assert Client(SERVER_NAME="acme-cloud.businesses.test").get("/sign-in/").status_code == 200


def test_a_subdomain_of_another_business_is_not_to_be_had(acme: Business, globex: Business, settings: Any) -> None:
    settings.BUSINESS_DOMAIN = "businesses.test"
    with business_scope(globex):
        services.take_subdomain("acme-cloud", by=None)
    with business_scope(acme):
        with pytest.raises(NameRefused, match="is taken"):
            services.take_subdomain("acme-cloud", by=None)
        for number in range(services.MOST_SUBDOMAINS):
            services.take_subdomain(f"acme-{number}", by=None)
        with pytest.raises(NameRefused, match="withdraw one of them"):
            services.take_subdomain("acme-more", by=None)
    assert leads_to("acme-cloud.businesses.test") == "globex"


def test_when_the_row_can_not_be_written_nothing_is_said_to_be_done(acme: Business, prove: Prove) -> None:
    """A disk that is full, as the database says it: no audit line without the act, and no act without its line."""
    domain = ask(acme)
    prove(acme, NAME)
    with owner.connect() as admin:
        admin.execute(
            "ALTER TABLE acme.audit_auditline ADD CONSTRAINT full_disk CHECK (detail->>'domain' <> 'verified')"
        )
        try:
            # The line is refused, so the name must not lead here either.
            with pytest.raises(IntegrityError, match="full_disk"):
                check(acme, domain)
        finally:
            admin.execute("ALTER TABLE acme.audit_auditline DROP CONSTRAINT full_disk")
    with public_scope():
        assert Domain.objects.get(pk=domain.pk).verified_at is None
    assert leads_to(NAME) == ""
