"""Policies in the admin: clear groups, plain words, and an audit line with the names of what was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.consent.rules import UNKNOWN, Mode, standard_rules
from tenants.house import policies
from tenants.house.policy import ConsentOverride, Listener, Policy, Redaction, today
from tenants.house.single_row import SingleRowAdmin
from tenants.members.models import Member

if TYPE_CHECKING:
    BasePolicyForm = forms.ModelForm[Policy]
    BaseOverrideForm = forms.ModelForm[ConsentOverride]
else:
    BasePolicyForm = BaseOverrideForm = forms.ModelForm

IN_WORDS = {
    Mode.ONE_PARTY: "nothing has to be asked",
    Mode.ANNOUNCE: "the customer is told, and who stays agrees",
    Mode.ASK: "the customer is asked, yes or no",
}


def _places(empty: str) -> list[tuple[str, str]]:
    """Every place but the unknown one, which is the empty choice."""
    return [("", empty), *(place for place in standard_rules().places() if place[0] != UNKNOWN)]


class PolicyForm(BasePolicyForm):
    home_place = forms.ChoiceField(choices=(), required=False, widget=UnfoldAdminSelectWidget)
    customers_place = forms.ChoiceField(choices=(), required=False, widget=UnfoldAdminSelectWidget)
    recordings_heard_by = forms.MultipleChoiceField(
        choices=Listener.choices, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    redact = forms.MultipleChoiceField(
        choices=Redaction.choices, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = Policy
        exclude: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("home_place", "customers_place", "recordings_heard_by", "redact"):
            # Django's documented introspection.
            column = cast("models.Field[Any, Any]", Policy._meta.get_field(name))  # noqa: SLF001
            self.fields[name].label = str(column.verbose_name).capitalize()
            self.fields[name].help_text = column.help_text
        for name in ("home_place", "customers_place"):
            cast("forms.ChoiceField", self.fields[name]).choices = _places("Not known")


class AuditedPolicy(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Writes the names of the changed fields into the audit log, never their values."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.changed_data or not change:
            self._note(request, obj, "changed" if change else "added", sorted(form.changed_data))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._note(request, obj, "removed", [])
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def _note(self, request: HttpRequest, obj: Any, act: str, fields: list[str]) -> None:
        record(
            Action.POLICY_CHANGED,
            actor=cast("Member", request.user),
            via=Via.ADMIN,
            subject=self.opts.model_name or "",
            subject_id=obj.pk,
            subject_name=str(obj),
            detail={"act": act, "fields": fields},
        )


@admin.register(Policy)
class PolicyAdmin(SingleRowAdmin, AuditedPolicy):
    form = PolicyForm
    readonly_fields = ["ruling"]
    fieldsets = [
        (
            "Consent",
            {
                "description": "What a customer has to be told or asked before a call is heard. The strictest rule of "
                "all places of a call applies; “Consent rules of your own” puts your counsel's word in front.",
                "fields": ["home_place", "customers_place", "ruling"],
            },
        ),
        (
            "Who sees a call when",
            {
                "description": "Reps see their own calls, managers those of the teams they lead, admins all.",
                "fields": ["rep_first_hours", "allow_live_watching"],
            },
        ),
        (
            "Recordings",
            {
                "description": "Whether the sound of calls is kept, and who may hear it.",
                "fields": ["keep_recording", "recordings_heard_by"],
            },
        ),
        (
            "What stays out of transcripts",
            {
                "description": "Where something is taken out, words in brackets stand instead, such as [card number]. "
                "Prices and dates stay; telephone and order numbers too, unless all longer numbers are to go.",
                "fields": ["redact"],
            },
        ),
        (
            "How long things are kept",
            {
                "description": "In days. Every night what is older is deleted for good; what was deleted is counted "
                "in the audit log.",
                "fields": ["audio_days", "log_days", "report_days", "audit_days"],
            },
        ),
        (
            "What is switched on",
            {
                "fields": [
                    "allow_model_cards",
                    "allow_browser_speech",
                    "customer_sentiment",
                ]
            },
        ),
        (
            "Budgets",
            {
                "description": "What is spent on speech and models.",
                "fields": ["budget_per_day_cents", "budget_per_call_cents"],
            },
        ),
        ("How often cards come", {"fields": ["cards_per_10_minutes", "seconds_between_cards"]}),
        (
            "How sure a signal must be",
            {
                "description": "Higher: fewer signals, more of them right. Phrases of your own plays do not ask this.",
                "fields": [
                    "price_objection_from_percent",
                    "timing_objection_from_percent",
                    "authority_objection_from_percent",
                    "need_objection_from_percent",
                    "trust_objection_from_percent",
                    "competitor_objection_from_percent",
                    "buying_signal_from_percent",
                ],
            },
        ),
    ]

    @admin.display(description="So on a usual call")
    def ruling(self, policy: Policy) -> str:
        found = policies.ruling_for([], policy)
        where = standard_rules().name_of(found.decided_by)
        return f"{IN_WORDS[found.mode].capitalize()} (rule of {where})."


class OverrideForm(BaseOverrideForm):
    place = forms.ChoiceField(choices=(), widget=UnfoldAdminSelectWidget)

    class Meta:
        model = ConsentOverride
        exclude: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "place" in self.fields:
            cast("forms.ChoiceField", self.fields["place"]).choices = standard_rules().places()


@admin.register(ConsentOverride)
class ConsentOverrideAdmin(AuditedPolicy):
    form = OverrideForm
    list_display = ["place_name", "in_words", "standard", "basis", "changed_at"]
    readonly_fields = ["standard"]
    fields = ["place", "standard", "mode", "wording", "basis"]

    @admin.display(description="Place", ordering="place")
    def place_name(self, row: ConsentOverride) -> str:
        return str(row)

    @admin.display(description="Your rule")
    def in_words(self, row: ConsentOverride) -> str:
        return IN_WORDS[Mode(row.mode)].capitalize() if row.mode else "Another wording"

    @admin.display(description="The rule that comes with the program")
    def standard(self, row: ConsentOverride) -> str:
        if not row.place:
            return "Shown once the place is saved."
        rule = standard_rules().rule_of(row.place, today())
        return f"{IN_WORDS[rule.mode].capitalize()}. Source: {rule.source} ({rule.source_date})."
