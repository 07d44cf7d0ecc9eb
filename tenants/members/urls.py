"""The brand, on every host. Sign-in stands in tenants/signin/."""

from __future__ import annotations

from django.urls import path

from tenants.members import pages

urlpatterns = [
    path("brand.css", pages.brand_stylesheet, name="brand_css"),
    path("brand/logo", pages.brand_logo, name="brand_logo"),
]
