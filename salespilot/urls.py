"""URLs of a business's own host."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/billing/", include("billing.urls_api")),
    path("api/", include("calls.urls_api")),
    path("billing/", include("billing.urls")),
    path("", include("tenants.members.urls")),
    path("", include("tenants.signin.urls")),
    path("", include("tenants.signin.urls_business")),
    path("", include("calls.urls")),
]
