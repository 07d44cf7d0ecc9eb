"""Brand and policies: one row each, so the list goes straight to it."""

from __future__ import annotations

from tenants.house.brand_admin import BrandingAdmin
from tenants.house.policy_admin import ConsentOverrideAdmin, PolicyAdmin
from tenants.house.vendor_key_admin import VendorKeysAdmin

__all__ = ["BrandingAdmin", "ConsentOverrideAdmin", "PolicyAdmin", "VendorKeysAdmin"]
