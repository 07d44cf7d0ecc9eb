"""The pages of the call on a business's host."""

from __future__ import annotations

from django.urls import path

from calls import pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("calls/", pages.call_list, name="calls"),
    path("calls/new/", pages.new_call, name="new_call"),
    path("calls/<uuid:call_id>/", pages.call, name="call"),
    path("calls/<uuid:call_id>/report/", pages.report, name="report"),
    path("calls/<uuid:call_id>/report/release/", pages.release_report, name="release_report"),
    path("calls/<uuid:call_id>/recording.wav", pages.recording, name="recording"),
    path("calls/<uuid:call_id>/report/state/", pages.report_state, name="report_state"),
    path("live/", pages.live_board, name="live_board"),
    path("live/<uuid:call_id>/", pages.watch, name="watch"),
]
