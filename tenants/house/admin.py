"""Brand and policies: one row each, so the list goes straight to it."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminColorInputWidget

from tenants.colour import ink_on
from tenants.house.models import Branding
from tenants.house.policy_admin import ConsentOverrideAdmin, PolicyAdmin
from tenants.house.single_row import SingleRowAdmin
from tenants.storage import LOGO_FORMATS, LogoRefused, logo_format

__all__ = ["BrandingAdmin", "ConsentOverrideAdmin", "PolicyAdmin"]

if TYPE_CHECKING:
    BaseBrandingForm = forms.ModelForm[Branding]
else:
    BaseBrandingForm = forms.ModelForm


class BrandingForm(BaseBrandingForm):
    class Meta:
        model = Branding
        fields = ["product_name", "tagline", "colour", "accent", "logo", "support_email"]
        widgets = {"colour": UnfoldAdminColorInputWidget(), "accent": UnfoldAdminColorInputWidget()}

    def clean_logo(self) -> Any:
        """By content, whatever the file calls itself; SVG can carry scripts and is refused with the rest."""
        logo = self.cleaned_data["logo"]
        if not isinstance(logo, UploadedFile):
            return logo
        try:
            found = logo_format(logo)
        except LogoRefused as error:
            raise ValidationError(str(error)) from error
        logo.name = f"{PurePath(logo.name or 'logo').stem}.{LOGO_FORMATS[found][0]}"
        return logo


@admin.register(Branding)
class BrandingAdmin(SingleRowAdmin):
    form = BrandingForm
    readonly_fields = ["contrast_note"]
    fieldsets = [
        (None, {"fields": ["product_name", "tagline", "logo", "support_email"]}),
        ("Colours", {"fields": ["colour", "accent", "contrast_note"]}),
    ]

    @admin.display(description="Readability")
    def contrast_note(self, brand: Branding) -> str:
        text = "white" if ink_on(brand.colour) == "#ffffff" else "black"
        return (
            f"Text on your colour is {text}; where the colour itself is text it is made dark or light enough to read."
        )

    def save_model(self, request: HttpRequest, obj: Branding, form: Any, change: bool) -> None:
        """The former logo's file goes with its last use."""
        former = form.initial.get("logo") if "logo" in form.changed_data else None
        super().save_model(request, obj, form, change)
        if former and former.name != obj.logo.name:
            former.storage.delete(former.name)
