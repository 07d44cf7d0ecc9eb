"""The bill of a business, under /billing/."""

from __future__ import annotations

from django.urls import path

from billing import pages

urlpatterns = [
    path("", pages.overview, name="billing"),
    path("<slug:table>.csv", pages.export, name="billing_export"),
]
