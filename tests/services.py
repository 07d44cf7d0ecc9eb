"""The Postgres and the Valkey of one pytest run: started once, embedded, thrown away afterwards.

The process that starts pytest owns the servers. Workers of pytest-xdist find their addresses in the environment;
each gets a database and a Redis number of its own, so tests in parallel do not see each other's rows.
Settings read the environment when they are imported, hence `start()` runs before Django is set up.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

from salespilot.quickstart.postgres import EmbeddedPostgres
from salespilot.quickstart.valkey import EmbeddedValkey
from tenants.postgresql.roles import prepare_database

ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / "var" / "test"
ADMIN_URL, VALKEY_URL, RUN_DIR = "SALESPILOT_TEST_ADMIN_URL", "SALESPILOT_TEST_VALKEY_URL", "SALESPILOT_TEST_DIR"
SETTINGS = "DJANGO_SETTINGS_MODULE"
PASSWORD = "only-for-tests"
# What a developer has in the environment must not change a test.
VENDOR_SETTINGS = (
    "DEEPGRAM_API_KEY", "DEEPGRAM_BASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "SENTRY_DSN", "AUDIO_STORAGE_URL",
    "METRICS_TOKEN", "SPEECH_PROVIDER", "DEBUG", "HTTPS", "PUBLIC_HOST", "SALESPILOT_AS_OWNER", "PORT", "WEB_SERVER",
    "MAIL_URL", "MAIL_FROM", "LINK_PORT", "SIGN_UP", "BUSINESS_DOMAIN", "DOMAIN_TARGET", "DNS_SERVERS",
    "TLS_ASK_ALLOWED", "TRUSTED_PROXIES", "DOMAIN_CHECK_SECONDS",
)  # fmt: skip


def worker() -> str:
    """`gw0`, `gw1`... in a worker of pytest-xdist, else `main`."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def start() -> None:
    """Starts the servers when this process is the first to ask, and points the settings at this worker's share."""
    # Where a shell started us in the background, Ctrl-C is ignored, and every process that a test starts inherits it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if ADMIN_URL not in os.environ:
        _start_servers()
    for name in VENDOR_SETTINGS:
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
    os.environ.update(environment(worker()))
    (Path(os.environ["SALESPILOT_VAR"]) / "static").mkdir(parents=True, exist_ok=True)  # its absence is warned of
    _prepare_database(worker())
    os.environ.setdefault(SETTINGS, "salespilot.settings")


@pytest.hookimpl(wrapper=True)
def pytest_sessionstart() -> Generator[None]:
    """pytest-xdist makes its workers here. They must not inherit the name of the settings: pytest-django would read
    them before `start()`, and every worker would use the database of the process that made it.
    """
    name = os.environ.pop(SETTINGS)
    try:
        return (yield)
    finally:
        os.environ[SETTINGS] = name


def environment(share: str) -> dict[str, str]:
    """The settings with which a process uses the share of one worker: for this process and for servers it starts."""
    number = 0 if share == "main" else int(share.removeprefix("gw")) + 1
    address = os.environ[ADMIN_URL].rpartition("@")[2].partition("/")[0]
    return {
        "DATABASE_URL": f"postgresql://{app(share)}:{PASSWORD}@{address}/{database(share)}",
        "DATABASE_OWNER_URL": f"postgresql://{owner(share)}:{PASSWORD}@{address}/{database(share)}",
        "REDIS_URL": f"{os.environ[VALKEY_URL].rpartition('/')[0]}/{number}",
        "SALESPILOT_VAR": str(Path(os.environ[RUN_DIR]) / share),
        "SECRET_KEY": "only-for-tests-and-never-for-anything-else-0123456789",
    }


def database(share: str) -> str:
    return f"salespilot_{share}"


def owner(share: str) -> str:
    return f"salespilot_{share}_owner"


def app(share: str) -> str:
    return f"salespilot_{share}_app"


def _prepare_database(share: str) -> None:
    prepare_database(
        os.environ[ADMIN_URL],
        database=database(share),
        owner=owner(share),
        owner_password=PASSWORD,
        app=app(share),
        app_password=PASSWORD,
    )


def _start_servers() -> None:
    _remove_left_overs()
    directory = RUNS / str(os.getpid())
    postgres = EmbeddedPostgres(directory / "pg", is_test=True)
    valkey = EmbeddedValkey(directory / "kv")
    pid = os.getpid()

    def stop() -> None:
        if os.getpid() == pid:  # a forked child inherits the hook, but not the servers
            postgres.stop()
            valkey.stop()
            postgres.remove()
            shutil.rmtree(directory, ignore_errors=True)

    atexit.register(stop)
    os.environ[ADMIN_URL] = postgres.start()
    os.environ[VALKEY_URL] = valkey.start()
    os.environ[RUN_DIR] = str(directory)


def _remove_left_overs() -> None:
    """Ends what killed runs left behind: their servers would stay for ever."""
    for directory in RUNS.glob("*"):
        if directory.name.isdecimal() and not Path(f"/proc/{directory.name}").exists():
            for server in (EmbeddedPostgres(directory / "pg", is_test=True), EmbeddedValkey(directory / "kv")):
                server.remove()
            shutil.rmtree(directory, ignore_errors=True)
