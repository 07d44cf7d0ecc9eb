"""What admins do about getting in: invite, send again, withdraw."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from tenants.audit.models import Via
from tenants.house.single_row import SingleRowAdmin
from tenants.members.admin import role_choices
from tenants.members.models import Member, least_rights
from tenants.signin import invitations, rules
from tenants.signin.invitations import InvitationClosed
from tenants.signin.models import INVITATION_LASTS, Invitation, OpenSession, Provider, SignInPolicy
from tenants.signin.provider_admin import ProviderAdmin
from tenants.signin.second_factor import factors
from tenants.signin.sessions import browser_name, end_sessions

__all__ = ["InvitationAdmin", "OpenSessionAdmin", "ProviderAdmin", "SignInPolicyAdmin"]

if TYPE_CHECKING:
    BaseInvitationForm = forms.ModelForm[Invitation]
    BasePolicyForm = forms.ModelForm[SignInPolicy]
else:
    BaseInvitationForm = BasePolicyForm = forms.ModelForm


class InvitationForm(BaseInvitationForm):
    roles = forms.MultipleChoiceField(
        choices=role_choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        initial=least_rights,
        help_text="Rights add up. Give the fewest that the work needs.",
        error_messages={"required": "Choose at least one role."},
    )

    class Meta:
        model = Invitation
        fields = ["email", "name", "roles"]
        help_texts = {
            "email": f"The mail leads to a page to set name and password, once, within {INVITATION_LASTS.days} days.",
            "name": "As it will be shown; the person may change it.",
        }

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        member = Member.objects.filter(email=email).first()
        if member and not invitations.is_waiting(member):
            raise ValidationError(invitations.TAKEN)
        return email


@admin.register(Invitation)
class InvitationAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    add_words = "Invite somebody"
    form = InvitationForm
    list_display = ["email", "name", "show_roles", "show_state", "expires_at", "invited_by"]
    search_fields = ["email", "name"]
    list_select_related = ["invited_by"]
    actions = ["send_again", "withdraw"]

    @admin.display(description="Roles")
    def show_roles(self, invitation: Invitation) -> str:
        return invitation.role_names

    @display(  # type: ignore[untyped-decorator]
        description="State",
        label={
            "Open": "info",
            "Accepted": "success",
            "Withdrawn": "danger",
            "Expired": "warning",
            "Mail not sent": "danger",
        },
    )
    def show_state(self, invitation: Invitation) -> str:
        return invitation.state

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:  # noqa: ARG002
        made = invitations.invite(email=obj.email, name=obj.name, roles=obj.roles, by=_asking(request), via=Via.ADMIN)
        obj.pk = made.pk

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The mail goes out after the commit: only then is known whether the server took it."""
        began = timezone.now()
        response: HttpResponse = super().add_view(request, form_url, extra_context)
        mine = Invitation.objects.filter(invited_by=_asking(request), created_at__gte=began)
        if request.method == "POST" and (invitation := mine.first()) is not None:
            if invitation.sent_at is None:
                messages.error(request, "The mail server did not take the mail. Send the invitation again later.")
            else:
                messages.success(request, f"The invitation is on its way to {invitation.email}.")
        return response

    def response_add(self, request: HttpRequest, obj: Invitation, post_url_continue: Any = None) -> HttpResponse:  # noqa: ARG002
        return self.response_post_save_add(request, obj)  # type: ignore[no-any-return]

    @admin.action(description="Send the chosen invitations again", permissions=["add"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        sent = sum(_done(invitations.resend, invitation, request) for invitation in queryset)
        if queryset.filter(sent_at=None, accepted_at=None, revoked_at=None).exists():
            messages.error(request, "The mail server did not take it. Try again later, or ask the operator.")
            return
        messages.success(request, f"{sent} sent again. The former links no longer work.")

    @admin.action(description="Withdraw the chosen invitations", permissions=["add"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        count = sum(_done(invitations.revoke, invitation, request) for invitation in queryset)
        messages.success(request, f"{count} withdrawn.")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


class SignInPolicyForm(BasePolicyForm):
    class Meta:
        model = SignInPolicy
        fields = ["second_factor", "only_sso"]

    asking: Member | None = None

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        wanted = SignInPolicy(second_factor=data.get("second_factor", ""))
        if self.asking and wanted.needs_second_factor(self.asking) and not factors(self.asking).exists():
            raise ValidationError(
                "Set up your own second step first, under Your account: otherwise you lock yourself out."
            )
        if data.get("only_sso") and not Provider.objects.filter(is_active=True).exists():
            raise ValidationError("Set up an identity provider first, and sign in through it once.")
        return data


@admin.register(SignInPolicy)
class SignInPolicyAdmin(SingleRowAdmin):
    form = SignInPolicyForm

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """A class of its own per request: it knows who is asking."""
        made = super().get_form(request, obj, change=change, **kwargs)
        return type(made.__name__, (made,), {"asking": _asking(request)})

    def save_model(self, request: HttpRequest, obj: SignInPolicy, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        rules.changed(obj, fields=form.changed_data, by=_asking(request), via=Via.ADMIN)


@admin.register(OpenSession)
class OpenSessionAdmin(ModelAdmin):  # type: ignore[misc]
    """Who is signed in where; to end what should not be."""

    list_display = ["show_member", "show_browser", "show_ip", "show_since"]
    list_display_links = None
    list_filter = ["user"]
    search_fields = ["user__name", "user__email", "ip"]
    list_select_related = ["user"]
    actions = ["end"]

    @admin.display(description="Member", ordering="user__name")
    def show_member(self, session: OpenSession) -> str:
        return str(session.user)

    @admin.display(description="IP address")
    def show_ip(self, session: OpenSession) -> str:
        return str(session.ip)

    @admin.display(description="Signed in", ordering="created_at")
    def show_since(self, session: OpenSession) -> datetime:
        since: datetime = session.created_at
        return since

    @admin.display(description="Browser")
    def show_browser(self, session: OpenSession) -> str:
        return browser_name(session.user_agent)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OpenSession]:
        """Without those that have ended by themselves."""
        alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
        found: QuerySet[OpenSession] = super().get_queryset(request).filter(session_key__in=alive)
        return found

    @admin.action(description="Sign out the chosen browsers", permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[OpenSession]) -> None:
        count = sum(end_sessions([row], of=row.user, by=_asking(request), via=Via.ADMIN) for row in queryset)
        messages.success(request, f"{count} signed out. Open calls of theirs end within seconds.")

    def has_end_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("signin.delete_opensession"))

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


def _asking(request: HttpRequest) -> Member | None:
    return request.user if isinstance(request.user, Member) else None


def _done(act: Any, invitation: Invitation, request: HttpRequest) -> bool:
    """Whether `act` was possible; an invitation that is closed already is passed over."""
    try:
        act(invitation, by=_asking(request), via=Via.ADMIN)
    except InvitationClosed:
        return False
    return True
