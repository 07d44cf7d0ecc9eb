"""Looking domains up again: those that wait for their records, and those that lead here, once a day.

A name that waits is given up after 14 days; a name that leads here and is wrong for 3 days is reported to the
business's admins, and goes on leading here: a slip in DNS cuts nobody off.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.utils import timezone

from tenants.context import Business, business_scope, public_scope
from tenants.domains.dns import Finding, look
from tenants.domains.proof import records
from tenants.domains.services import WAITS, note_finding
from tenants.mail import MailNotSent, NoAddress, absolute_url, send_mail
from tenants.members.models import Member, Role
from tenants.models import Domain
from tenants.selectors import business_of

log = logging.getLogger(__name__)

AT_ONCE, MOST_AT_A_TIME = 8, 40
# A check that was begun and not finished is begun again.
CLAIM = timedelta(minutes=10)
REPORTED_AFTER = timedelta(days=3)


def check_due(now: datetime | None = None) -> int:
    """Looks up the domains whose time has come, the longest due first, at most 40. How many that were.

    In `public_scope`. Two at once share the work. While DNS is asked no transaction is open.
    """
    now = now or timezone.now()
    claimed = [domain for domain in _due(now) if _claim(domain, now)]
    for domain, finding in zip(claimed, _look_up(claimed), strict=True):
        business = business_of(domain.tenant)
        _follow(business, note_finding(business, domain, finding, now=now), now)
    return len(claimed)


def _due(now: datetime) -> list[Domain]:
    found = Domain.objects.filter(is_proven_by_dns=True, check_after__lte=now).select_related("tenant")
    return list(found.order_by("check_after")[:MOST_AT_A_TIME])


def _claim(domain: Domain, now: datetime) -> bool:
    return bool(Domain.objects.filter(pk=domain.pk, check_after=domain.check_after).update(check_after=now + CLAIM))


def _look_up(domains: Iterable[Domain]) -> list[Finding]:
    """In threads, which know no business and no database: a silent name server costs seconds."""
    wanted = [records(business_of(domain.tenant), domain.domain) for domain in domains]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(look, wanted))


def _follow(business: Business, domain: Domain, now: datetime) -> None:
    """Gives up a name that waited too long, and writes to the admins where they have to know. Each once."""
    if domain.verified_at is None:
        if now - (domain.asked_at or now) >= WAITS:
            Domain.objects.filter(pk=domain.pk).update(check_after=None)
            _tell(business, domain, "domain_given_up", f"{domain.domain} does not lead to you", now)
    elif domain.wrong_since and now - domain.wrong_since >= REPORTED_AFTER:
        _tell(business, domain, "domain_wrong", f"Something is wrong with {domain.domain}", now)


def _tell(business: Business, domain: Domain, template: str, subject: str, now: datetime) -> None:
    """Once: `told_at` says so, and is taken back when no mail left, so that the next look tells again."""
    if not Domain.objects.filter(pk=domain.pk, told_at=None).update(told_at=now):
        return
    with business_scope(business):
        admins = Member.objects.filter(is_active=True, roles__contains=[Role.ADMIN.value])
        sent = sum(_mail(admin.email, domain, template, subject) for admin in admins)
    if not sent:
        with public_scope():
            Domain.objects.filter(pk=domain.pk, told_at=now).update(told_at=None)


def _mail(address: str, domain: Domain, template: str, subject: str) -> bool:
    context = {
        "domain": domain.domain,
        "problems": domain.finding.splitlines(),
        "days": (WAITS if domain.verified_at is None else REPORTED_AFTER).days,
        "action": "Open your domains",
    }
    try:
        link = absolute_url("/admin/hosts/")
        send_mail(to=address, subject=subject, template=template, context={**context, "link": link})
    except (MailNotSent, NoAddress) as error:
        log.warning("Admin not told of a domain: %s", type(error).__name__, extra={"domain": domain.pk})
        return False
    return True
