"""What is remembered per process or in the cache is forgotten when its row is saved."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from tenants.branding import forget_brand
from tenants.house.models import Branding
from tenants.models import Domain, Tenant
from tenants.selectors import hosts


def connect() -> None:
    for model in (Tenant, Domain):
        post_save.connect(_forget_hosts, sender=model)
        post_delete.connect(_forget_hosts, sender=model)
    post_save.connect(_forget_brand, sender=Branding)


def _forget_hosts(**_: Any) -> None:
    hosts.forget()


def _forget_brand(**_: Any) -> None:
    """Now for this transaction's own reader, and after commit for whoever cached the old row meanwhile."""
    forget_brand()
    transaction.on_commit(forget_brand)
