"""URLs of a business's own host."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

handler400 = "tenants.error_pages.bad_request"
handler403 = "tenants.error_pages.forbidden"
handler404 = "tenants.error_pages.not_found"
handler500 = "tenants.error_pages.broken"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/billing/", include("billing.urls_api")),
    path("api/", include("calls.urls_api")),
    path("billing/", include("billing.urls")),
    path("", include("tenants.urls_brand")),
    path("", include("tenants.signin.urls")),
    path("", include("tenants.signin.urls_business")),
    path("", include("calls.urls")),
]
