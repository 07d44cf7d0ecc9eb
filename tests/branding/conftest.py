"""The brand's page in the admin, filled in and sent as an admin of acme."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tenants.context import Business, business_scope
from tenants.house.models import Branding
from tests.conftest import ClientFor, MakeMember

PAGE = "/admin/house/branding/1/change/"
FIELDS = (
    "product_name", "tagline", "support_email", "colour", "accent", "mail_sender", "mail_reply_to", "mail_footer",
    "imprint_url", "privacy_url", "terms_url",
)  # fmt: skip

Save = Callable[..., Any]


@pytest.fixture
def admin(committed_db: None, member: MakeMember, client_for: ClientFor) -> Client:
    return client_for(member("admin", name="Ada"))


@pytest.fixture
def save(admin: Client, acme: Business) -> Save:
    """`save(colour="#be123c", logo=upload)`: sends the form with the present values and these; the answer."""

    def send(**changes: Any) -> Any:
        with business_scope(acme):
            row = Branding.objects.get(pk=1)
        return admin.post(PAGE, {name: getattr(row, name) for name in FIELDS} | changes)

    return send
