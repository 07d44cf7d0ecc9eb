"""Where django-allauth asks us: who may sign in, what it says, where links lead."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.stagekit import clear_login
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from tenants.branding import get_brand
from tenants.mail import MailNotSent, absolute_url, send_mail
from tenants.members import throttle
from tenants.members.models import Member
from tenants.sealing import Unsealable, seal, unseal
from tenants.signin.second_factor import may_remove, must_come_from_outside

# What allauth would say in its own words, or not at all.
WORDS = {
    "account/messages/password_changed.txt": "Your password is changed. Other browsers are signed out.",
    "mfa/messages/totp_activated.txt": "Codes from your app are on.",
    "mfa/messages/totp_deactivated.txt": "Codes from your app are off.",
    "mfa/messages/webauthn_added.txt": "The passkey is added.",
    "mfa/messages/webauthn_removed.txt": "The passkey is removed.",
}
CONFIRMED_FOR_S = 300
OUTSIDE_ONLY = "Your business signs in through its identity provider only. Use the button."
LAST_FACTOR = "Your business requires a second factor: add another one first."
DISABLED = "This account is disabled. Ask an admin of your business."


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "E-mail or password is not right. Passwords mind upper and lower case.",
        "too_many_login_attempts": "Too many failed attempts. Wait 15 minutes, then try again.",
        "incorrect_password": "This password is not right.",
        "incorrect_code": "This code is not right.",
        "rate_limited": "Too many attempts. Wait 15 minutes, then try again.",
    }

    # Passwords ------------------------------------------------------------------------------------

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        if throttle.is_blocked(_login(credentials), self.get_client_ip(request)):
            raise ValidationError(self.error_messages["too_many_login_attempts"], code="blocked")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Member | None:
        """The active member of this e-mail and password; anything else counts as a failure."""
        member = super().authenticate(request, **credentials)
        if not isinstance(member, Member) or not member.is_active:
            throttle.note_failure(_login(credentials), self.get_client_ip(request))
            return None
        throttle.note_success(_login(credentials), self.get_client_ip(request))
        return member

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:  # noqa: ARG002 - allauth's signature
        """Not for five minutes after signing in, however that was done."""
        records = get_authentication_records(self.request, self.request.user)
        return not records or time.time() - records[-1]["at"] > CONFIRMED_FOR_S

    # Doors ------------------------------------------------------------------------------------------

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Nobody signs up: members are invited."""
        return False

    def get_login_stages(self) -> list[str]:
        return ["allauth.mfa.stages.AuthenticateStage", "tenants.signin.second_factor.EnrolStage"]

    def pre_login(self, request: HttpRequest, user: Member, **kwargs: Any) -> HttpResponse | None:
        if not user.is_active:
            return self.turn_away(request, DISABLED)
        is_from_outside = bool((kwargs.get("signal_kwargs") or {}).get("sociallogin"))
        if not is_from_outside and must_come_from_outside(user):
            return self.turn_away(request, OUTSIDE_ONLY)
        return None

    def turn_away(self, request: HttpRequest, words: str) -> HttpResponse:
        """Back to the sign-in page with a sentence, and nothing left of the attempt."""
        clear_login(request)
        messages.error(request, words)
        return HttpResponseRedirect(reverse("sign_in"))

    def respond_user_inactive(self, request: HttpRequest, user: Member) -> HttpResponse:  # noqa: ARG002
        return self.turn_away(request, DISABLED)

    def is_safe_url(self, url: str) -> bool:
        """Only pages of this host, and never the sign-in page again."""
        is_here = url_has_allowed_host_and_scheme(
            url, allowed_hosts={self.request.get_host()}, require_https=settings.HTTPS
        )
        return is_here and not url.startswith(settings.LOGIN_URL)

    # Mail and words ---------------------------------------------------------------------------------

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _, token = key.partition("-")
        return absolute_url(reverse("account_reset_password_from_key", args=[uid, token]))

    def send_password_reset_mail(self, user: Member, email: str, context: dict[str, Any]) -> None:
        """A mail server that is away changes nothing on the page: it would tell who is a member."""
        if must_come_from_outside(user):
            return
        with suppress(MailNotSent):
            send_mail(
                to=email,
                subject=f"A new password for {get_brand().product_name}",
                template="new_password",
                context={"name": user.name, "link": context["password_reset_url"], "action": "Set a new password"},
            )

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """None of allauth's: what changed stands in the audit log."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        raise NotImplementedError(f"{template_prefix}: mail is sent by tenants/mail.py.")

    def add_message(  # noqa: PLR0917 - allauth's signature
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,  # noqa: ARG002
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        if words := message or WORDS.get(message_template or ""):
            messages.add_message(request, level, words, extra_tags=extra_tags)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Behind a socket without an address everybody comes from the same one."""
        return get_client_ip(request) or "0.0.0.0"  # noqa: S104 - no address to listen on


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Names in the authenticator app are the business's; secrets are sealed."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code is not right.",
        "cannot_delete_authenticator": LAST_FACTOR,
    }

    def get_totp_issuer(self) -> str:
        return get_brand().product_name

    def _get_site_name(self) -> str:
        return get_brand().product_name

    def generate_authenticator_name(self, user: Member, type: Authenticator.Type) -> str:  # noqa: A002
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return "My passkey" if count == 0 else f"Passkey {count + 1}"

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return may_remove(authenticator)

    def encrypt(self, text: str) -> str:
        return seal(text, purpose="second factor")

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return unseal(encrypted_text, purpose="second factor")
        except Unsealable as error:
            raise ValidationError(str(error)) from error


def _login(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "")
