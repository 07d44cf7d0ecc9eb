"""Buttons on the list of members that belong to sign-in. Mixed into MemberAdmin."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import action

from tenants.audit.models import Action, Via
from tenants.context import current
from tenants.members.models import Member
from tenants.signin.notes import note
from tenants.signin.sessions import end_all


class SignInActions:
    actions_list = ["invite"]
    actions = ["sign_out_everywhere", "remove_second_step"]

    @action(description="Invite", url_path="invite", icon="mail", permissions=["invite"])  # type: ignore[untyped-decorator]
    def invite(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        return HttpResponseRedirect(reverse("admin:signin_invitation_add"))

    def has_invite_permission(self, request: HttpRequest) -> bool:
        business = current()
        is_here = business is not None and not business.is_public
        return is_here and bool(request.user.has_perm("signin.add_invitation"))

    @admin.action(description="Sign out everywhere", permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, queryset: QuerySet[Member]) -> None:
        count = sum(end_all(member, by=_asking(request), via=Via.ADMIN) for member in queryset)
        messages.success(request, f"{count} browsers signed out. Open calls of theirs end within seconds.")

    @admin.action(description="Remove second step and passkeys (lost device)", permissions=["change"])
    def remove_second_step(self, request: HttpRequest, queryset: QuerySet[Member]) -> None:
        """The password stays; where the rules ask for a second step, the next sign-in sets up a new one."""
        for member in queryset:
            count, _ = Authenticator.objects.filter(user_id=member.pk).delete()
            if count:
                detail = {"factors_removed": count}
                note(Action.ACCESS_CHANGED, by=_asking(request), via=Via.ADMIN, about=member, detail=detail)
        messages.success(request, "Removed. Make sure that it was really they who asked.")


def _asking(request: HttpRequest) -> Member | None:
    return request.user if isinstance(request.user, Member) else None
