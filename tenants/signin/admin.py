"""What admins do about getting in: invite, send again, withdraw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from tenants.audit.models import Via
from tenants.members.admin import role_choices
from tenants.members.models import Member, least_rights
from tenants.signin import invitations
from tenants.signin.invitations import InvitationClosed
from tenants.signin.models import INVITATION_LASTS, Invitation

if TYPE_CHECKING:
    BaseInvitationForm = forms.ModelForm[Invitation]
else:
    BaseInvitationForm = forms.ModelForm


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
        if request.method == "POST" and mine.filter(sent_at=None).exists():
            messages.error(request, "The mail server did not take the mail. Send the invitation again later.")
        return response

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


def _asking(request: HttpRequest) -> Member | None:
    return request.user if isinstance(request.user, Member) else None


def _done(act: Any, invitation: Invitation, request: HttpRequest) -> bool:
    """Whether `act` was possible; an invitation that is closed already is passed over."""
    try:
        act(invitation, by=_asking(request), via=Via.ADMIN)
    except InvitationClosed:
        return False
    return True
