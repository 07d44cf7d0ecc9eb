"""allauth's pages for second factors and passkeys, in our design. Each asks for the password again when it is stale."""

from __future__ import annotations

from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import AuthenticateView as CodeView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateCodeView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from tenants.members.models import Member
from tenants.signin.adapters import LAST_FACTOR
from tenants.signin.pages import refused
from tenants.signin.second_factor import totp_picture


class Refusing:
    """Mixed into allauth's views: a form that is not taken answers 422."""

    def form_invalid(self, form: Any) -> HttpResponse:
        return refused(self, form)


class SecondFactorView(CodeView):  # type: ignore[misc]  # allauth has no types
    """Between password and session: a code, a recovery code or a passkey."""

    template_name = "signin/second_factor.html"


class ConfirmPasswordView(Refusing, ReauthenticateView):  # type: ignore[misc]
    template_name = "signin/confirm.html"


class ConfirmCodeView(Refusing, ReauthenticateCodeView):  # type: ignore[misc]
    template_name = "signin/confirm.html"


class ConfirmPasskeyView(ReauthenticateWebAuthnView):  # type: ignore[misc]
    template_name = "signin/confirm_passkey.html"


class CodesOnView(Refusing, ActivateTOTPView):  # type: ignore[misc]
    template_name = "signin/codes_on.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        member = self.request.user
        assert isinstance(member, Member)
        return context | totp_picture(member, context["form"].secret)


class CodesOffView(Refusing, DeactivateTOTPView):  # type: ignore[misc]
    template_name = "signin/codes_off.html"


@method_decorator(never_cache, name="dispatch")
class RecoveryCodesView(ViewRecoveryCodesView):  # type: ignore[misc]
    template_name = "signin/recovery_codes.html"


class NewRecoveryCodesView(Refusing, GenerateRecoveryCodesView):  # type: ignore[misc]
    template_name = "signin/new_recovery_codes.html"


class AddPasskeyView(Refusing, AddWebAuthnView):  # type: ignore[misc]
    template_name = "signin/add_passkey.html"


class RemovePasskeyView(RemoveWebAuthnView):  # type: ignore[misc]
    template_name = "signin/remove_passkey.html"
    success_url = reverse_lazy("account")

    def form_valid(self, form: Any) -> HttpResponse:
        if not get_adapter().can_delete_authenticator(self.get_object()):
            messages.error(self.request, LAST_FACTOR)
            return HttpResponseRedirect(reverse("account"))
        response: HttpResponse = super().form_valid(form)
        return response


class PasskeySignInView(LoginWebAuthnView):  # type: ignore[misc]
    """GET as JSON: the challenge. POST: in, without a password."""

    http_method_names = ["get", "head", "post"]
