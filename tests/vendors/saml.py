"""A SAML identity provider without a server: metadata, and responses with really signed assertions."""

from __future__ import annotations

import base64
import secrets
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from lxml import etree
from onelogin.saml2.constants import OneLogin_Saml2_Constants
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from tests.vendors.oidc import new_key

ENTITY, SSO_URL = "https://idp.example/entity", "https://idp.example/sso"
EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
GIVEN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname"


@dataclass(frozen=True)
class Question:
    """What the service asked: the id of its request, who it is, and where the answer goes."""

    id: str
    audience: str
    acs: str

    @classmethod
    def of(cls, url: str) -> Question:
        """From the address that the browser is sent to."""
        packed = base64.b64decode(parse_qs(urlsplit(url).query)["SAMLRequest"][0])
        root = etree.fromstring(zlib.decompress(packed, -15))
        issuer = root.findtext("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer") or ""
        return cls(id=root.get("ID"), audience=issuer, acs=root.get("AssertionConsumerServiceURL"))


class SamlVendor:
    def __init__(self) -> None:
        key = new_key()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .sign(key, hashes.SHA256())
        )
        self.certificate = certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.key = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    def metadata(self) -> str:
        body = "".join(self.certificate.splitlines()[1:-1])
        return f"""<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY}">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">
<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{body}</X509Certificate></X509Data></KeyInfo>
</KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{SSO_URL}"/>
</IDPSSODescriptor></EntityDescriptor>"""

    def answer(
        self,
        question: Question,
        *,
        email: str = "bo@example.com",
        minutes: int = 5,
        audience: str = "",
        is_signed: bool = True,
        answers: bool = True,
    ) -> str:
        """A base64 response for the form field `SAMLResponse`."""
        now = datetime.now(UTC)
        end = f"{now + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"
        start, at = f"{now - timedelta(minutes=10):%Y-%m-%dT%H:%M:%SZ}", f"{now:%Y-%m-%dT%H:%M:%SZ}"
        asked = f' InResponseTo="{question.id}"' if answers else ""
        number = secrets.token_hex(16)
        assertion = f"""<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_{number}" \
Version="2.0" IssueInstant="{at}"><saml:Issuer>{ENTITY}</saml:Issuer><saml:Subject>\
<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{email}-id</saml:NameID>\
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData{asked} \
NotOnOrAfter="{end}" Recipient="{question.acs}"/></saml:SubjectConfirmation></saml:Subject>\
<saml:Conditions NotBefore="{start}" NotOnOrAfter="{end}"><saml:AudienceRestriction>\
<saml:Audience>{audience or question.audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
<saml:AuthnStatement AuthnInstant="{at}" SessionIndex="s1"><saml:AuthnContext><saml:AuthnContextClassRef>\
urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>\
<saml:AttributeStatement><saml:Attribute Name="{EMAIL}"><saml:AttributeValue>{email}</saml:AttributeValue>\
</saml:Attribute><saml:Attribute Name="{GIVEN}"><saml:AttributeValue>Bo</saml:AttributeValue></saml:Attribute>\
</saml:AttributeStatement></saml:Assertion>"""
        if is_signed:
            signed = OneLogin_Saml2_Utils.add_sign(
                assertion,
                self.key,
                self.certificate,
                sign_algorithm=OneLogin_Saml2_Constants.RSA_SHA256,
                digest_algorithm=OneLogin_Saml2_Constants.SHA256,
            )
            assertion = signed.decode() if isinstance(signed, bytes) else signed
        response = f"""<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" \
xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_{secrets.token_hex(16)}" Version="2.0" IssueInstant="{at}" \
Destination="{question.acs}"{asked}><saml:Issuer>{ENTITY}</saml:Issuer><samlp:Status>\
<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>{assertion}</samlp:Response>"""
        return base64.b64encode(response.encode()).decode()
