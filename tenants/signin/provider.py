"""OpenID Connect and SAML as allauth knows them, made stricter. allauth finds this module by its name."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.http import HttpRequest


class OidcAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """Code flow with PKCE. The signature is checked although the token came over TLS, and all parts must be of one."""

    @property
    def openid_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().openid_config
        issuer = self.get_provider().app.settings["server_url"]
        if str(config.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
            raise OAuth2Error("The discovery document names another issuer.")
        return config

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        self.did_fetch_access_token = False
        claims: dict[str, Any] = super()._decode_id_token(app, id_token)
        return claims

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("The provider sent no id_token.")
        return super().complete_login(request, app, token, **kwargs)


class OidcProvider(OpenIDConnectProvider):  # type: ignore[misc]
    oauth2_adapter_class = OidcAdapter

    def extract_uid(self, data: dict[str, Any]) -> str:
        subject = str(data["id_token"]["sub"])
        if str(data.get("userinfo", {}).get("sub", subject)) != subject:
            raise OAuth2Error("Token and user information speak of two people.")
        return subject

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - allauth's signature
        """Nothing is kept beyond who it is."""
        return {}


class SamlProvider(SAMLProvider):  # type: ignore[misc]
    def extract_extra_data(self, data: Any) -> dict[str, Any]:  # noqa: ARG002
        return {}


provider_classes = [OidcProvider, SamlProvider]
