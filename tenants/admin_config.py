"""Django's admin with our site as the default one, so that every app's `@admin.register` lands on it."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class BusinessAdminConfig(AdminConfig):
    default_site = "tenants.admin_site.BusinessAdminSite"
    # Also found under this name in SHARED_APPS and TENANT_APPS; the default belongs to Django's own.
    default = False
