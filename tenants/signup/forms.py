"""What is asked of a new business: the same on the public sign-up page and in the operators' admin."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from tenants.consent.rules import UNKNOWN, standard_rules
from tenants.domains.free import TAKEN, is_free
from tenants.domains.names import LONGEST_WORD, NameRefused, word_of
from tenants.signup.services import Wanted


def places() -> list[tuple[str, str]]:
    known = [(code, name) for code, name in standard_rules().places() if code != UNKNOWN]
    return [("", "Somewhere else, or in many places"), *known]


class AddressForm(forms.Form):
    """The sub-domain alone: for another one, when the first was taken meanwhile."""

    slug = forms.CharField(
        label="Address",
        max_length=LONGEST_WORD + 20,
        widget=forms.TextInput(
            attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false", "data-part": "address"}
        ),
        error_messages={"required": "Choose an address."},
    )

    def __init__(self, *args: Any, but_for: UUID | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._but_for = but_for
        self.fields["slug"].help_text = f"Your people reach it at this word and .{settings.BUSINESS_DOMAIN}"

    def clean_slug(self) -> str:
        try:
            word = word_of(self.cleaned_data["slug"])
        except NameRefused as error:
            raise ValidationError(str(error)) from None
        if not is_free(word, but_for=self._but_for):
            raise ValidationError(TAKEN)
        return word


class SignUpForm(AddressForm):
    """All of it. `website` is for robots: people do not see it, and what is in it gives them away."""

    name = forms.CharField(
        label="Business",
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "organization", "data-part": "name"}),
        error_messages={"required": "Enter the name of your business."},
    )
    trade = forms.CharField(
        label="What you sell",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "business software, solar panels …"}),
    )
    place = forms.ChoiceField(
        label="Where you and your customers are",
        choices=places,
        required=False,
        help_text="Decides what customers are told or asked before a call is recorded. You can change it later.",
    )
    admin_name = forms.CharField(
        label="Your name",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your name."},
    )
    admin_email = forms.EmailField(
        label="Your e-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": "Enter your e-mail address.", "invalid": "Enter a whole e-mail address."},
    )
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}))

    field_order = ["name", "slug", "trade", "place", "admin_name", "admin_email", "website"]

    @property
    def is_robot(self) -> bool:
        return bool(self.data.get("website"))

    @property
    def shown(self) -> list[Any]:
        return [field for field in self.visible_fields() if field.name != "website"]

    def wanted(self) -> Wanted:
        data = self.cleaned_data
        return Wanted(
            name=data["name"],
            slug=data["slug"],
            trade=data["trade"],
            place=data["place"],
            admin_name=data["admin_name"],
            admin_email=data["admin_email"],
        )
