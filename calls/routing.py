"""Which socket speaks for which address."""

from __future__ import annotations

from django.urls import re_path

from calls.consumers import audio_socket, events_socket, no_such_socket
from calls.live.servers import teach_daphne

CALL = r"^ws/calls/(?P<call_id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"

teach_daphne()

websocket_urlpatterns = [
    re_path(CALL + r"/audio$", audio_socket),  # type: ignore[arg-type]  # channels' router takes ASGI applications
    re_path(CALL + r"/events$", events_socket),  # type: ignore[arg-type]
    re_path(r"", no_such_socket),  # type: ignore[arg-type]
]
