"""The command lines of the processes Sales Pilot consists of: for the quickstart and for tests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent.parent
WebServer = Literal["daphne", "uvicorn"]
WEB_SERVERS: tuple[WebServer, ...] = ("daphne", "uvicorn")
APPLICATION = "salespilot.asgi:application"
# 100 ms of two channels are 6.4 kB; the application refuses more than that with words of its own.
MAX_MESSAGE_BYTES = 65_536
ALLOCATOR = {
    "MALLOC_ARENA_MAX": "1",
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0",
}
"""For the environment of each process. The C library's allocator gives threads heaps and caches of their own, and joins
what becomes free there late or never: the heap of a process that works for weeks falls to pieces. One interpreter works
one thread at a time and needs none of that."""


def web(server: WebServer, *, host: str, port: int) -> list[str]:
    """One web process. Call audio does not compress: deflate would cost memory and time on each frame."""
    if server == "uvicorn":
        return [
            sys.executable, "-m", "uvicorn", APPLICATION, "--host", host, "--port", str(port),
            "--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--ws-max-size", str(MAX_MESSAGE_BYTES),
            "--lifespan", "off", "--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "10",
        ]  # fmt: skip
    return [
        sys.executable, "-m", "daphne", "--bind", host, "--port", str(port),
        "--websocket-max-message-size", str(MAX_MESSAGE_BYTES), "--websocket-max-frame-size", str(MAX_MESSAGE_BYTES),
        "--application-close-timeout", "10", "--verbosity", "1", "--access-log", "/dev/null", "--no-server-name",
        APPLICATION,
    ]  # fmt: skip


def worker(*, concurrency: int = 2, log_level: str = "INFO") -> list[str]:
    return [
        sys.executable, "-m", "celery", "--app", "salespilot", "--quiet", "worker",
        "--concurrency", str(concurrency), "--loglevel", log_level, "--without-gossip", "--without-mingle",
    ]  # fmt: skip


def beat(*, schedule_file: str, log_level: str = "INFO") -> list[str]:
    return [
        sys.executable, "-m", "celery", "--app", "salespilot", "--quiet", "beat",
        "--schedule", schedule_file, "--loglevel", log_level, "--pidfile", "",
    ]  # fmt: skip


def builder() -> list[str]:
    """Makes new businesses; the only process with the owner's address."""
    return [sys.executable, str(ROOT / "manage.py"), "build_businesses", "--watch"]
