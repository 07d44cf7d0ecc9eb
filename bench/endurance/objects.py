"""A view for measured servers alone: how many objects of the product's types live, and who allocated what."""

from __future__ import annotations

import gc
import os
import tracemalloc
from collections import Counter
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

PATH = "/bench/objects"
OURS = ("salespilot.", "calls.", "coaching.", "billing.", "tenants.")
LINES = 4_000

Handler = Callable[[HttpRequest], HttpResponse]


def live_objects() -> dict[str, int]:
    """Those the collector tracks, by type, of the product's own types and of what tasks are made of."""
    counts: Counter[str] = Counter()
    for thing in gc.get_objects():
        kind = type(thing)
        if str(kind.__module__).startswith(OURS) or kind.__name__ in {"coroutine", "Task"}:
            counts[f"{kind.__module__}.{kind.__qualname__}"] += 1
    return dict(counts)


def allocated() -> dict[str, int]:
    """Bytes by place; empty unless the server traces."""
    if not tracemalloc.is_tracing():
        return {}
    snapshot = tracemalloc.take_snapshot()
    depth = int(os.environ.get("ENDURANCE_FRAMES", "1"))
    return {
        " < ".join(f"{frame.filename}:{frame.lineno}" for frame in list(line.traceback)[::-1][:depth]): line.size
        for line in snapshot.statistics("lineno" if depth == 1 else "traceback")[:LINES]
    }


def view(request: HttpRequest) -> HttpResponse:
    if "collect" in request.GET:
        gc.collect()
    return JsonResponse({"objects": live_objects(), "allocated": allocated() if "trace" in request.GET else {}})


def answer(get_response: Handler) -> Handler:
    """A middleware. Without async: the product's own chain is not either at this place."""

    def synchronous(request: HttpRequest) -> HttpResponse:
        return view(request) if request.path_info == PATH else get_response(request)

    return synchronous
