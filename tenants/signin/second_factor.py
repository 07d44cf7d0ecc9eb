"""The second factor: who must have one, and setting it up before a session exists."""

from __future__ import annotations

import base64
from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.account.stages import LoginStage
from allauth.core.internal.httpkit import headed_redirect_response
from allauth.mfa import signals
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import TOTP, clear_totp_secret
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from tenants.context import current
from tenants.members.models import Member, Role
from tenants.signin.models import Provider, SignInPolicy

REAL_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def policy() -> SignInPolicy:
    """The current business's rules; on the public host the defaults."""
    business = current()
    if business is None or business.is_public:
        return SignInPolicy()
    return SignInPolicy.objects.filter(pk=1).first() or SignInPolicy()


def factors(member: Member) -> QuerySet[Any]:
    """Without the recovery codes: they only stand in for one."""
    found: QuerySet[Any] = Authenticator.objects.filter(user_id=member.pk, type__in=REAL_FACTORS)
    return found


def may_remove(authenticator: Any) -> bool:
    """Not the last factor of a member who must have one."""
    member: Member = authenticator.user
    if authenticator.type not in REAL_FACTORS or not policy().needs_second_factor(member):
        return True
    return factors(member).exclude(pk=authenticator.pk).exists()


def must_come_from_outside(member: Member) -> bool:
    """Admins keep their password as an emergency door; without a provider in use nobody is locked out."""
    return policy().only_sso and not member.is_admin and Provider.objects.filter(is_active=True).exists()


def members_without(rules: SignInPolicy) -> QuerySet[Member]:
    """Whom `rules` ask for a factor that they do not have."""
    members = Member.objects.filter(is_active=True).exclude(
        pk__in=Authenticator.objects.filter(type__in=REAL_FACTORS).values("user_id")
    )
    if rules.second_factor == SignInPolicy.Needs.ADMINS:
        return members.filter(roles__contains=[Role.ADMIN.value])
    return members if rules.second_factor == SignInPolicy.Needs.EVERYONE else members.none()


class EnrolStage(LoginStage):  # type: ignore[misc]  # allauth has no types
    """Between a right password and the session: who must have a second factor and has none sets it up here.

    Signing in at the business's own identity provider is left to that provider's rules.
    """

    key = "enrol"
    urlname = "enrol_second_factor"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        member: Member = self.login.user
        is_from_outside = bool((self.login.signal_kwargs or {}).get("sociallogin"))
        if is_from_outside or not policy().needs_second_factor(member) or factors(member).exists():
            return None, True
        return headed_redirect_response(self.urlname), True


@sensitive_post_parameters("code")
def _enrol(request: HttpRequest) -> HttpResponse:
    """The QR code and its first code; then the recovery codes, signed in."""
    stage: EnrolStage = request._login_stage  # type: ignore[attr-defined]  # noqa: SLF001 - set by allauth's decorator
    member: Member = stage.login.user
    form = ActivateTOTPForm(request.POST if request.method == "POST" else None, user=member)
    if request.method == "POST" and form.is_valid():
        _activate(request, member, form.secret)
        stage.login.redirect_url = reverse("mfa_view_recovery_codes")
        response: HttpResponse = stage.exit()
        return response
    context = {"form": form, **totp_picture(member, form.secret)}
    return render(request, "signin/enrol.html", context, status=422 if form.is_bound else 200)


enrol = login_stage_required(stage=EnrolStage.key, redirect_urlname="account_login")(_enrol)


def totp_picture(member: Member, secret: str) -> dict[str, str]:
    """For the template: the QR code as a data URI, and the secret in groups of four to type."""
    from allauth.mfa.adapter import get_adapter  # noqa: PLC0415 - the adapter asks this module

    adapter = get_adapter()
    svg = adapter.build_totp_svg(adapter.build_totp_url(member, secret))
    typed = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return {"picture": f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}", "typed_secret": typed}


def _activate(request: HttpRequest, member: Member, secret: str) -> None:
    with transaction.atomic():
        made = TOTP.activate(member, secret).instance
        RecoveryCodes.activate(member)
        clear_totp_secret(request)
        signals.authenticator_added.send(sender=Authenticator, request=request, user=member, authenticator=made)
    post_authentication(request, made)
