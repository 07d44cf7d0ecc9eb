"""Members and API keys of a business; on the public host the operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import strip_tags
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminPasswordWidget

from tenants.context import current
from tenants.members.models import ApiKey, Member, Role, least_rights
from tenants.signin.member_actions import SignInActions
from tenants.signin.sessions import keep_session_listed

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
    business = current()
    is_public = business is not None and business.is_public
    return [(role.value, role.label) for role in Role if (role is Role.OPERATOR) == is_public]


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
        if obj.pk == request.user.pk and form.cleaned_data.get("new_password"):
            update_session_auth_hash(request, obj)
            keep_session_listed(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """Members are disabled, not deleted: their calls stay theirs."""
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):  # type: ignore[misc]
    """To look at and to revoke. A key is issued by `manage.py create_api_key`, which shows it once."""

    list_display = ["name", "show_hint", "member", "created_at", "last_used_at", "show_state"]
    list_filter = ["member"]
    search_fields = ["name", "member__name", "member__email"]
    list_select_related = ["member"]
    actions = ["revoke"]

    @admin.display(description="Begins with")
    def show_hint(self, key: ApiKey) -> str:
        return f"{key.hint}…"

    @display(description="State", label={"In use": "success", "Revoked": "danger"})  # type: ignore[untyped-decorator]
    def show_state(self, key: ApiKey) -> str:
        return "Revoked" if key.revoked_at else "In use"

    @admin.action(description="Revoke the chosen keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        count = queryset.filter(revoked_at=None).update(revoked_at=timezone.now())
        for key in queryset:
            self.log_change(request, key, "Revoked.")
        messages.success(request, f"{count} key{'' if count == 1 else 's'} revoked. Open sockets end within seconds.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("members.change_apikey"))

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False
