"""Billing over HTTP, under /api/billing/."""

from __future__ import annotations

from django.urls import path

from billing import api

urlpatterns = [path("calls/<uuid:call_id>", api.CallCosts.as_view(), name="api_call_costs")]
