"""Identity providers in the business's admin: what to enter here, and what to enter there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.mail import absolute_url
from tenants.members.models import Member
from tenants.sealing import seal
from tenants.signin.models import Provider
from tenants.signin.outside import SECRET
from tenants.signin.provider_check import ProviderProblem, check, fetch_metadata
from tenants.signin.saml import SamlMetadataError, idp_settings

if TYPE_CHECKING:
    BaseProviderForm = forms.ModelForm[Provider]
else:
    BaseProviderForm = forms.ModelForm


class ProviderForm(BaseProviderForm):
    """The secret goes in and never comes out again."""

    secret = forms.CharField(
        label="Client secret",
        required=False,
        max_length=500,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text="Kept encrypted. Leave empty to keep the present one.",
    )
    metadata_url = forms.URLField(
        label="Metadata address",
        required=False,
        assume_scheme="https",
        widget=UnfoldAdminTextInputWidget,
        help_text="Fetched once, now. Save again with it after the provider has changed its certificate.",
    )

    class Meta:
        model = Provider
        fields = [
            "kind",
            "name",
            "is_active",
            "issuer",
            "client_id",
            "trusts_addresses",
            "saml_metadata",
            "joining",
            "domains",
        ]
        labels = {"client_id": "Client ID"}

    def clean_domains(self) -> list[str]:
        """However people part them: by commas, blanks or lines."""
        words = " ".join(self.cleaned_data["domains"]).lower().split()
        return [word.lstrip("@") for word in words]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("kind") == Provider.Kind.OIDC:
            self._need("issuer", "Enter the provider's address.")
            self._need("client_id", "Enter the client ID that the provider gave you.")
        elif data.get("kind") == Provider.Kind.SAML:
            self._clean_metadata(data)
        if data.get("joining") == Provider.Joining.DOMAINS:
            self._need("domains", "Enter the domains whose addresses may come in.")
        return data

    def _need(self, field: str, words: str) -> None:
        if field not in self.errors and not self.cleaned_data.get(field):
            self.add_error(field, words)

    def _clean_metadata(self, data: dict[str, Any]) -> None:
        try:
            if data.get("metadata_url"):
                data["saml_metadata"] = fetch_metadata(data["metadata_url"])
            idp_settings(data.get("saml_metadata", ""))
        except ProviderProblem as problem:
            self.add_error("metadata_url", str(problem))
        except SamlMetadataError as problem:
            self.add_error("saml_metadata", str(problem))

    def save(self, commit: bool = True) -> Provider:
        provider = super().save(commit=False)
        if self.cleaned_data.get("secret"):
            provider.secret_sealed = seal(self.cleaned_data["secret"], purpose=SECRET)
        if commit:
            provider.save()
        return provider


@admin.register(Provider)
class ProviderAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    form = ProviderForm
    list_display = ["name", "kind", "is_active", "joining"]
    readonly_fields = ["enter_there"]
    actions_submit_line = ["test_it"]
    fieldsets = [
        (None, {"fields": ["kind", "name", "is_active", "enter_there"]}),
        ("OpenID Connect", {"fields": ["issuer", "client_id", "secret", "trusts_addresses"]}),
        ("SAML", {"fields": ["metadata_url", "saml_metadata"]}),
        ("First time", {"fields": ["joining", "domains"]}),
    ]

    @admin.display(description="Enter at the provider")
    def enter_there(self, provider: Provider) -> str:
        if not provider.pk:
            return "Save first: then the addresses to enter at the provider stand here."
        if provider.kind == Provider.Kind.OIDC:
            callback = absolute_url(reverse("openid_connect_callback", args=[provider.slug]))
            return format_html("Redirect URI: <code>{}</code>", callback)
        return format_html(
            "Entity ID: <code>{}</code><br>Reply address (ACS): <code>{}</code>",
            absolute_url(reverse("saml_metadata", args=[provider.slug])),
            absolute_url(reverse("saml_acs", args=[provider.slug])),
        )

    @action(description="Save and test the connection", permissions=["change"])  # type: ignore[untyped-decorator]
    def test_it(self, request: HttpRequest, obj: Provider) -> None:
        try:
            messages.success(request, check(obj))
        except (ProviderProblem, SamlMetadataError) as problem:
            messages.error(request, str(problem))

    def save_model(self, request: HttpRequest, obj: Provider, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        _note(request, obj, {"changed": list(form.changed_data)} if change else {"added": obj.kind})

    def delete_model(self, request: HttpRequest, obj: Provider) -> None:
        _note(request, obj, {"removed": obj.kind})
        super().delete_model(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """One by one, so that each leaves its line."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


def _note(request: HttpRequest, provider: Provider, detail: dict[str, Any]) -> None:
    asking = request.user if isinstance(request.user, Member) else None
    record(
        Action.ACCESS_CHANGED,
        actor=asking,
        via=Via.ADMIN,
        subject="identity provider",
        subject_id=provider.pk,
        subject_name=provider.name,
        detail=detail,
    )
