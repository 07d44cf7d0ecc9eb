"""Ways in that only a business has."""

from __future__ import annotations

from django.urls import path

from tenants.signin import invitation_pages

urlpatterns = [path("invitation/<str:key>/", invitation_pages.invitation, name="invitation")]
