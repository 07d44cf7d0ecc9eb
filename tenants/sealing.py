"""Secrets at rest: sealed with a key made from SECRET_KEY, the business and the purpose.

What one business sealed, or what was sealed for something else, does not open. Another SECRET_KEY opens nothing:
second factors are then set up again and SSO secrets entered again (docs/sign-in.md).
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from tenants.context import NoBusiness, current


class Unsealable(ValueError):
    """Sealed by another installation, business or purpose, or changed since."""

    def __init__(self) -> None:
        super().__init__("This was set up under another secret key. Set it up again.")


def seal(text: str, *, purpose: str) -> str:
    return _box(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Raises `Unsealable`."""
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unsealable from error


def _box(purpose: str) -> Fernet:
    business = current()
    if business is None:
        raise NoBusiness
    info = f"sales-pilot:{business.schema_name}:{purpose}".encode()
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(key))
