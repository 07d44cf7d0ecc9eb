"""Whether a sub-domain of the installation can still be had."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db.models import Q

from tenants.context import public_scope
from tenants.domains.names import subdomain
from tenants.models import Domain
from tenants.signup.models import HOLDING, BusinessRequest

TAKEN = "This address is taken. Choose another."


def is_free(word: str, *, but_for: UUID | None = None) -> bool:
    """No business has it, and no request on its way but `but_for` (its id) holds it. Two indexed queries."""
    host = subdomain(word)
    if host in {settings.PUBLIC_HOST, settings.DOMAIN_TARGET}:
        return False
    with public_scope():
        return not (
            Domain.objects.filter(domain=host, verified_at__isnull=False).exists()
            or BusinessRequest.objects.filter(~Q(pk=but_for or UUID(int=0)), slug=word, state__in=HOLDING).exists()
        )
