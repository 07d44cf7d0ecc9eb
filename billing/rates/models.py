"""The price list, one for the installation, in the shared schema. Businesses read it; operators write it."""

from __future__ import annotations

from django.db import models


class Price(models.Model):
    """What one `per` of a unit costs, from a day on. Money is integer micro-dollars (1 USD = 1,000,000).

    The price in force for a quantity is the newest `valid_from` not after the day it was used.
    """

    component = models.CharField(max_length=20)
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=60)
    unit = models.CharField(max_length=30)
    micros = models.PositiveBigIntegerField(help_text="Micro-dollars for one `per` of the unit.")
    per = models.PositiveBigIntegerField(help_text="How many units the price buys.")
    valid_from = models.DateField()
    source = models.CharField(max_length=200, help_text="Where and when the price was read.")

    class Meta:
        ordering = ["component", "provider", "model", "unit", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["component", "provider", "model", "unit", "valid_from"], name="rates_price_from"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.model} {self.unit}"
