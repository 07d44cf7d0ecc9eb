"""Addresses of the call API, below /api/."""

from __future__ import annotations

from django.urls import path

from calls import api

# Django takes asynchronous views; its stubs do not know yet.
urlpatterns = [
    path("calls", api.calls, name="api_calls"),  # type: ignore[arg-type]
    path("calls/<uuid:call_id>", api.call, name="api_call"),  # type: ignore[arg-type]
    path("calls/<uuid:call_id>/end", api.end, name="api_call_end"),  # type: ignore[arg-type]
    path("calls/<uuid:call_id>/consent", api.consent, name="api_call_consent"),  # type: ignore[arg-type]
    path("calls/<uuid:call_id>/events", api.events, name="api_call_events"),  # type: ignore[arg-type]
    path("calls/<uuid:call_id>/audio", api.audio, name="api_call_audio"),  # type: ignore[arg-type]
    path("calls/<uuid:call_id>/lines", api.lines, name="api_call_lines"),  # type: ignore[arg-type]
    path("calls/<uuid:call_id>/actions", api.actions, name="api_call_actions"),  # type: ignore[arg-type]
    path("preflight", api.preflight, name="api_preflight"),  # type: ignore[arg-type]
]
