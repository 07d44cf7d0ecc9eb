"""The operators' front door on the public host."""

from __future__ import annotations

from django.urls import path

from tenants import pages

urlpatterns = [path("", pages.operators_home, name="home")]
