"""What a business's admin does with its host names. Reads and asks as the business; decides outside any."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.context import Business, business_scope, public_scope, require_tenant
from tenants.domains import free, names
from tenants.domains.dns import Finding, look
from tenants.domains.names import NameRefused
from tenants.domains.proof import records
from tenants.members.models import Member
from tenants.models import Domain
from tenants.selectors import hosts

# Of one business: names that wait for DNS, and sub-domains, which others might want.
MOST_WAITING, MOST_SUBDOMAINS = 10, 5
WAITS = timedelta(days=14)
FIRST_CHECK, LONGEST_PAUSE, DAY = timedelta(minutes=1), timedelta(hours=6), timedelta(days=1)

LEADS_ELSEWHERE = (
    "This name leads to another business of this installation already. If it is yours, ask the people who run it."
)


def own_domains() -> list[Domain]:
    """Those of the current business, the primary one first. As the business: Postgres shows no others."""
    return list(Domain.objects.filter(tenant_id=require_tenant().id).order_by("-is_primary", "domain"))


def ask_for(typed: str, *, by: Member | None, via: Via = Via.ADMIN) -> Domain:
    """A name of one's own, which leads nowhere until DNS proves it. Raises `NameRefused`.

    Others may ask for the same name; each gets another token, and only the one in DNS counts.
    """
    business, name = require_tenant(), names.own_name(typed)
    if Domain.objects.filter(tenant_id=business.id, domain=name).exists():
        raise NameRefused("Your business has this name already: see the list.")
    if Domain.objects.filter(tenant_id=business.id, verified_at=None).count() >= MOST_WAITING:
        raise NameRefused(f"{MOST_WAITING} names wait for their DNS records already: withdraw one of them first.")
    now = timezone.now()
    domain = Domain(
        tenant_id=business.id,
        domain=name,
        is_primary=False,
        is_proven_by_dns=True,
        asked_at=now,
        check_after=now + FIRST_CHECK,
    )
    with transaction.atomic():
        if not _passes(domain.save):
            raise NameRefused("Your business has this name already: see the list.")
        _note("asked for", name, by, via)
    return domain


def take_subdomain(typed: str, *, by: Member | None, via: Via = Via.ADMIN) -> Domain:
    """A free sub-domain of the installation; leads to the current business at once. Raises `NameRefused`."""
    business, word = require_tenant(), names.word_of(typed)
    if not free.is_free(word):
        raise NameRefused(free.TAKEN)
    own = Domain.objects.filter(tenant_id=business.id, domain__endswith=f".{settings.BUSINESS_DOMAIN}")
    if own.count() >= MOST_SUBDOMAINS:
        raise NameRefused(f"Your business has {MOST_SUBDOMAINS} such addresses already: withdraw one of them first.")
    domain = Domain(tenant_id=business.id, domain=names.subdomain(word), is_primary=False, verified_at=timezone.now())
    with transaction.atomic():
        with public_scope():
            is_ours = _passes(domain.save)
        if not is_ours:
            raise NameRefused(free.TAKEN)
        _note("taken", domain.domain, by, via)
    return domain


def withdraw(domain_id: int, *, by: Member | None, via: Via = Via.ADMIN) -> str:
    """The name leads nowhere from now on: here at once, in other processes within 10 s. Returns the name.

    Raises `NameRefused` for the primary one and for one that the business does not have.
    """
    with transaction.atomic():
        domain = _own(domain_id)
        if domain.is_primary:
            raise NameRefused("This is the primary address, which links in mails lead to: choose another one first.")
        domain.delete()
        _note("withdrawn", domain.domain, by, via)
    return domain.domain


def make_primary(domain_id: int, *, by: Member | None, via: Via = Via.ADMIN) -> str:
    """Links in mails lead there from now on. Returns the name. Raises `NameRefused`."""
    business = require_tenant()
    with transaction.atomic():
        name = _own(domain_id).domain
        with public_scope():
            ours = Domain.objects.select_for_update().filter(tenant_id=business.id)
            if domain_id not in {row.pk for row in ours if row.verified_at}:
                raise NameRefused("Only an address that leads here can be the primary one.")
            ours.filter(is_primary=True).update(is_primary=False)
            ours.filter(pk=domain_id).update(is_primary=True)
        _note("primary", name, by, via)
    hosts.forget()
    return name


def check_now(domain_id: int, *, by: Member | None = None) -> Domain:
    """Asks DNS, which takes seconds, and notes what it said. Raises `NameRefused` for a name that is not ours."""
    business, domain = require_tenant(), _own(domain_id)
    finding = look(records(business, domain.domain))
    return note_finding(business, domain, finding, by=by)


def note_finding(
    business: Business, domain: Domain, finding: Finding, *, by: Member | None = None, now: datetime | None = None
) -> Domain:
    """Writes down what DNS said of `domain`; a name that waited and is right leads to `business` from now on.

    Works in any context. Of two businesses with the same name only one can pass: Postgres refuses the second.
    """
    now = now or timezone.now()
    if domain.verified_at is None and finding.is_right:
        finding = _verify(business, domain, now, by)
    is_verified = domain.verified_at is not None or finding.is_right
    wrong_since = None if finding.is_right or not is_verified else domain.wrong_since or now
    with public_scope():
        Domain.objects.filter(pk=domain.pk).update(
            finding=finding.words,
            checked_at=now,
            check_after=now + DAY if is_verified else _next_look(domain, now),
            wrong_since=wrong_since,
            told_at=domain.told_at if wrong_since or not is_verified else None,
        )
        # It may have been withdrawn while DNS was asked.
        return next(iter(Domain.objects.filter(pk=domain.pk)), domain)


def _verify(business: Business, domain: Domain, now: datetime, by: Member | None) -> Finding:
    """Right, or the sentence why it still leads nowhere."""
    waiting = Domain.objects.filter(pk=domain.pk, verified_at=None)
    with transaction.atomic():
        with public_scope():
            if not _passes(lambda: waiting.update(verified_at=now)):
                return Finding((LEADS_ELSEWHERE,))
            if not Domain.objects.filter(pk=domain.pk, verified_at=now).exists():
                # Withdrawn, or verified by somebody else's look, while DNS was asked.
                return Finding()
        with business_scope(business):
            _note("verified", domain.domain, by, Via.ADMIN if by else Via.TASK)
    hosts.forget()
    return Finding()


def _passes(write: Callable[[], object]) -> bool:
    """Whether the database takes what `write` writes; False when another row was first."""
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        return False
    return True


def _next_look(domain: Domain, now: datetime) -> datetime:
    """Of a name that waits: a sixth of its age, between a minute and six hours. Giving up is for watching.py."""
    age = now - (domain.asked_at or now)
    return now + min(max(age / 6, FIRST_CHECK), LONGEST_PAUSE)


def _own(domain_id: int) -> Domain:
    domain: Domain | None = Domain.objects.filter(pk=domain_id, tenant_id=require_tenant().id).first()
    if domain is None:
        raise NameRefused("Your business does not have this name any more.")
    return domain


def _note(what: str, name: str, by: Member | None, via: Via) -> None:
    record(Action.ACCESS_CHANGED, actor=by, via=via, subject="domain", subject_name=name, detail={"domain": what})
