"""A business's host names in its admin: what each is doing, its DNS records, and the ways to another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from tenants.context import require_tenant
from tenants.domains import services
from tenants.domains.names import NameRefused
from tenants.domains.proof import Records, records
from tenants.members.models import Member
from tenants.models import Domain


@dataclass(frozen=True, slots=True)
class Shown:
    """A host name as the page shows it. `records`: what DNS has to say, for a name of one's own."""

    domain: Domain
    state: str
    tone: str
    is_here: bool
    records: Records | None

    @property
    def problems(self) -> list[str]:
        return self.domain.finding.splitlines()

    @property
    def may_be_primary(self) -> bool:
        return self.domain.verified_at is not None and not self.domain.is_primary

    @property
    def may_be_withdrawn(self) -> bool:
        return not self.domain.is_primary and not self.is_here


@require_http_methods(["GET", "HEAD", "POST"])
def hosts_page(request: HttpRequest) -> HttpResponse:
    """For admins of the business; billing staff, who may open the admin too, get 403."""
    if request.business.is_public:  # type: ignore[attr-defined]
        raise Http404("The operators' list is under Domains.")
    member = cast("Member", request.user)
    if not member.is_admin:
        raise PermissionDenied
    if request.method == "POST":
        _act(request, member)
        return HttpResponseRedirect(reverse("admin:hosts"))
    here = request.get_host().rpartition(":")[0] or request.get_host()
    context = {
        **admin.site.each_context(request),
        "title": "Domains",
        "shown": [_shown(domain, here) for domain in services.own_domains()],
        "business_domain": settings.BUSINESS_DOMAIN,
        "gives_up_after": services.WAITS.days,
    }
    return render(request, "admin/domains/hosts.html", context)


def _act(request: HttpRequest, member: Member) -> None:
    """One of the page's buttons; what came of it is said above the list."""
    act = ACTS.get(request.POST.get("act", ""), _nothing)
    try:
        messages.success(request, act(request, member))
    except NameRefused as error:
        messages.error(request, str(error))
    except _StillWrong as error:
        messages.warning(request, str(error))


class _StillWrong(Exception):
    """DNS was asked, and is not right yet."""


def _nothing(request: HttpRequest, member: Member) -> str:  # noqa: ARG001 - one of ACTS
    raise NameRefused("Choose one of the page's buttons.")


def _ask(request: HttpRequest, member: Member) -> str:
    domain = services.ask_for(request.POST.get("name", ""), by=member)
    return f"{domain.domain} waits for its DNS records, see below."


def _subdomain(request: HttpRequest, member: Member) -> str:
    domain = services.take_subdomain(request.POST.get("word", ""), by=member)
    return f"{domain.domain} leads to your business from now on."


def _check(request: HttpRequest, member: Member) -> str:
    domain = services.check_now(_chosen(request), by=member)
    if domain.finding:
        raise _StillWrong(f"{domain.domain} is not right yet: see what was found below.")
    return f"The DNS records of {domain.domain} are right. It leads to your business."


def _primary(request: HttpRequest, member: Member) -> str:
    name = services.make_primary(_chosen(request), by=member)
    return f"{name} is the primary address now: links in mails lead there."


def _withdraw(request: HttpRequest, member: Member) -> str:
    here = request.get_host().rpartition(":")[0] or request.get_host()
    chosen = _chosen(request)
    if Domain.objects.filter(pk=chosen, domain=here.lower()).exists():
        raise NameRefused("You are using this address right now: open the admin at another one to withdraw it.")
    return f"{services.withdraw(chosen, by=member)} is withdrawn."


ACTS: dict[str, Callable[[HttpRequest, Member], str]] = {
    "ask": _ask,
    "subdomain": _subdomain,
    "check": _check,
    "primary": _primary,
    "withdraw": _withdraw,
}


def _chosen(request: HttpRequest) -> int:
    value = request.POST.get("domain", "")
    if not value.isascii() or not value.isdecimal() or len(value) > 18:
        raise NameRefused("Choose one of the list.")
    return int(value)


def _shown(domain: Domain, here: str) -> Shown:
    state, tone = _state(domain)
    wanted: Any = records(require_tenant(), domain.domain) if domain.is_proven_by_dns else None
    return Shown(domain=domain, state=state, tone=tone, is_here=domain.domain == here.lower(), records=wanted)


def _state(domain: Domain) -> tuple[str, str]:
    """In words, and which colour: `good`, `warn` or `bad`."""
    if domain.verified_at is None:
        if domain.check_after is None and timezone.now() - (domain.asked_at or timezone.now()) >= services.WAITS:
            return "Given up: the records were never right", "bad"
        return "Waits for DNS", "warn"
    if domain.wrong_since:
        return f"Leads here, but its DNS is wrong since {domain.wrong_since:%-d %b %Y}", "bad"
    return "Leads here", "good"
