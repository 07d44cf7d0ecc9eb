"""Brand and policies: one row each, so the list goes straight to it."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminColorInputWidget

from tenants.colour import ink_on
from tenants.house.models import Branding, Policy
from tenants.storage import LOGO_FORMATS, LogoRefused, logo_format


class SingleRowAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """There is exactly one row: nothing to add, to delete or to list."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        if not self.has_view_or_change_permission(request):
            return super().changelist_view(request)  # type: ignore[no-any-return]
        self.model.objects.get_or_create(pk=1)
        name = f"{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:{name}", args=[1]))

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:  # noqa: ARG002
        return HttpResponseRedirect(request.get_full_path())

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


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


@admin.register(Policy)
class PolicyAdmin(SingleRowAdmin):
    fields = ["keep_recording", "cards_per_10_minutes", "seconds_between_cards"]
