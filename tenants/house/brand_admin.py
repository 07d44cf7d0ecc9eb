"""The brand in the admin: one page, checked pictures, and an audit line with the names of what was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminColorInputWidget

from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.house import pictures
from tenants.house.models import Branding
from tenants.house.single_row import SingleRowAdmin
from tenants.images import PictureRefused
from tenants.members.models import Member

if TYPE_CHECKING:
    BaseBrandingForm = forms.ModelForm[Branding]
else:
    BaseBrandingForm = forms.ModelForm


class BrandingForm(BaseBrandingForm):
    """Pictures are drawn anew while the form is checked, and stored only when everything else is right."""

    class Meta:
        model = Branding
        exclude: tuple[str, ...] = ()
        widgets = {"colour": UnfoldAdminColorInputWidget()}
        # Not Django's field for images: it would open every format there is, before we judge the size.
        field_classes = dict.fromkeys(pictures.PLACES, forms.FileField)

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        self.drawn: dict[str, dict[str, bytes]] = {}
        for kind in pictures.PLACES:
            upload = self.cleaned_data.get(kind)
            if isinstance(upload, UploadedFile):
                try:
                    self.drawn[kind] = pictures.redraw(kind, upload)
                except PictureRefused as error:
                    self.add_error(kind, ValidationError(str(error)))
        return data

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook
        if self.errors:
            return
        stored: list[str] = []
        for kind, files in self.drawn.items():
            try:
                name = pictures.store(self.instance, kind, files)
            except pictures.PictureNotStored as error:
                for other in stored:
                    pictures.discard(other)
                self.add_error(kind, ValidationError(str(error)))
                return
            stored.append(name)
            setattr(self.instance, kind, name)


@admin.register(Branding)
class BrandingAdmin(SingleRowAdmin):
    form = BrandingForm
    fieldsets = [
        (None, {"fields": ["product_name", "tagline", "support_email"]}),
        ("Colours", {"fields": [("colour", "accent")]}),
        ("Pictures", {"fields": ["logo", "logo_dark", "icon"]}),
        (
            "Mail",
            {
                "description": "Invitations, new passwords and reports. They are sent from the address of this "
                "installation, under your name.",
                "fields": ["mail_sender", "mail_reply_to", "mail_footer"],
            },
        ),
        (
            "Legal links",
            {
                "description": "At the foot of every page and mail, the sign-in page included.",
                "fields": ["imprint_url", "privacy_url", "terms_url"],
            },
        ),
    ]

    def save_model(self, request: HttpRequest, obj: Branding, form: Any, change: bool) -> None:
        """The former pictures' files go once the change is committed; the new ones if it is not."""
        try:
            super().save_model(request, obj, form, change)
            self._note(request, obj, form.changed_data)
        except Exception:
            for kind in form.drawn:
                pictures.discard(str(getattr(obj, kind).name))
            raise
        for kind in pictures.PLACES:
            former = form.initial.get(kind)
            if former and former.name != getattr(obj, kind).name:
                pictures.discard_after_commit(former.name)

    def _note(self, request: HttpRequest, obj: Branding, changed: list[str]) -> None:
        if changed:
            record(
                Action.BRAND_CHANGED,
                actor=cast("Member", request.user),
                via=Via.ADMIN,
                subject="branding",
                subject_id=obj.pk,
                subject_name=obj.product_name,
                detail={"fields": sorted(changed)},
            )
