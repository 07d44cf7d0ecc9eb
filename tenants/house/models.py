"""What a business makes its own: brand and policies. One row each, in the business's own schema."""

from __future__ import annotations

from tenants.house.brand import Branding
from tenants.house.policy import ConsentOverride, Policy

__all__ = ["Branding", "ConsentOverride", "Policy"]
