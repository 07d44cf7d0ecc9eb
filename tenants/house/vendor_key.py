"""Keys of the business's own at the vendors of speech and models: sealed, and never shown again."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

ENDING = 4


class VendorKeys(models.Model):
    """At most one row (id 1). Code that uses the keys reads them through `tenants.house.vendor_keys`.

    `…_sealed` is empty without a key; `…_ending` holds the last characters, by which people know a key again.
    """

    speech_sealed = models.TextField(blank=True, editable=False)
    speech_ending = models.CharField(max_length=ENDING, blank=True, editable=False)
    speech_slots_max = models.PositiveIntegerField(
        "most live calls at once",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text="What your contract with Deepgram allows on this key. Further calls wait for a free slot, and their "
        "reps see it before they start. Empty: nobody counts, Deepgram itself says when it is full.",
    )
    model_sealed = models.TextField(blank=True, editable=False)
    model_ending = models.CharField(max_length=ENDING, blank=True, editable=False)

    class Meta:
        verbose_name = "vendor keys"
        verbose_name_plural = "vendor keys"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="house_vendor_keys_single_row")]

    def __str__(self) -> str:
        return "Vendor keys"
