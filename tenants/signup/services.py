"""The steps of a request for a business that the web process takes. Each is a conditional UPDATE: one of two wins."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from tenants.context import public_scope
from tenants.domains.free import TAKEN, is_free
from tenants.domains.names import NameRefused, word_of
from tenants.mail import MailNotSent, absolute_url, send_mail
from tenants.members.models import Member, Role
from tenants.signup import links
from tenants.signup.models import TO_BUILD, BusinessRequest, Problem, State

log = logging.getLogger(__name__)

# What was never confirmed is forgotten after days, what came to nothing or is built after months.
UNCONFIRMED_LASTS, ENDED_LASTS = timedelta(days=3), timedelta(days=90)


class StepRefused(Exception):
    """The request is no longer where this step begins: somebody else took it, or it was taken before."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants, checked by a form. `place` as in tenants/consent, empty for the strictest rule."""

    name: str
    slug: str
    trade: str
    place: str
    admin_name: str
    admin_email: str


def sign_up(wanted: Wanted, *, origin: str) -> BusinessRequest:
    """A request whose e-mail address is not confirmed yet, and the mail that confirms it.

    It holds no address and is forgotten after three days. Raises `MailNotSent`; nothing is kept then.
    """
    with public_scope():
        request = _made(wanted, state=State.REQUESTED, origin=origin)
        try:
            _mail_link(request)
        except MailNotSent:
            request.delete()
            raise
    return request


def start(wanted: Wanted, *, by: Member) -> BusinessRequest:
    """An operator's: nothing to confirm, it is built next. Raises `NameRefused` when the address is taken."""
    word = _free_word(wanted.slug)
    try:
        with public_scope(), transaction.atomic():
            return _made(wanted, state=State.CONFIRMED, asked_by=by.name, slug=word, confirmed_at=timezone.now())
    except IntegrityError:
        raise NameRefused(TAKEN) from None


def confirm(request: BusinessRequest, *, slug: str = "") -> None:
    """The e-mail address is theirs: next it is built, or, where `SIGN_UP` says so, an operator agrees.

    `slug`: another address than the one that was asked for. Raises `NameRefused` and changes nothing when it is not
    to be had; `StepRefused` when it was confirmed before.
    """
    needs_agreement = settings.SIGN_UP == "approval"
    state = State.WAITING if needs_agreement else State.CONFIRMED
    _move(request, (State.REQUESTED,), state, slug=slug or request.slug, confirmed_at=timezone.now())
    if needs_agreement:
        _tell_operators(request)


def agree(request: BusinessRequest, *, by: Member) -> None:
    """An operator lets it be built. Raises `StepRefused`."""
    _move(request, (State.WAITING,), State.CONFIRMED, asked_by=by.name)


def refuse(request: BusinessRequest, *, by: Member) -> None:
    """An operator does not want it; its page says so. Raises `StepRefused`."""
    _move(request, (State.WAITING, State.FAILED), State.REFUSED, asked_by=by.name, finished_at=timezone.now())


def try_again(request: BusinessRequest, *, slug: str = "") -> None:
    """Once more from where it broke off, at another address if one is given. Raises `StepRefused`, `NameRefused`."""
    if slug and request.tenant_id and slug != request.slug:
        raise NameRefused("Its address is made already: add another one under Domains once it is ready.")
    _move(
        request,
        (State.FAILED,),
        State.CONFIRMED,
        slug=slug or request.slug,
        attempts=0,
        try_after=None,
        problem="",
        problem_code=Problem.NONE,
        finished_at=None,
    )


def forget_old() -> int:
    """Personal data of requests that came to nothing, and of those long done. The business itself stays."""
    now = timezone.now()
    with public_scope():
        unconfirmed = Q(state=State.REQUESTED, created_at__lt=now - UNCONFIRMED_LASTS)
        ended = Q(finished_at__lt=now - ENDED_LASTS) & ~Q(state__in=TO_BUILD)
        return BusinessRequest.objects.filter(unconfirmed | ended).delete()[0]


def _made(wanted: Wanted, *, state: State, slug: str = "", **more: object) -> BusinessRequest:
    return BusinessRequest.objects.create(
        state=state,
        name=wanted.name,
        slug=slug or wanted.slug,
        trade=wanted.trade,
        place=wanted.place,
        admin_name=wanted.admin_name,
        admin_email=wanted.admin_email.lower(),
        **more,
    )


def _mail_link(request: BusinessRequest) -> None:
    send_mail(
        to=request.admin_email,
        subject=f"Confirm your address for {request.name}",
        template="sign_up",
        context={
            "name": request.admin_name,
            "business_name": request.name,
            "link": absolute_url(links.path_of(request)),
            "hours": int(links.CONFIRM_WITHIN.total_seconds() // 3600),
            "action": "Confirm",
        },
    )


def _move(request: BusinessRequest, before: tuple[State, ...], after: State, **values: object) -> None:
    """From one of `before` to `after`, with the address still to be had; the row in memory follows."""
    if "slug" in values and not request.tenant_id:
        values["slug"] = _free_word(str(values["slug"]), request)
    try:
        with public_scope(), transaction.atomic():
            moved = BusinessRequest.objects.filter(pk=request.pk, state__in=before).update(state=after, **values)
    except IntegrityError:
        raise NameRefused(TAKEN) from None
    if not moved:
        raise StepRefused
    with public_scope():
        request.refresh_from_db()


def _free_word(slug: str, request: BusinessRequest | None = None) -> str:
    word = word_of(slug)
    if not is_free(word, but_for=request.pk if request else None):
        raise NameRefused(TAKEN)
    return word


def _tell_operators(request: BusinessRequest) -> None:
    """A mail that does not leave is no harm: the operators' list shows who waits."""
    context = {
        "business_name": request.name,
        "link": absolute_url(f"/admin/signup/businessrequest/{request.pk}/change/"),
    }
    with public_scope():
        operators = list(Member.objects.filter(is_active=True, roles__contains=[Role.OPERATOR.value]))
        for operator in operators:
            try:
                send_mail(
                    to=operator.email,
                    subject=f"{request.name} would like to join",
                    template="sign_up_waits",
                    context={**context, "name": operator.name, "action": "Look at it"},
                )
            except MailNotSent as error:
                log.warning("Operator not told of a sign-up: %s", type(error).__name__)
                return
