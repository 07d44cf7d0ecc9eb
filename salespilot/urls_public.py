"""URLs of the public host: the operators' admin, sign-in, health. No business's data is here."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("tenants.urls_public")),
    path("", include("tenants.members.urls")),
    path("", include("tenants.signin.urls")),
]
