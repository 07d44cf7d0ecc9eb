"""The price list's app. Every `migrate` of the shared schema adds the list prices that are missing."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RatesConfig(AppConfig):
    name = "billing.rates"
    label = "rates"
    verbose_name = "Price list"

    def ready(self) -> None:
        post_migrate.connect(add_list_prices, sender=self, dispatch_uid="billing.rates.list_prices")


def add_list_prices(sender: AppConfig, *, using: str, **kwargs: Any) -> None:  # noqa: ARG001 -- a signal's signature
    """Seeds in the shared schema only: the table is there once, businesses read it."""
    from django.db import connections  # noqa: PLC0415 -- apps are not ready when this module loads

    from billing.rates.services import seed_prices  # noqa: PLC0415

    connection = connections[using]
    if getattr(connection, "schema_name", "") != "public":
        return
    if "rates_price" in connection.introspection.table_names():
        seed_prices()
