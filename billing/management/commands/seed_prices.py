"""`manage.py seed_prices`: adds the list prices that are missing. Every migrate does it too."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from billing.rates.services import seed_prices
from tenants.context import public_scope


class Command(BaseCommand):
    help = "Adds the vendors' list prices that the price list does not have yet. Changes no row. Run as the owner."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        with public_scope():
            count = seed_prices()
        self.stdout.write(f"{count} prices added." if count else "The price list is complete.")
