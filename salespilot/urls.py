"""URLs of a business's own host."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from salespilot import observability

urlpatterns = [
    path("admin/", admin.site.urls),
    path("healthz", observability.health),
    path("metrics", observability.metrics),
    path("api/", include("calls.urls_api")),
    path("billing/", include("billing.urls")),
    path("", include("tenants.members.urls")),
    path("", include("calls.urls")),
]
