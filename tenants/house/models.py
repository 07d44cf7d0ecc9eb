"""What a business makes its own: brand, policies and keys. One row each, in the business's own schema."""

from __future__ import annotations

from tenants.house.brand import Branding
from tenants.house.policy import ConsentOverride, Policy
from tenants.house.vendor_key import VendorKeys

__all__ = ["Branding", "ConsentOverride", "Policy", "VendorKeys"]
