"""Domains are looked up again: waiting ones until 14 days, others daily; wrong ones are reported after three days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone

from salespilot.quickstart.processes import free_port
from tenants.context import Business, business_scope, public_scope
from tenants.domains import dns, services, watching
from tenants.domains.watching import check_due
from tenants.models import Domain
from tenants.tasks import check_domains
from tests.conftest import MakeMember
from tests.domains.conftest import Prove
from tests.domains.dns_server import NameServer
from tests.domains.test_own_domain import NAME, ask, leads_to

pytestmark = pytest.mark.usefixtures("committed_db", "only_first_hosts")


def look(after: timedelta = timedelta()) -> int:
    """One look, `after` so long from now."""
    with public_scope():
        return check_due(timezone.now() + after)


def row() -> Domain:
    with public_scope():
        found: Domain = Domain.objects.get(domain=NAME)
    return found


def due_in() -> timedelta:
    """How long from now it is looked up again."""
    at = row().check_after
    assert at is not None
    return at - timezone.now()


def set_row(**values: Any) -> None:
    with public_scope():
        Domain.objects.filter(domain=NAME).update(**values)


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)


def test_a_waiting_domain_leads_here_without_anybody_pressing_a_button(acme: Business, prove: Prove) -> None:
    ask(acme)
    assert look() == 0, "not due yet"
    prove(acme, NAME)
    set_row(check_after=ago(seconds=1))
    check_domains()
    assert leads_to(NAME) == "acme"
    assert due_in() > timedelta(hours=23)


@pytest.mark.parametrize(
    ("age", "pause"),
    [
        (timedelta(0), timedelta(minutes=1)),
        (timedelta(hours=1), timedelta(minutes=10)),
        (timedelta(days=5), timedelta(hours=6)),
    ],
)
def test_a_waiting_domain_is_looked_up_ever_more_seldom(
    acme: Business, name_server: NameServer, age: timedelta, pause: timedelta
) -> None:
    ask(acme)
    set_row(asked_at=timezone.now() - age, check_after=ago(seconds=1))
    assert look() == 1
    assert abs(due_in() - pause) < timedelta(seconds=30)
    assert look() == 0


def test_after_fourteen_days_it_is_given_up_and_the_admins_are_told_once(
    acme: Business, globex: Business, member: MakeMember, name_server: NameServer, mailoutbox: list[EmailMessage]
) -> None:
    admin = member("admin")
    member("rep")
    member("admin", business=globex)
    ask(acme)
    set_row(asked_at=ago(days=13, hours=23), check_after=ago(seconds=1))
    look()
    assert mailoutbox == []
    assert look(timedelta(days=1)) == 1
    (mail,) = mailoutbox
    assert mail.to == [admin.email]
    assert f"The name {NAME} does not exist yet" in mail.body
    assert "http://acme.localhost/admin/hosts/" in mail.body
    assert row().check_after is None
    assert look(timedelta(days=30)) == 0


def test_a_wrong_verified_domain_goes_on_leading_and_is_reported_after_three_days_once(
    acme: Business, member: MakeMember, name_server: NameServer, prove: Prove, mailoutbox: list[EmailMessage]
) -> None:
    member("admin")
    ask(acme)
    prove(acme, NAME)
    look(timedelta(minutes=2))
    name_server.put(NAME, "CNAME", "elsewhere.test.")
    for day in (1, 2, 3):
        assert look(timedelta(days=day, minutes=5 + day)) == 1
    assert mailoutbox == [], "wrong for two days only"
    assert look(timedelta(days=4, minutes=20)) == 1
    (mail,) = mailoutbox
    assert "CNAME of elsewhere.test" in mail.body
    look(timedelta(days=5, minutes=30))
    assert len(mailoutbox) == 1
    assert leads_to(NAME) == "acme"

    prove(acme, NAME)
    look(timedelta(days=6, minutes=40))
    assert (row().wrong_since, row().told_at, row().finding) == (None, None, "")


def test_a_mail_server_that_is_away_delays_the_report_and_loses_it_not(
    acme: Business, member: MakeMember, name_server: NameServer, settings: Any, mailoutbox: list[EmailMessage]
) -> None:
    member("admin")
    ask(acme)
    set_row(verified_at=ago(days=9), wrong_since=ago(days=4), check_after=ago(seconds=1))
    locmem = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", free_port(), 1
    look()
    assert row().told_at is None
    settings.EMAIL_BACKEND = locmem
    look(timedelta(days=1, minutes=1))
    assert len(mailoutbox) == 1


def test_only_what_dns_proves_is_looked_up(acme: Business, name_server: NameServer, settings: Any) -> None:
    settings.BUSINESS_DOMAIN = "businesses.test"
    with business_scope(acme):
        services.take_subdomain("acme-cloud", by=None)
    assert look(timedelta(days=400)) == 0
    assert name_server.asked == []


def test_a_domain_that_is_withdrawn_while_dns_is_asked_does_not_come_back(
    acme: Business, name_server: NameServer, prove: Prove, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = ask(acme)
    prove(acme, NAME)

    def slow(wanted: Any) -> Any:
        with business_scope(acme):
            services.withdraw(domain.pk, by=None)
        return dns.look(wanted)

    monkeypatch.setattr(watching, "look", slow)
    assert look(timedelta(minutes=2)) == 1
    assert leads_to(NAME) == ""
    with public_scope():
        assert not Domain.objects.filter(domain=NAME).exists()
