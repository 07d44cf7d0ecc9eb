"""The ASGI application: HTTP to Django, call sockets to their consumers. Neutral between Daphne and uvicorn."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salespilot.settings")

from django.core.asgi import get_asgi_application

http_application = get_asgi_application()

# Only after Django is set up may anything import models.
from channels.routing import ProtocolTypeRouter, URLRouter

from calls.routing import websocket_urlpatterns
from salespilot import observability, startup
from salespilot.loop_tasks import TasksCounted
from salespilot.warming import Warmed
from tenants.sockets import BusinessSocket

observability.start()
startup.refuse_unsound()

application = TasksCounted(
    Warmed(
        ProtocolTypeRouter(
            {
                "http": http_application,
                "websocket": BusinessSocket(URLRouter(websocket_urlpatterns)),
            }
        )
    )
)
