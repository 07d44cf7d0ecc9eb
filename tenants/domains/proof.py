"""What a business writes into its DNS: a record that leads here, and one that says whose the name is."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from django.conf import settings

from tenants.context import Business

PREFIX = "_salespilot"


@dataclass(frozen=True, slots=True)
class Records:
    """The two records: `name` CNAME `target`, and `txt_name` TXT `txt_value`."""

    name: str
    target: str
    txt_name: str
    txt_value: str


def records(business: Business, name: str) -> Records:
    return Records(
        name=name,
        target=settings.DOMAIN_TARGET,
        txt_name=f"{PREFIX}.{name}",
        txt_value=f"salespilot={token(business, name)}",
    )


def token(business: Business, name: str) -> str:
    """Bound to business and name, so one that was read in another's DNS proves nothing; the same at every asking.

    128 bits of an HMAC with `SECRET_KEY`: it is made anew, never stored, so no row can hold somebody else's.
    """
    words = f"domain:{business.id}:{business.schema_name}:{name}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), words, hashlib.sha256).hexdigest()[:32]
