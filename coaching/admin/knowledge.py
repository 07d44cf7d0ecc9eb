"""Approved facts: what they say, where they are from, until when they hold, and who vouches for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldBooleanWidget

from coaching import facts
from coaching.admin.banner import WithBanner
from coaching.models import Knowledge
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.members.models import Member

if TYPE_CHECKING:
    BaseFactForm = forms.ModelForm[Knowledge]
else:
    BaseFactForm = forms.ModelForm


class FactForm(BaseFactForm):
    is_approved = forms.BooleanField(
        label="I have checked this fact: cards may claim it",
        required=False,
        initial=True,
        widget=UnfoldBooleanWidget,
        help_text="Your name is kept with it. Without it the fact waits and no card uses it.",
    )

    class Meta:
        model = Knowledge
        fields = ("title", "key", "kind", "body", "source", "source_url", "valid_until", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "source" in self.fields:
            self.fields["source"].required = True
        if self.instance.pk is not None:
            self.initial["is_approved"] = self.instance.approved_at is not None


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:  # noqa: ARG002
        return [(state.name.lower(), state.value) for state in facts.FactState]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Knowledge]) -> QuerySet[Knowledge]:  # noqa: ARG002
        chosen = {state.name.lower(): state for state in facts.FactState}.get(self.value() or "")
        return queryset.filter(facts.in_state(chosen)) if chosen else queryset


@admin.register(Knowledge)
class KnowledgeAdmin(WithBanner, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    form = FactForm
    list_display = ("title", "kind", "state", "source", "valid_until", "approved_by")
    list_filter = (StateFilter, "kind")
    list_select_related = ("approved_by",)
    search_fields = ("title", "key", "body", "source")
    prepopulated_fields = {"key": ("title",)}
    readonly_fields = ("approval",)
    actions = ("approve_selected",)
    fieldsets = (
        ("The fact", {"fields": ("title", "kind", "body")}),
        ("Where it is from", {"fields": ("source", "source_url")}),
        ("When cards may claim it", {"fields": ("is_approved", "approval", "valid_until", "is_active", "key")}),
    )

    def save_model(self, request: HttpRequest, obj: Knowledge, form: FactForm, change: bool) -> None:
        """Whoever saves an approved fact vouches for it as it now stands."""
        if not form.cleaned_data["is_approved"]:
            facts.withdraw(obj)
        elif form.changed_data or obj.approved_at is None:
            facts.approve(obj, by=cast(Member, request.user))
        super().save_model(request, obj, form, change)
        if form.changed_data or not change:
            self._note(request, obj, "changed" if change else "added", sorted(form.changed_data))

    def delete_model(self, request: HttpRequest, obj: Knowledge) -> None:
        self._note(request, obj, "removed", [])
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Knowledge]) -> None:
        for fact in queryset:
            self.delete_model(request, fact)

    @admin.action(description="Approve: I have checked these facts", permissions=["change"])
    def approve_selected(self, request: HttpRequest, queryset: QuerySet[Knowledge]) -> None:
        for fact in queryset:
            facts.approve(fact, by=cast(Member, request.user))
            fact.save(update_fields=["approved_at", "approved_by"])
            self._note(request, fact, "approved", [])
        self.message_user(request, f"{queryset.count()} approved.")

    @admin.display(description="state")
    def state(self, fact: Knowledge) -> str:
        return facts.state_of(fact).value

    @admin.display(description="approval")
    def approval(self, fact: Knowledge) -> str:
        if fact.approved_at is None:
            return "Nobody has approved it."
        who = fact.approved_by.name if fact.approved_by else "an industry pack or an import"
        return f"By {who}, {fact.approved_at:%Y-%m-%d %H:%M} UTC. State: {facts.state_of(fact).value}."

    def _note(self, request: HttpRequest, fact: Knowledge, did: str, fields: list[str]) -> None:
        record(
            Action.PLAYBOOK_CHANGED,
            actor=cast(Member, request.user),
            via=Via.ADMIN,
            subject="fact",
            subject_id=fact.pk,
            detail={"did": did, "fields": fields},
        )
