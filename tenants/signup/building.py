"""The builder: takes up confirmed requests and makes their businesses, as the database's owner.

It may be killed at any moment and started again, and several may run: a request is worked on under a lock that ends
with its holder's connection, and every step of `create_business` may be done twice.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from tenants.audit.models import Via
from tenants.context import Business, business_scope, public_scope
from tenants.domains.names import subdomain
from tenants.members.models import Member, Role
from tenants.models import Tenant
from tenants.provisioning import HostTaken, create_business
from tenants.schemas import SchemaBusy, schema_lock
from tenants.selectors import business_of
from tenants.signin import invitations
from tenants.signup.models import TO_BUILD, BusinessRequest, Problem, State

log = logging.getLogger(__name__)

LOCK_SECONDS = 0.1
MOST_ATTEMPTS = 6
# While no mail of its invitation left, a ready business is looked at again so long.
INVITES_FOR = timedelta(days=2)

BROKE_OFF = "Building broke off again and again; the log of the builder says why."


class ShortNameTaken(Exception):
    """A business made by hand came to have the short name first; the next attempt chooses another."""


def build_due(*, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Builds what is due, the oldest first, one after the other; how many were worked on.

    What another builder has in hand is passed over. Raises what the database raises when it is away: nothing is lost.
    """
    worked_on = 0
    for request_id in _due(timezone.now()):
        if should_stop():
            break
        try:
            with schema_lock(f"request:{request_id}", wait_s=LOCK_SECONDS):
                worked_on += _work_on(request_id)
        except SchemaBusy:
            continue
    return worked_on


def _due(now: datetime) -> list[uuid.UUID]:
    unsent = Q(state=State.READY, invited_at=None, finished_at__gt=now - INVITES_FOR)
    found = BusinessRequest.objects.filter(Q(state__in=TO_BUILD) | unsent)
    found = found.filter(Q(try_after=None) | Q(try_after__lte=now)).order_by("confirmed_at")
    with public_scope():
        return list(found.values_list("pk", flat=True))


def _work_on(request_id: uuid.UUID) -> bool:
    """Under the request's lock. False when another builder has finished it meanwhile."""
    with public_scope():
        claimed = BusinessRequest.objects.filter(pk=request_id, state__in=TO_BUILD).update(
            state=State.BUILDING, attempts=F("attempts") + 1
        )
        request = BusinessRequest.objects.select_related("tenant").filter(pk=request_id).first()
    if request is None:
        return False
    if claimed:
        _build(request)
    elif request.state == State.READY and request.tenant and request.invited_at is None:
        _invite(request, business_of(request.tenant))
    else:
        return False
    return True


def _build(request: BusinessRequest) -> None:
    if request.attempts > MOST_ATTEMPTS:
        _fail(request, Problem.BROKEN, BROKE_OFF)
        return
    try:
        tenant = create_business(
            schema_name=_schema_name(request),
            name=request.name,
            host=subdomain(request.slug),
            trade=request.trade,
            place=request.place,
            admin_email=request.admin_email,
            admin_name=request.admin_name,
            claim=lambda tenant, is_new: _claim(request, tenant, is_new),
        )
    except ShortNameTaken:
        _change(request, state=State.CONFIRMED, schema_name="")
    except HostTaken as error:
        _fail(request, Problem.TAKEN, " ".join(error.messages))
    except ValidationError as error:
        _fail(request, Problem.REFUSED, " ".join(error.messages))
    except Exception as error:
        # Whatever it is, it must not stop the others' turn; when it is the database, this raises again.
        log.exception("Business not built", extra={"request": str(request.pk)})
        _later(request, error)
    else:
        _change(request, state=State.READY, finished_at=timezone.now(), problem="", problem_code=Problem.NONE)
        log.info("Business built", extra={"request": str(request.pk), "business": tenant.pk})
        _invite(request, business_of(tenant))


def _schema_name(request: BusinessRequest) -> str:
    """Decided once and kept: a schema that nothing else has or had. `acme`, else `acme_2` …"""
    if request.schema_name:
        return request.schema_name
    base = request.slug.replace("-", "_")
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT nspname FROM pg_namespace UNION SELECT schema_name FROM tenants_tenant "
            "UNION SELECT schema_name FROM signup_businessrequest"
        )
        taken = {name for (name,) in cursor.fetchall()}
    names = (base, *(f"{base}_{number}" for number in range(2, 100)))
    name = next((name for name in names if name not in taken), f"{base[:24]}_{request.pk.hex[:16]}")
    _change(request, schema_name=name)
    return name


def _claim(request: BusinessRequest, tenant: Tenant, is_new: bool) -> None:
    """In the transaction that makes the row: a business that somebody else made is never taken for this one's."""
    if is_new:
        BusinessRequest.objects.filter(pk=request.pk).update(tenant=tenant)
    elif request.tenant_id != tenant.pk:
        raise ShortNameTaken


def _invite(request: BusinessRequest, business: Business) -> None:
    """So that a mail has left, even when the builder was killed just before, or the mail server was away."""
    with business_scope(business):
        if _is_invited(request.admin_email):
            _change(request, invited_at=timezone.now(), try_after=None)
            return
    _change(request, attempts=F("attempts") + 1, try_after=timezone.now() + _pause(request.attempts + 1))


def _is_invited(email: str) -> bool:
    """Within the business: whether nothing is left to do; sends what is missing first."""
    admin = Member.objects.filter(email=email).first()
    if admin is None or not invitations.is_waiting(admin):
        return True
    invitation = invitations.open_invitations().filter(email=email).first()
    if invitation is None:
        invitation = invitations.invite(email=email, name=admin.name, roles=[Role.ADMIN.value], via=Via.COMMAND)
    elif invitation.sent_at is None:
        invitations.resend(invitation, by=None, via=Via.COMMAND)
    invitation.refresh_from_db()
    return invitation.sent_at is not None


def _later(request: BusinessRequest, error: Exception) -> None:
    if request.attempts >= MOST_ATTEMPTS:
        _fail(request, Problem.BROKEN, f"{BROKE_OFF} ({type(error).__name__})")
        return
    _change(request, state=State.CONFIRMED, try_after=timezone.now() + _pause(request.attempts))


def _pause(attempts: int) -> timedelta:
    """2, 4, 8 … s, at most ten minutes."""
    return timedelta(seconds=min(2 ** min(attempts, 10), 600))


def _fail(request: BusinessRequest, code: Problem, words: str) -> None:
    _change(request, state=State.FAILED, problem_code=code, problem=words, finished_at=timezone.now())
    log.warning("Business not built: %s", code, extra={"request": str(request.pk)})


def _change(request: BusinessRequest, **values: object) -> None:
    with public_scope():
        BusinessRequest.objects.filter(pk=request.pk).update(**values)
