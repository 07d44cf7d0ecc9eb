"""What a business makes its own: brand and policies. One row each, in the business's own schema."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models

from tenants.house.policy import ConsentOverride, Policy
from tenants.storage import logo_path, logo_storage

__all__ = ["Branding", "ConsentOverride", "Policy"]

hex_colour = RegexValidator(r"^#[0-9a-fA-F]{6}$", "Write a colour as #rrggbb, for example #0f766e.")


class Branding(models.Model):
    """Name, colours and logo on every screen, the sign-in page included. Exactly one row (id 1)."""

    product_name = models.CharField(max_length=60, default="Sales Pilot")
    tagline = models.CharField(max_length=120, blank=True)
    colour = models.CharField(max_length=7, default="#1d4ed8", validators=[hex_colour])
    accent = models.CharField(max_length=7, default="#f59e0b", validators=[hex_colour])
    logo = models.ImageField(
        upload_to=logo_path, storage=logo_storage, blank=True, help_text="PNG, JPEG or WebP, at most 512 KB."
    )
    support_email = models.EmailField(blank=True)

    class Meta:
        verbose_name_plural = "branding"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="house_branding_single_row")]

    def __str__(self) -> str:
        return self.product_name
