"""An installation of its own, to be broken: two web processes, worker, beat, services, vendors, relays between."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
import redis

from salespilot.quickstart import commands, valkey
from salespilot.quickstart.postgres import EmbeddedPostgres
from salespilot.quickstart.processes import LOOPBACK, free_port
from salespilot.quickstart.valkey import EmbeddedValkey
from tenants.postgresql.roles import prepare_database
from tests import services
from tests.faults.clock import Clock
from tests.faults.disk import Disk
from tests.faults.people import BUSINESS
from tests.faults.processes import Process
from tests.faults.proxy import Proxy
from tests.faults.speech import SpeechVendor
from tests.vendors.openai import OpenAIServer

WEBS = ("web 1", "web 2")
DATABASE, OWNER, APP = "faults", "faults_owner", "faults_app"
_numbers = itertools.count(1)
MOST_WRITES = 1_000
FOLDERS = services.ROOT / "var" / "faults"


class House:
    """Use as an async context manager. Everything in it belongs to this process and goes with it.

    `postgres_link`, `valkey_link`, `speech_link` lie between our processes and their services.
    """

    def __init__(self, **settings: str) -> None:
        self.folder = FOLDERS / f"{os.getpid()}-{next(_numbers)}"
        self.audio = self.folder / "audio"
        self.disk = Disk(self.audio)
        self.clock = Clock(self.folder)
        self.speech = SpeechVendor()
        self.model = OpenAIServer()
        self.processes: dict[str, Process] = {}
        self.host = f"{BUSINESS}.localhost"
        self.key = ""
        self.business_id = 0
        self.admin_url = self._redis_url = ""
        self.postgres_link = Proxy(LOOPBACK, 0)
        self.valkey_link = Proxy(LOOPBACK, 0)
        self.speech_link = Proxy(LOOPBACK, 0)
        self._settings = settings
        self._postgres = EmbeddedPostgres(self.folder / "pg")
        self._valkey = EmbeddedValkey(self.folder / "kv")
        self.valkey_disk = Disk(self.folder / "kv")
        self.postgres_disk = Disk(self.folder / "pg")
        self._valkey_process: subprocess.Popen[bytes] | None = None
        self._calls = 0

    async def __aenter__(self) -> Self:
        try:
            await self._build()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def new_number(self) -> int:
        """Of a call, for its audio."""
        self._calls += 1
        return self._calls

    @property
    def web_ports(self) -> list[int]:
        return [self.processes[name].port for name in WEBS]

    def database_url(self, user: str = OWNER) -> str:
        """Past the relay: for the rig itself."""
        address = self.admin_url.rpartition("@")[2].partition("/")[0]
        return f"postgresql://{user}:{services.PASSWORD}@{address}/{DATABASE}"

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What the database holds, as its superuser; synchronous. Tables are those of the business."""
        url = self.admin_url.rpartition("/")[0] + f"/{DATABASE}"
        with psycopg.connect(url, autocommit=True, connect_timeout=3) as connection:
            connection.execute(f"SET search_path TO {BUSINESS}")
            return connection.execute(query, parameters).fetchall()

    def dead(self) -> list[str]:
        """Those of our processes that have ended, whoever ended them."""
        return [name for name, process in self.processes.items() if not process.is_running]

    # --- Postgres and Valkey --------------------------------------------------------------------
    async def kill_postgres(self) -> None:
        for pid in self._postgres.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(self._postgres.stop)

    async def start_postgres(self) -> None:
        self.admin_url = await asyncio.to_thread(self._postgres.start)
        self.postgres_link.target = (LOOPBACK, urlsplit(self.admin_url).port or 0)

    def signal_postgres(self, number: int) -> None:
        for pid in self._postgres.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    async def fill_postgres(self) -> None:
        """Raises `AssertionError` when it can write more than its last free pages all the same."""
        self.postgres_disk.fill()

        def write_much() -> None:
            with psycopg.connect(self.admin_url, connect_timeout=3) as connection:
                connection.execute("CREATE TABLE much AS SELECT generate_series(1, 1000000)")

        try:
            await asyncio.to_thread(write_much)
        except psycopg.OperationalError:
            return
        raise AssertionError("Postgres wrote to a full disk.")

    async def free_postgres(self) -> None:
        """It may have given up for want of room for its journal."""
        self.postgres_disk.free()
        if not self._postgres.pids():
            await asyncio.to_thread(self._postgres.stop)
            await self.start_postgres()

    async def kill_valkey(self) -> None:
        for pid in self._valkey.pids():
            os.kill(pid, signal.SIGKILL)
        process = self._valkey._process if self._valkey_process is None else self._valkey_process
        if process is not None:
            await asyncio.to_thread(process.wait)

    async def fill_valkey(self) -> None:
        """Returns once it refuses to write."""
        self.valkey_disk.fill()
        with self._valkey_client() as client:
            for number in range(MOST_WRITES):
                try:
                    client.set("faults:filler", str(number) * 1_000)
                except redis.exceptions.ResponseError:
                    return
                await asyncio.sleep(0.01)
        raise AssertionError("Valkey wrote to a full disk.")

    def crowd_valkey(self, megabytes: int) -> None:
        """What it may hold at most: with less than it holds it refuses to write."""
        with self._valkey_client() as client:
            client.config_set("maxmemory", f"{megabytes}mb")

    def _valkey_client(self) -> redis.Redis:
        return redis.Redis.from_url(self._redis_url, socket_timeout=3)

    async def start_valkey(self) -> None:
        """With the configuration it had: same port, same password."""
        with self._valkey.log_file.open("ab") as log:
            self._valkey_process = subprocess.Popen(  # noqa: ASYNC220 - returns at once
                [str(valkey._binary()), str(self.folder / "kv" / "valkey.conf")],
                cwd=self.folder / "kv", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def signal_valkey(self, number: int) -> None:
        for pid in self._valkey.pids():
            os.kill(pid, number)

    # --- start and end --------------------------------------------------------------------------
    async def _build(self) -> None:
        self.disk.mount()
        self.valkey_disk.mount()
        self.clock.make()
        (self.folder / "static").mkdir()
        self.model.__enter__()
        await self.speech.__aenter__()
        self.admin_url, self._redis_url = await asyncio.gather(
            asyncio.to_thread(self._start_on_its_disk), asyncio.to_thread(self._valkey.start)
        )
        for link, port in (
            (self.postgres_link, urlsplit(self.admin_url).port),
            (self.valkey_link, urlsplit(self._redis_url).port),
            (self.speech_link, self.speech.port),
        ):
            link.target = (LOOPBACK, port or 0)
            await link.mend()
        await asyncio.to_thread(
            prepare_database, self.admin_url, database=DATABASE, owner=OWNER, owner_password=services.PASSWORD,
            app=APP, app_password=services.PASSWORD,
        )  # fmt: skip
        environment = self._environment(self._redis_url)
        await self._people(environment)
        await self._start_processes(environment)

    def _start_on_its_disk(self) -> str:
        """Postgres makes its cluster itself, where its own user can reach it; the disk comes underneath."""
        self._postgres.start()
        self.postgres_disk = Disk(self._postgres.data_dir)
        self._postgres.stop()
        self.postgres_disk.mount_over()
        return self._postgres.start()

    def _environment(self, redis_url: str) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if name not in services.VENDOR_SETTINGS}
        address = urlsplit(redis_url)
        return {
            **clean,
            "DJANGO_SETTINGS_MODULE": "salespilot.settings",
            "DATABASE_URL": f"postgresql://{APP}:{services.PASSWORD}@{LOOPBACK}:{self.postgres_link.port}/{DATABASE}",
            "DATABASE_OWNER_URL": self.database_url(),
            "REDIS_URL": f"redis://:{address.password}@{LOOPBACK}:{self.valkey_link.port}/0",
            "SALESPILOT_VAR": str(self.folder),
            "AUDIO_STORAGE_URL": f"file://{self.audio}",
            "SECRET_KEY": "only-for-faults-and-never-for-anything-else-0123456789",
            "SPEECH_PROVIDER": "deepgram",
            "DEEPGRAM_API_KEY": "faults",
            "DEEPGRAM_BASE_URL": f"http://{LOOPBACK}:{self.speech_link.port}",
            "OPENAI_API_KEY": "faults",
            "OPENAI_BASE_URL": self.model.url,
            "SWEEP_SECONDS": "3",
            "PYTHONUNBUFFERED": "1",
            **self.clock.environment,
            **self._settings,
        }

    async def _people(self, environment: dict[str, str]) -> None:
        made = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.people", cwd=services.ROOT, stdout=subprocess.PIPE,
            env={**environment, "SALESPILOT_AS_OWNER": "true"},
        )  # fmt: skip
        printed, _ = await made.communicate()
        assert made.returncode == 0, printed.decode()
        told = json.loads(printed.decode().strip().splitlines()[-1])
        self.key, self.business_id = told["key"], told["business_id"]

    async def _start_processes(self, environment: dict[str, str]) -> None:
        for name in WEBS:
            port = free_port()
            self._add(name, commands.web("daphne", host=LOOPBACK, port=port), environment, port=port)
        self._add("worker", commands.worker(concurrency=1), environment, ready=" ready.")
        self._add("beat", commands.beat(schedule_file=str(self.folder / "beat")), environment)
        for process in self.processes.values():
            process.start()
        await asyncio.gather(*(process.wait_until_ready() for process in self.processes.values()))

    def _add(
        self, name: str, command: list[str], environment: dict[str, str], *, port: int = 0, ready: str = ""
    ) -> None:
        log = self.folder / f"{name.replace(' ', '-')}.log"
        self.processes[name] = Process(name, command, environment, log, port=port, ready=ready)

    def log_of(self, name: str) -> Path:
        return self.folder / f"{name.replace(' ', '-')}.log"

    def keep_logs(self, name: str) -> None:
        """Beside the evidence of calls that are not whole: the house itself goes away."""
        kept = FOLDERS / "broken" / name
        kept.mkdir(parents=True, exist_ok=True)
        for log in self.folder.glob("*.log"):
            shutil.copy(log, kept)

    async def aclose(self) -> None:
        await asyncio.gather(*(process.stop() for process in self.processes.values()))
        for link in (self.postgres_link, self.valkey_link, self.speech_link):
            await link.cut()
        if self.speech.port:
            await self.speech.__aexit__()
        if self.model._runner is not None:
            self.model.__exit__()
        if self._valkey_process is not None:
            self._valkey_process.kill()
            self._valkey_process.wait()
        self._valkey.stop()
        self._postgres.stop()
        self._postgres.remove()
        for disk in (self.disk, self.valkey_disk, self.postgres_disk):
            disk.unmount()
        shutil.rmtree(self.folder, ignore_errors=True)
