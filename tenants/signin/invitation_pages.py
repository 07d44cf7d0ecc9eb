"""Where an invitation's mail leads: name and password, and the new member is in."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tenants.signin import invitations
from tenants.signin.forms import JoinForm
from tenants.signin.invitations import InvitationClosed
from tenants.signin.models import Invitation
from tenants.signin.pages import ways_from_outside
from tenants.signin.second_factor import policy

GONE, UNPROCESSABLE = 410, 422


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, key: str) -> HttpResponse:
    try:
        found = invitations.find(key)
        initial = {"name": found.name}
        form = JoinForm(request.POST or None, email=found.email, initial=initial)
        if request.method == "POST" and form.is_valid():
            return _join(request, found, form)
    except InvitationClosed:
        return render(request, "signin/invitation_closed.html", status=GONE)
    context = {"form": form, "invitation": found, "ways": ways_from_outside(request), "only_sso": policy().only_sso}
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "signin/invitation.html", context, status=status)


def _join(request: HttpRequest, found: Invitation, form: JoinForm) -> HttpResponse:
    """Whoever was signed in at this browser is not the one who is joining."""
    member = invitations.accept(found, name=form.cleaned_data["name"], password=form.cleaned_data["password"])
    logout(request)
    response: HttpResponse = perform_password_login(
        request, {"email": member.email}, Login(user=member, email=member.email, redirect_url="/")
    )
    return response
