"""What machines ask of a process: is it alive, is it ready, how is it doing, does a host get a certificate.

These paths answer on any host, before the host is looked up: a load balancer knows no business.
`/livez` touches nothing. `/healthz` is readiness: 503 when the database is gone, because then no page works, and
while this process sends its calls to others before it stops;
without Redis or a worker it stays 200 and says so, because calls go on (DESIGN.md, the ladder).
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from ipaddress import ip_address
from time import time
from typing import cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from prometheus_client import CONTENT_TYPE_LATEST, Counter, generate_latest

from calls.heartbeat import WORKER_SEEN
from calls.live.registry import registry
from tenants.context import public_scope
from tenants.domains.tls import ask

responses = Counter("salespilot_http_responses_total", "HTTP answers by class of status.", ["status"])

Handler = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


def live(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 -- a view
    return JsonResponse({"status": "ok"})


def health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 -- a view
    """Readiness and the state of each part, in words; no versions, addresses or keys."""
    from calls.speech import get_provider  # noqa: PLC0415 -- needed by this probe only, and not cheap to import
    from coaching.llm import get_card_model  # noqa: PLC0415

    database, worker = _database(), _worker()
    parts = {
        "database": database,
        "cache": "down" if worker == "unknown" else "ok",
        "speech": _name(get_provider()),
        "model": _name(get_card_model()),
        "worker": worker,
    }
    degraded = parts["cache"] != "ok" or worker != "ok"
    if registry.is_moving:
        return JsonResponse({"status": "moving", **parts}, status=503)
    status = "down" if database != "ok" else ("degraded" if degraded else "ok")
    return JsonResponse({"status": status, **parts}, status=503 if status == "down" else 200)


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text. With `METRICS_TOKEN` for its bearer, else for this machine itself only."""
    if not _may_read_metrics(request):
        return HttpResponse("Metrics need METRICS_TOKEN as a bearer token.\n", status=403, content_type="text/plain")
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/livez": live,
    "/healthz": health,
    "/metrics": metrics,
    "/tls/ask": ask,
}


@sync_and_async_middleware
def answer_probes(get_response: Handler) -> Handler:
    """First in MIDDLEWARE: answers these paths and counts every other answer by its class."""
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            if probe := PROBES.get(request.path_info):
                return await sync_to_async(probe, thread_sensitive=False)(request)
            return _counted(await cast(Awaitable[HttpResponseBase], get_response(request)))

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        if probe := PROBES.get(request.path_info):
            return probe(request)
        return _counted(cast(HttpResponseBase, get_response(request)))

    return synchronous


def _counted(response: HttpResponseBase) -> HttpResponseBase:
    responses.labels(f"{response.status_code // 100}xx").inc()
    return response


def _database() -> str:
    try:
        with public_scope(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return "down"
    finally:
        connection.close()
    return "ok"


def _worker() -> str:
    """`ok` while sweeps go on, `late` when none ran for a while, `unknown` when the cache does not answer."""
    try:
        with public_scope():
            seen = cache.get(WORKER_SEEN)
    except Exception:  # noqa: BLE001 -- every client library has its own; the answer is the same
        return "unknown"
    is_fresh = isinstance(seen, int | float) and time() - seen < 3 * settings.SWEEP_SECONDS + 30
    return "ok" if is_fresh else "late"


def _name(part: object | None) -> str:
    return str(getattr(part, "name", "none")) if part is not None else "none"


def _may_read_metrics(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    # Behind a proxy on this machine everyone seems local: a forwarded request is not.
    if {"X-Forwarded-For", "Forwarded", "X-Real-Ip"} & set(request.headers):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
