"""Signing in and out, and a new password for who forgot the old one. On every host."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.logout import logout
from allauth.account.views import LoginView, PasswordResetDoneView, PasswordResetFromKeyView, PasswordResetView
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse_lazy
from django.views.decorators.http import require_POST

from tenants.signin.forms import SignInForm

UNPROCESSABLE, TOO_MANY = 422, 429


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
