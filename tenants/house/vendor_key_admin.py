"""Own keys in the admin: they go in and never come out again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.validators import RegexValidator
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanSwitchWidget

from tenants.house.policy_admin import AuditedPolicy
from tenants.house.single_row import SingleRowAdmin
from tenants.house.vendor_check import KeyRefused, check_model_key, check_speech_key
from tenants.house.vendor_key import VendorKeys
from tenants.house.vendor_keys import MODEL, SPEECH, opened, sealed_with_ending

if TYPE_CHECKING:
    BaseForm = forms.ModelForm[VendorKeys]
else:
    BaseForm = forms.ModelForm

KINDS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "speech": (SPEECH, check_speech_key),
    "model": (MODEL, check_model_key),
}
NOT_CHECKED = "The {} is saved but could not be checked: the vendor did not answer. Try a call."


def _key(label: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=300,
        validators=[RegexValidator(r"^[!-~]{8,}$", "A key has at least 8 letters, digits and signs, without blanks.")],
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text="Kept encrypted and never shown again. Leave empty to keep the present one.",
    )


def _removal(label: str) -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, widget=UnfoldBooleanSwitchWidget)


class VendorKeysForm(BaseForm):
    """A new key is tried at its vendor before it replaces the present one; `unchecked` names those nobody could try."""

    speech_key = _key("New Deepgram key")
    remove_speech_key = _removal("Remove the Deepgram key")
    model_key = _key("New model key")
    remove_model_key = _removal("Remove the model key")

    class Meta:
        model = VendorKeys
        fields = ["speech_slots_max"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        self.unchecked: list[str] = []
        for kind, (name, check) in KINDS.items():
            key = data.get(f"{kind}_key", "")
            if key and data.get(f"remove_{kind}_key"):
                self.add_error(f"{kind}_key", "Enter a new key or remove the present one, not both.")
            elif key and not self.errors:
                self._try(kind, name, key, check)
        return data

    def _try(self, kind: str, name: str, key: str, check: Callable[[str], bool]) -> None:
        try:
            if not check(key):
                self.unchecked.append(name)
        except KeyRefused as refusal:
            self.add_error(f"{kind}_key", str(refusal))

    def save(self, commit: bool = True) -> VendorKeys:
        row = super().save(commit=False)
        for kind, (purpose, _) in KINDS.items():
            key = self.cleaned_data[f"{kind}_key"]
            if key or self.cleaned_data[f"remove_{kind}_key"]:
                sealed, ending = sealed_with_ending(key, purpose)
                setattr(row, f"{kind}_sealed", sealed)
                setattr(row, f"{kind}_ending", ending)
        if commit:
            row.save()
        return row


@admin.register(VendorKeys)
class VendorKeysAdmin(SingleRowAdmin, AuditedPolicy):
    form = VendorKeysForm
    readonly_fields = ["speech_now", "model_now"]
    fieldsets = [
        (
            "Speech (Deepgram)",
            {
                "description": "With a key of your own, Deepgram hears your calls on your contract, and its bill comes "
                "to you. Calls that run keep the key they began with.",
                "fields": ["speech_now", "speech_key", "remove_speech_key", "speech_slots_max"],
            },
        ),
        (
            "Language model",
            {
                "description": "For cards, reports and tests of prompts, at the address that this installation uses.",
                "fields": ["model_now", "model_key", "remove_model_key"],
            },
        ),
    ]

    @admin.display(description="In use now")
    def speech_now(self, row: VendorKeys) -> str:
        return _in_words(row.speech_sealed, row.speech_ending, SPEECH)

    @admin.display(description="In use now")
    def model_now(self, row: VendorKeys) -> str:
        return _in_words(row.model_sealed, row.model_ending, MODEL)

    def save_model(self, request: HttpRequest, obj: VendorKeys, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        for name in form.unchecked:
            messages.warning(request, NOT_CHECKED.format(name))


def _in_words(sealed: str, ending: str, purpose: str) -> str:
    if not sealed:
        return "The installation's key"
    if not opened(sealed, purpose):
        return "The installation's key: yours was entered under another secret key. Enter it again."
    return f"Your own key, which ends in {ending}"
