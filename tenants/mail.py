"""Mail of a business: in its brand, with links to its own primary host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from tenants.branding import get_brand
from tenants.context import current, public_scope
from tenants.models import Domain


def send_mail(*, to: str, subject: str, template: str, context: Mapping[str, Any]) -> None:
    """Sends templates/mail/`template`.txt with `brand` and `context`, at once."""
    text = render_to_string(f"mail/{template}.txt", {**context, "brand": get_brand()})
    EmailMessage(subject, text, to=[to]).send()


def absolute_url(path: str) -> str:
    """`path` on the current business's primary host; on the public host, the installation's."""
    business = current()
    scheme = "https" if settings.HTTPS else "http"
    if business is None or business.is_public:
        return f"{scheme}://{settings.PUBLIC_HOST}{path}"
    with public_scope():
        domain = Domain.objects.get(tenant_id=business.id, is_primary=True)
    return f"{scheme}://{domain.domain}{path}"
