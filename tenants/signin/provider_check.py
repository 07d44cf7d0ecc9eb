"""Asking an identity provider whether what the admin entered fits, in sentences the admin can act on."""

from __future__ import annotations

import requests

from tenants import outbound
from tenants.signin.models import Provider
from tenants.signin.saml import idp_settings

NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
MAX_METADATA_BYTES = 200_000


class ProviderProblem(ValueError):
    """What does not fit."""


def check(provider: Provider) -> str:
    """A sentence that says what was found. Raises `ProviderProblem`; `SamlMetadataError` for metadata."""
    if provider.kind == Provider.Kind.SAML:
        return f"The metadata is complete: {idp_settings(provider.saml_metadata)['entity_id']}."
    config = _json(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration", "discovery document")
    if str(config.get("issuer", "")).rstrip("/") != provider.issuer.rstrip("/"):
        raise ProviderProblem(f"The provider calls itself {config.get('issuer')}: enter exactly that as its address.")
    missing = [name for name in NEEDED if not config.get(name)]
    if missing:
        raise ProviderProblem(f"The provider's discovery document lacks {', '.join(missing)}.")
    keys = _json(str(config["jwks_uri"]), "list of keys").get("keys")
    if not isinstance(keys, list) or not keys:
        raise ProviderProblem("The provider publishes no keys to check its signatures with.")
    return f"The provider answers and has {len(keys)} {'key' if len(keys) == 1 else 'keys'}. Now sign in once yourself."


def fetch_metadata(url: str) -> str:
    """The XML at `url`. Raises `ProviderProblem`."""
    return _get(url, "metadata").text[:MAX_METADATA_BYTES]


def _json(url: str, what: str) -> dict[str, object]:
    try:
        found = _get(url, what).json()
    except ValueError as error:
        raise ProviderProblem(f"The {what} at {url} is no JSON.") from error
    if not isinstance(found, dict):
        raise ProviderProblem(f"The {what} at {url} is not what was expected.")
    return found


def _get(url: str, what: str) -> requests.Response:
    try:
        with outbound.session() as session:
            answer = session.get(url, timeout=outbound.TIMEOUT_S)
    except outbound.AddressRefused as error:
        raise ProviderProblem(str(error)) from error
    except requests.RequestException as error:
        raise ProviderProblem(f"Nothing answers at {url}.") from error
    if not answer.ok:
        raise ProviderProblem(f"There is no {what} at {url} (answer {answer.status_code}).")
    return answer
