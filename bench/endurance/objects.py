"""A view for measured servers alone: how many objects of the product's types live, and who allocated what."""

from __future__ import annotations

import ctypes
import gc
import os
import re
import tempfile
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from django.http import HttpRequest, HttpResponse, JsonResponse

PATH = "/bench/objects"
OURS = ("salespilot.", "calls.", "coaching.", "billing.", "tenants.")
LINES = 4_000

_TOTAL = re.compile(r'<total type="(\w+)" count="\d+" size="(\d+)"/>')
_SYSTEM = re.compile(r'<system type="current" size="(\d+)"/>')
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


def allocator() -> dict[str, float]:
    """MB that the C library's allocator has given out, and MB it keeps free for the next who asks.

    Memory it keeps free is no leak: it is in the process and in use by nobody.
    """
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    libc.fclose.argtypes, libc.malloc_info.argtypes = [ctypes.c_void_p], [ctypes.c_int, ctypes.c_void_p]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "malloc.xml"
        file = libc.fopen(str(path).encode(), b"w")
        libc.malloc_info(0, file)
        libc.fclose(file)
        # The totals of all its heaps stand last.
        text = path.read_text().rpartition("</heap>")[2]
    totals = {kind: int(size) for kind, size in _TOTAL.findall(text)}
    free = totals.get("fast", 0) + totals.get("rest", 0)
    used = int(_SYSTEM.findall(text)[0]) - free + totals.get("mmap", 0)
    return {"in use": used / 2**20, "kept free": free / 2**20}


def view(request: HttpRequest) -> HttpResponse:
    if "collect" in request.GET:
        gc.collect()
    traced = allocated() if "trace" in request.GET else {}
    return JsonResponse({"objects": live_objects(), "allocator": allocator(), "allocated": traced})


def answer(get_response: Handler) -> Handler:
    """A middleware. Without async: the product's own chain is not either at this place."""

    def synchronous(request: HttpRequest) -> HttpResponse:
        return view(request) if request.path_info == PATH else get_response(request)

    return synchronous
