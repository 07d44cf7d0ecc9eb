"""API keys in the admin: issue one, which shows it once, and revoke."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from tenants.audit.models import Via
from tenants.members import notes
from tenants.members.models import ApiKey, Member, Scope

if TYPE_CHECKING:
    BaseKeyForm = forms.ModelForm[ApiKey]
else:
    BaseKeyForm = forms.ModelForm


class KeyForm(BaseKeyForm):
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What the program may do, within what the member may. Give the fewest that its work needs. They can "
        "not be changed later: issue another key.",
        error_messages={"required": "Choose at least one: a key without any is good for nothing."},
    )

    class Meta:
        model = ApiKey
        fields = ["name", "member", "scopes"]
        help_texts = {
            "name": "What uses it, for the list of keys.",
            "member": "The key speaks in this member's name and never may more than they may.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "member" in self.fields:
            self.fields["member"].queryset = Member.objects.filter(is_active=True)  # type: ignore[attr-defined]


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A key is shown on the page that answers the form, and nowhere else: only its hash is kept."""

    form = KeyForm
    list_display = ["name", "show_hint", "member", "show_scopes", "created_at", "last_used_at", "show_state"]
    list_filter = ["member"]
    search_fields = ["name", "member__name", "member__email"]
    list_select_related = ["member"]
    actions = ["revoke"]

    @admin.display(description="Begins with")
    def show_hint(self, key: ApiKey) -> str:
        return f"{key.hint}…"

    @admin.display(description="May")
    def show_scopes(self, key: ApiKey) -> str:
        return key.scope_names

    @display(description="State", label={"In use": "success", "Revoked": "danger"})  # type: ignore[untyped-decorator]
    def show_state(self, key: ApiKey) -> str:
        return "Revoked" if key.revoked_at else "In use"

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:  # noqa: ARG002
        row, secret = ApiKey.issue(member=obj.member, name=obj.name, scopes=obj.scopes)
        obj.pk, obj.hint, obj.digest, obj.scopes = row.pk, row.hint, row.digest, row.scopes
        obj.shown_once = secret  # type: ignore[attr-defined]  # for `response_add`, in this request only
        notes.key_changed(row, by=_asking(request), via=Via.ADMIN, act="issued")

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: Any = None) -> HttpResponse:  # noqa: ARG002
        context = {
            **self.admin_site.each_context(request),
            "title": "The new API key",
            "opts": self.opts,
            "key": obj,
            "secret": obj.shown_once,  # type: ignore[attr-defined]
        }
        response = render(request, "admin/members/apikey/issued.html", context)
        response["Cache-Control"] = "no-store"
        return response

    @admin.action(description="Revoke the chosen keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        keys = list(queryset.filter(revoked_at=None))
        for key in keys:
            if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
                notes.key_changed(key, by=_asking(request), via=Via.ADMIN, act="revoked")
                self.log_change(request, key, "Revoked.")
        count = len(keys)
        messages.success(request, f"{count} key{'' if count == 1 else 's'} revoked. Open sockets end within seconds.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("members.change_apikey"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


def _asking(request: HttpRequest) -> Member | None:
    return request.user if isinstance(request.user, Member) else None
