"""Members of a business; on the public host the operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import strip_tags
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminPasswordWidget

from tenants.audit.models import Via
from tenants.context import current
from tenants.members import notes
from tenants.members.access import leads_nobody
from tenants.members.key_admin import ApiKeyAdmin
from tenants.members.models import Member, Role, least_rights
from tenants.members.team_admin import TeamAdmin
from tenants.signin.member_actions import SignInActions
from tenants.signin.sessions import keep_session_listed

__all__ = ["ApiKeyAdmin", "MemberAdmin", "TeamAdmin"]

if TYPE_CHECKING:
    BaseMemberForm = forms.ModelForm[Member]
else:
    BaseMemberForm = forms.ModelForm


class MemberForm(BaseMemberForm):
    """A member with an optional new password; nobody locks the door behind themselves."""

    new_password = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )

    roles = forms.MultipleChoiceField(
        choices=(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        initial=least_rights,
        help_text="Rights add up. Give the fewest that the work needs.",
        error_messages={"required": "Choose at least one role."},
    )

    class Meta:
        model = Member
        fields = ["name", "email", "roles", "is_active"]

    asking: Member | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["new_password"]
        rules = strip_tags(password_validators_help_text_html()).replace(".", ". ").strip()
        field.help_text = rules if self.instance.pk is None else f"Leave empty to keep the present one. {rules}"
        field.required = self.instance.pk is None
        if "roles" in self.fields:
            self.fields["roles"].choices = role_choices()  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean_new_password(self) -> str:
        password = str(self.cleaned_data.get("new_password") or "")
        if password:
            validate_password(password, self.instance)
        return password

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.asking and self.instance.pk == self.asking.pk:
            if set(data.get("roles", ())) != set(self.asking.roles):
                raise ValidationError("You can not change your own roles: ask another admin.")
            if not data.get("is_active"):
                raise ValidationError("You can not disable yourself: ask another admin.")
        return data

    def save(self, commit: bool = True) -> Member:
        member = super().save(commit=False)
        if password := self.cleaned_data.get("new_password"):
            member.set_password(password)
        if commit:
            member.save()
        return member


def role_choices() -> list[tuple[str, str]]:
    """Operators live on the public host only, and only they do."""
    return [(role.value, role.label) for role in Role if (role is Role.OPERATOR) == _is_public()]


def _is_public() -> bool:
    business = current()
    return business is not None and business.is_public


class RoleFilter(admin.SimpleListFilter):
    title = "role"
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return role_choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Member]) -> QuerySet[Member]:  # noqa: ARG002
        role = self.value()
        return queryset.filter(roles__contains=[role]) if role else queryset


@admin.register(Member)
class MemberAdmin(SignInActions, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    form = MemberForm
    list_display = ["name", "email", "show_roles", "is_active", "last_login"]
    list_filter = [RoleFilter, "is_active"]
    search_fields = ["name", "email"]
    fields = ["name", "email", "roles", "is_active", "new_password", "last_login"]
    readonly_fields = ["last_login"]

    @admin.display(description="Roles", ordering="roles")
    def show_roles(self, member: Member) -> str:
        return member.role_names

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """A class of its own per request: it knows who is asking."""
        made = super().get_form(request, obj, change=change, **kwargs)
        return type(made.__name__, (made,), {"asking": request.user})

    def save_model(self, request: HttpRequest, obj: Member, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self._note(request, obj, form, change)
        if leads_nobody(obj) and not _is_public():
            messages.warning(request, f"{obj.name} leads no team yet and sees only own calls: choose one under Teams.")
        if obj.pk == request.user.pk and form.cleaned_data.get("new_password"):
            update_session_auth_hash(request, obj)
            keep_session_listed(request)

    def _note(self, request: HttpRequest, obj: Member, form: Any, change: bool) -> None:
        """Who may do what has a line of its own: it is what people look for."""
        by, fields = request.user if isinstance(request.user, Member) else None, set(form.changed_data)
        if "roles" in fields or not change:
            before = form.initial["roles"] if change else []
            notes.roles_changed(obj, by=by, via=Via.ADMIN, before=before)
        if fields - {"roles"} or not change:
            notes.member_changed(obj, by=by, via=Via.ADMIN, act="changed" if change else "added", fields=fields)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """Members are disabled, not deleted: their calls stay theirs."""
        return False
