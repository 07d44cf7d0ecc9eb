"""Buttons on the list of members that belong to sign-in. Mixed into MemberAdmin."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import action

from tenants.context import current


class SignInActions:
    actions_list = ["invite"]

    @action(description="Invite", url_path="invite", icon="mail", permissions=["invite"])  # type: ignore[untyped-decorator]
    def invite(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        return HttpResponseRedirect(reverse("admin:signin_invitation_add"))

    def has_invite_permission(self, request: HttpRequest) -> bool:
        business = current()
        is_here = business is not None and not business.is_public
        return is_here and bool(request.user.has_perm("signin.add_invitation"))
