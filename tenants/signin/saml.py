"""Reading what a SAML provider says of itself."""

from __future__ import annotations

from typing import Any

from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser

MAX_METADATA = 200_000


class SamlMetadataError(ValueError):
    """Why the metadata can not be used, in words for the admin who entered it."""


def idp_settings(metadata: str) -> dict[str, Any]:
    """allauth's settings of the provider. Raises `SamlMetadataError`."""
    if not metadata.strip():
        raise SamlMetadataError("Enter the provider's metadata: its XML, or the address where it lies.")
    if len(metadata) > MAX_METADATA or "<!DOCTYPE" in metadata:
        raise SamlMetadataError("This is no SAML metadata: it is too long, or declares a document type.")
    try:
        found = OneLogin_Saml2_IdPMetadataParser.parse(metadata.strip().encode()).get("idp", {})
    except Exception as error:  # the parser raises whatever its XML library does
        raise SamlMetadataError("This is no SAML metadata: the XML can not be read.") from error
    sso_url = found.get("singleSignOnService", {}).get("url", "")
    certificates = found.get("x509certMulti", {}).get("signing", [])
    certificate = found.get("x509cert") or next(iter(certificates), "")
    for value, what in (
        (found.get("entityId"), "entity ID"),
        (sso_url, "sign-in address"),
        (certificate, "certificate"),
    ):
        if not value:
            raise SamlMetadataError(f"The metadata names no {what} of an identity provider.")
    return {"entity_id": found["entityId"], "sso_url": sso_url, "x509cert": certificate}
