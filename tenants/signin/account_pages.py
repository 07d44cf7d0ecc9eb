"""`/account/`: what each member decides about themselves. Also for operators, on the public host."""

from __future__ import annotations

from allauth.account.internal.flows.password_change import change_password, finalize_password_change
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tenants.audit.models import Action, Via
from tenants.context import current
from tenants.members.access import require_role
from tenants.members.models import Member
from tenants.signin.forms import ChangePasswordForm, NameForm
from tenants.signin.notes import note
from tenants.signin.second_factor import policy
from tenants.signin.sessions import end_all, end_sessions, sessions_of


@never_cache
@require_http_methods(["GET", "HEAD"])
@require_role()
def account(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
@require_role()
def change_name(request: HttpRequest) -> HttpResponse:
    member = _member(request)
    form = NameForm(request.POST)
    if not form.is_valid():
        return _page(request, name_form=form)
    member.name = form.cleaned_data["name"]
    member.save(update_fields=["name"])
    note(Action.MEMBER_CHANGED, by=member, via=Via.WEB, about=member, detail={"changed": ["name"]})
    messages.success(request, "Your name is changed.")
    return _back()


@sensitive_post_parameters("current", "new")
@require_POST
@require_role()
def change_own_password(request: HttpRequest) -> HttpResponse:
    """Needs the present password. Other browsers are signed out, this one stays."""
    member = _member(request)
    too_many: HttpResponse | None = ratelimit.consume_or_429(request, action="change_password", user=member)
    if too_many:
        return too_many
    form = ChangePasswordForm(request.POST, member=member)
    if not form.is_valid():
        return _page(request, password_form=form)
    change_password(member, form.cleaned_data["new"])
    finalize_password_change(request, member)
    return _back()


@require_POST
@require_role()
def end_session(request: HttpRequest, number: int) -> HttpResponse:
    member = _member(request)
    row = get_object_or_404(UserSession, pk=number, user_id=member.pk)
    end_sessions([row], of=member, by=member, via=Via.WEB)
    messages.success(request, "That browser is signed out.")
    return _back()


@require_POST
@require_role()
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    member = _member(request)
    count = end_all(member, by=member, via=Via.WEB, but=request.session.session_key)
    messages.success(request, "No other browser was signed in." if not count else "All other browsers are signed out.")
    return _back()


def _page(
    request: HttpRequest, *, name_form: NameForm | None = None, password_form: ChangePasswordForm | None = None
) -> HttpResponse:
    member, business = _member(request), current()
    authenticators = Authenticator.objects.filter(user_id=member.pk).order_by("created_at")
    context = {
        "layout": "base_plain.html" if business is None or business.is_public else "base.html",
        "name_form": name_form or NameForm(initial={"name": member.name}),
        "password_form": password_form or ChangePasswordForm(member=member),
        "has_password": member.has_usable_password(),
        "totp": authenticators.filter(type=Authenticator.Type.TOTP).first(),
        "passkeys": authenticators.filter(type=Authenticator.Type.WEBAUTHN),
        "recovery_codes": authenticators.filter(type=Authenticator.Type.RECOVERY_CODES).first(),
        "must_have_factor": policy().needs_second_factor(member),
        "sessions": sessions_of(member, current_key=request.session.session_key),
        "api_keys": member.api_keys.filter(revoked_at=None),
    }
    return render(request, "signin/account.html", context, status=422 if name_form or password_form else 200)


def _member(request: HttpRequest) -> Member:
    assert isinstance(request.user, Member)
    return request.user


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("account"))
