"""Finding our own servers again after a crash, free ports, and the lock that keeps two starts apart."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from salespilot.quickstart.errors import QuickstartError

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A loopback port that nobody listens on at this moment. Another process may still take it first."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def is_port_free(port: int, host: str = LOOPBACK) -> bool:
    try:
        with socket.create_server((host, port), reuse_port=False):
            return True
    except OSError:
        return False


def works_in(pid: int, directory: Path) -> bool:
    """Whether process `pid` is alive and has `directory` as its working directory, as database servers do.

    False for a zombie and for a recycled process id, which a plain signal-0 probe takes for a running server.
    """
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == directory.resolve()
    except (OSError, RuntimeError):
        return False


def wait_until(condition: Callable[[], bool], *, seconds: float, every: float = 0.02) -> bool:
    """Polls `condition` until it holds or `seconds` have passed; the last answer."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


class DirectoryLock:
    """One holder at a time for a data directory; the kernel lets go when the holder dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Raises `QuickstartError` naming the holder when another process holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            file = self._path.open("a+", encoding="ascii")
        except PermissionError:
            raise QuickstartError(f"{self._path} belongs to another user: start as that user, or remove it.") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise QuickstartError(
                f"{self._path.with_suffix('')} is in use by process {holder}: "
                "Sales Pilot already runs here. Stop it first."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Safe to call twice. The file stays: removing it would race with the next start."""
        if self._file is not None:
            self._file.close()
            self._file = None
