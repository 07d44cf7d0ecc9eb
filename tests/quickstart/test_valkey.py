"""The embedded Valkey: private, and what it acknowledged a second ago survives its murder."""

from __future__ import annotations

import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from salespilot.quickstart import valkey as module
from salespilot.quickstart.errors import QuickstartError
from salespilot.quickstart.processes import free_port, wait_until, works_in
from salespilot.quickstart.valkey import EmbeddedValkey


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    made = EmbeddedValkey(tmp_path / "kv")
    yield made
    made.stop()


def client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url)


def kill(server: EmbeddedValkey, folder: Path) -> None:
    (pid,) = server.pids()
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not works_in(pid, folder), seconds=10)
    server._lock.release()


def test_a_start_gives_an_address_on_loopback_that_needs_its_password(server: EmbeddedValkey, tmp_path: Path) -> None:
    url = server.start()

    assert client(url).ping()
    with pytest.raises(redis.AuthenticationError):
        client("redis://127.0.0.1:" + url.rpartition(":")[2]).ping()
    for name in ("valkey.conf", "url"):
        assert stat.S_IMODE((tmp_path / "kv" / name).stat().st_mode) == 0o600


def test_nothing_is_evicted_when_memory_is_full(server: EmbeddedValkey) -> None:
    configuration = client(server.start()).config_get("maxmemory*")

    assert configuration["maxmemory-policy"] == "noeviction"
    assert configuration["maxmemory"] == str(256 * 1024 * 1024)


def test_what_was_written_survives_its_murder(server: EmbeddedValkey, tmp_path: Path) -> None:
    connection = client(server.start())
    connection.rpush("queue", *range(500))
    # The file is written every second; this waits for it instead of for a second.
    connection.config_set("appendfsync", "always")
    connection.rpush("queue", 500)
    kill(server, tmp_path / "kv")

    heir = EmbeddedValkey(tmp_path / "kv")
    try:
        assert client(heir.start()).llen("queue") == 501
    finally:
        heir.stop()


def test_a_server_left_behind_is_taken_over(server: EmbeddedValkey, tmp_path: Path) -> None:
    url = server.start()
    (pid,) = server.pids()
    server._lock.release()

    heir = EmbeddedValkey(tmp_path / "kv")
    assert heir.start() == url
    assert heir.pids() == [pid]
    heir.stop()
    assert server._process is not None
    server._process.wait()
    assert heir.pids() == []


def test_a_second_start_on_the_same_folder_is_refused(server: EmbeddedValkey, tmp_path: Path) -> None:
    server.start()

    with pytest.raises(QuickstartError, match=f"in use by process {os.getpid()}"):
        EmbeddedValkey(tmp_path / "kv").start()


def test_a_port_taken_at_the_last_moment_is_replaced_by_another(
    server: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1], free_port()])
        monkeypatch.setattr(module, "free_port", lambda: next(ports))
        url = server.start()
        assert client(url).ping()
        assert str(taken.getsockname()[1]) not in url


def test_stopping_and_removing_leave_nothing_running(server: EmbeddedValkey, tmp_path: Path) -> None:
    server.start()
    (pid,) = server.pids()

    server.stop()
    server.stop()
    EmbeddedValkey(tmp_path / "kv").remove()

    assert not works_in(pid, tmp_path / "kv")
    assert not (tmp_path / "kv").exists()
