"""URLs of the public host: the operators' admin, sign-in, health. No business's data is here."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

handler400 = "tenants.error_pages.bad_request"
handler403 = "tenants.error_pages.forbidden"
handler404 = "tenants.error_pages.not_found"
handler500 = "tenants.error_pages.broken"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("tenants.urls_public")),
    path("", include("tenants.urls_brand")),
    path("", include("tenants.signin.urls")),
]
