"""The brand in the admin: one page, checked pictures, and an audit line with the names of what was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe
from unfold.widgets import UnfoldAdminColorInputWidget

from tenants import brand_preview
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.branding import Brand, brand_properties, get_brand
from tenants.colour import accent_for
from tenants.house import pictures
from tenants.house.brand import hex_colour
from tenants.house.models import Branding
from tenants.house.single_row import SingleRowAdmin
from tenants.images import PictureRefused
from tenants.mail import MailNotSent, NoAddress, absolute_url, send_mail
from tenants.members.models import Member

SCHEMES = (("light", "Light screens"), ("dark", "Dark screens"), ("mail", "Mails"))

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
    change_form_before_template = "admin/house/branding/preview.html"
    change_form_outer_after_template = "admin/house/branding/test_mail.html"
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

    class Media:
        css = {"all": ["css/admin/brand_preview.css"]}
        js = [forms.Script("js/admin/brand_preview.js", type="module")]

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("preview/", self.admin_site.admin_view(self.preview), name="house_branding_preview"),
            path("test-mail/", self.admin_site.admin_view(self.test_mail), name="house_branding_test_mail"),
        ]
        return [*own, *super().get_urls()]

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = {**(extra_context or {}), "schemes": SCHEMES}
        return super().changeform_view(request, object_id, form_url, context)  # type: ignore[no-any-return]

    @method_decorator(require_safe)
    def preview(self, request: HttpRequest) -> HttpResponse:
        """The shades, contrasts and warnings of `?colour=&accent=`, which are not saved."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        colour, accent = request.GET.get("colour", ""), request.GET.get("accent", "")
        try:
            for value in (colour, accent or colour):
                hex_colour(value)
        except ValidationError as error:
            return JsonResponse({"code": "bad_colour", "message": error.messages[0]}, status=400)
        brand = Brand(colour=colour, accent=accent or accent_for(colour))
        return JsonResponse(
            {
                "properties": {name: brand_properties(brand, page=page) for name, page in brand_preview.PAGES.items()},
                "figures": [figure.as_json() for figure in brand_preview.figures(brand.colour, brand.accent)],
                "warnings": brand_preview.warnings(brand.colour, brand.accent),
            }
        )

    @method_decorator(require_POST)
    def test_mail(self, request: HttpRequest) -> HttpResponse:
        """To the admin who asks, with the saved brand: shows how mails look, and whether they arrive."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        member = cast("Member", request.user)
        try:
            send_mail(
                to=member.email,
                subject=f"A test mail of {get_brand().product_name}",
                template="test",
                context={"link": absolute_url("/"), "action": "Open the app"},
            )
        except (MailNotSent, NoAddress) as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"A test mail is on its way to {member.email}.")
        return HttpResponseRedirect(reverse("admin:house_branding_change", args=[1]))

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
