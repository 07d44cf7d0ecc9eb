"""What a call consumed and what that cost. Entries are append-only and keep the price they were made with."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class UsageEntry(models.Model):
    """One metered quantity with its price.

    `call_id` is a plain id: billing stands below calls. `call_seq` is the log entry it came from, so
    reading the log twice makes no second entry. `cost_micros` is null when no price is known.
    """

    call_id = models.UUIDField(null=True, db_index=True)
    call_seq = models.PositiveIntegerField(null=True)
    member_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(default=timezone.now)
    component = models.CharField(max_length=20)
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=60)
    unit = models.CharField(max_length=30)
    quantity = models.PositiveBigIntegerField()
    purpose = models.CharField(max_length=20, default="live")
    is_waste = models.BooleanField(default=False)
    is_estimate = models.BooleanField(default=False)
    price_micros = models.PositiveBigIntegerField(null=True)
    price_per = models.PositiveBigIntegerField(null=True)
    price_source = models.CharField(max_length=200, blank=True)
    cost_micros = models.PositiveBigIntegerField(null=True)

    class Meta:
        verbose_name_plural = "usage entries"
        ordering = ["-at"]
        indexes = [models.Index(fields=["-at"], name="billing_usage_newest")]
        constraints = [
            models.UniqueConstraint(fields=["call_id", "call_seq"], name="billing_usage_once", nulls_distinct=True)
        ]

    def __str__(self) -> str:
        return f"{self.component} {self.quantity} {self.unit}"
