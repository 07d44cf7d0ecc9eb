"""Signing in and out, and a new password for who forgot the old one. On every host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.account.internal.flows.logout import logout
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import LoginView, PasswordResetDoneView, PasswordResetFromKeyView, PasswordResetView
from allauth.socialaccount.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse_lazy
from django.views.decorators.http import require_POST

from tenants.signin.forms import SignInForm
from tenants.signin.second_factor import policy

UNPROCESSABLE, TOO_MANY = 422, 429


@dataclass(frozen=True, slots=True)
class Way:
    """A button on the sign-in page."""

    name: str
    href: str


def ways_from_outside(request: HttpRequest) -> list[Way]:
    """The business's identity providers, each with the place to go afterwards."""
    target = get_next_redirect_url(request)
    extra = {"next": target} if target else {}
    providers = get_adapter(request).list_providers(request)
    return [Way(provider.name, provider.get_login_url(request, **extra)) for provider in providers]


def refused(view: Any, form: Any, status: int = UNPROCESSABLE) -> HttpResponse:
    """The form again with its sentences, and a status that says it was not taken."""
    response: HttpResponse = view.render_to_response(view.get_context_data(form=form), status=status)
    return response


class SignInView(LoginView):  # type: ignore[misc]  # allauth has no types
    """The form, in the brand; back to `next` on this host only."""

    template_name = "signin/sign_in.html"
    http_method_names = ["get", "head", "post"]

    def get_form_class(self) -> type[SignInForm]:
        return SignInForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """`ways`: buttons to identity providers. Where they are the only way, the form shows when an admin asks."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        ways = ways_from_outside(self.request)
        is_asked = self.request.method == "POST" or self.request.GET.get("door") == "password"
        return context | {"ways": ways, "shows_form": is_asked or not (ways and policy().only_sso)}

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        return refused(self, form, TOO_MANY if form.has_error("__all__", "blocked") else UNPROCESSABLE)


class ForgottenView(PasswordResetView):  # type: ignore[misc]
    """Asks for the address and says the same whether it is known or not."""

    template_name = "signin/forgotten.html"

    def form_invalid(self, form: Any) -> HttpResponse:
        return refused(self, form)


class ForgottenDoneView(PasswordResetDoneView):  # type: ignore[misc]
    template_name = "signin/forgotten_done.html"


class NewPasswordView(PasswordResetFromKeyView):  # type: ignore[misc]
    """Where the mail leads. A used, changed or old link gets a page that says so."""

    template_name = "signin/new_password.html"
    success_url = reverse_lazy("sign_in")

    def form_invalid(self, form: Any) -> HttpResponse:
        return refused(self, form)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request, show_message=False)
    return HttpResponseRedirect(settings.LOGOUT_REDIRECT_URL)
