"""A browser between the business and its identity provider."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.test import Client

from tenants.context import Business, business_scope
from tenants.sealing import seal
from tenants.signin.models import Provider
from tenants.signin.outside import SECRET
from tests.vendors.oidc import CLIENT_ID, CLIENT_SECRET, OidcVendor
from tests.vendors.saml import Question, SamlVendor


def oidc_row(business: Business, vendor: OidcVendor, **changes: object) -> Provider:
    with business_scope(business):
        values: dict[str, object] = {
            "kind": Provider.Kind.OIDC,
            "name": "Example ID",
            "issuer": vendor.url,
            "client_id": CLIENT_ID,
            "secret_sealed": seal(CLIENT_SECRET, purpose=SECRET),
        }
        return Provider.objects.create(**values | changes)


def saml_row(business: Business, vendor: SamlVendor, **changes: object) -> Provider:
    with business_scope(business):
        values: dict[str, object] = {
            "kind": Provider.Kind.SAML,
            "name": "Example SAML",
            "saml_metadata": vendor.metadata(),
        }
        return Provider.objects.create(**values | changes)


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def come_by_oidc(client: Client, row: Provider, vendor: OidcVendor, *, target: str = "") -> str:
    """Where it ends: the address after the way there and back."""
    there = client.get(f"/sign-in/with/{row.slug}/", {"next": target} if target else {})
    assert there["Location"].startswith(vendor.url), there["Location"]
    return client.get(path_of(vendor.authorize(there["Location"])))["Location"]


def ask_saml(client: Client, row: Provider) -> Question:
    return Question.of(client.get(f"/sign-in/saml/{row.slug}/", HTTP_HOST=client.defaults["SERVER_NAME"])["Location"])


def answer_saml(client: Client, row: Provider, answer: str) -> str:
    host = client.defaults["SERVER_NAME"]
    posted = client.post(f"/sign-in/saml/{row.slug}/acs/", {"SAMLResponse": answer}, HTTP_HOST=host)
    return client.get(posted["Location"], HTTP_HOST=host)["Location"]
