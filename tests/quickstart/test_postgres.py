"""The embedded Postgres: starts, survives its murder, and does not share its folder."""

from __future__ import annotations

import os
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from salespilot.quickstart import postgres as module
from salespilot.quickstart.accounts import RootMode, choose_account
from salespilot.quickstart.errors import QuickstartError
from salespilot.quickstart.postgres import EmbeddedPostgres
from salespilot.quickstart.processes import free_port, wait_until, works_in

pytestmark = pytest.mark.sockets

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    made = EmbeddedPostgres(tmp_path / "pg", is_test=True)
    yield made
    made.stop()
    made.remove()


def kill_all(server: EmbeddedPostgres) -> None:
    pids = server.pids()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not any(works_in(pid, server.data_dir) for pid in pids), seconds=10)


def forget(server: EmbeddedPostgres) -> None:
    """What a killed process leaves: the kernel lets its lock go, the server runs on."""
    server._lock.release()


def rows(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT n FROM kept ORDER BY n").fetchall()]


def test_a_start_gives_a_superuser_on_loopback_with_a_private_password(server: EmbeddedPostgres) -> None:
    url = server.start()

    with psycopg.connect(url) as connection:
        assert connection.info.host == "127.0.0.1"
        settings = {
            name: connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            for name in ("listen_addresses", "max_connections", "max_locks_per_transaction", "fsync")
        }
    assert settings == {
        "listen_addresses": ("127.0.0.1",),
        "max_connections": ("200",),
        "max_locks_per_transaction": ("256",),
        "fsync": ("off",),
    }
    password_file = server.data_dir.with_name("pg.password")
    assert stat.S_IMODE(password_file.stat().st_mode) == 0o600
    assert len(password_file.read_text()) == 32
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(url.replace(password_file.read_text(), "wrong"))


def test_committed_rows_survive_the_murder_of_every_process(tmp_path: Path) -> None:
    # Not is_test: durability is what this test is about.
    server = EmbeddedPostgres(tmp_path / "pg")
    url = server.start()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n integer)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 500)")
    kill_all(server)
    forget(server)

    again = EmbeddedPostgres(tmp_path / "pg")
    try:
        assert rows(again.start()) == list(range(1, 501))
    finally:
        again.stop()
        again.remove()


def test_a_server_left_behind_is_taken_over(server: EmbeddedPostgres, tmp_path: Path) -> None:
    url = server.start()
    pids = server.pids()
    forget(server)

    heir = EmbeddedPostgres(tmp_path / "pg", is_test=True)
    assert heir.start() == url
    assert heir.pids()[0] == pids[0]
    heir.stop()
    assert not works_in(pids[0], tmp_path / "pg")


def test_a_stale_pid_file_with_the_number_of_a_living_stranger_does_not_stop_a_start(server: EmbeddedPostgres) -> None:
    server.start()
    pid_file = server.data_dir / "postmaster.pid"
    content = pid_file.read_text().splitlines()
    kill_all(server)
    pid_file.write_text("\n".join([str(os.getpid()), *content[1:]]))
    forget(server)

    assert server.start().startswith("postgresql://")


def test_a_second_start_on_the_same_folder_is_refused_and_says_who_has_it(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    server.start()

    with pytest.raises(QuickstartError, match=f"in use by process {os.getpid()}"):
        EmbeddedPostgres(tmp_path / "pg").start()

    assert server.pids()


def test_a_second_start_takes_a_part_of_the_first(server: EmbeddedPostgres) -> None:
    began = time.monotonic()
    server.start()
    first_s = time.monotonic() - began
    server.stop()

    began = time.monotonic()
    server.start()

    assert time.monotonic() - began < first_s / 2


def test_a_port_taken_at_the_last_moment_is_replaced_by_another(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1], free_port()])
        monkeypatch.setattr(module, "free_port", lambda: next(ports))
        url = server.start()
        assert f":{taken.getsockname()[1]}/" not in url


def test_data_of_another_version_is_refused_with_a_way_on(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    (server.data_dir / "PG_VERSION").write_text("11\n")

    with pytest.raises(QuickstartError, match="holds data of Postgres 11"):
        server.start()


def test_an_initdb_cut_short_is_made_again(server: EmbeddedPostgres, tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "half").write_text("a file from a start that was killed")

    assert server.start()
    assert not (server.data_dir / "half").exists()


def test_stopping_ends_every_process_and_can_be_repeated(server: EmbeddedPostgres) -> None:
    server.start()
    pids = server.pids()

    server.stop()
    server.stop()

    assert not any(works_in(pid, server.data_dir) for pid in pids)
    assert server.pids() == []


def test_removing_leaves_nothing_but_the_lock(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg", is_test=True)
    server.start()
    forget(server)

    EmbeddedPostgres(tmp_path / "pg").remove()

    assert [path.name for path in tmp_path.iterdir()] == ["pg.lock"]


@pytest.mark.skipif(not IS_ROOT, reason="only root has a choice of users")
@pytest.mark.parametrize("mode", ["setuid", "userns", "relocate"])
def test_as_root_it_runs_as_somebody_else_in_each_of_three_ways(mode: RootMode, tmp_path: Path) -> None:
    open_folder = tmp_path if mode != "setuid" else _reachable(tmp_path)
    if mode == "setuid" and open_folder is None:
        pytest.skip("no folder here that another user can reach")
    assert open_folder is not None
    if mode == "userns" and choose_account(tmp_path / "pg", Path("/usr/bin")).mode != "userns":
        pytest.skip("no user namespaces here")
    server = EmbeddedPostgres(open_folder / "pg", is_test=True, root_mode=mode)
    try:
        with psycopg.connect(server.start()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert server._account is not None
        assert server._account.mode == mode
        server.stop()
        assert server.start(), "what was made in one way starts again"
    finally:
        server.stop()
        server.remove()


@pytest.mark.skipif(not IS_ROOT, reason="only root has a choice of users")
def test_as_root_a_cluster_of_another_user_runs_as_that_user(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    data = tmp_path / "pg"
    data.mkdir()
    os.chown(data, 65534, 65534)

    with pytest.raises(QuickstartError, match="start as the user it belongs to"):
        choose_account(data, tmp_path / "bin", root_mode="userns")


def _reachable(tmp_path: Path) -> Path | None:
    """`tmp_path`, opened for others as far up as it is ours alone."""
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & 0o001:
            if not folder.name.startswith(("pytest-", "test_")):
                return None
            folder.chmod(0o711)
    return tmp_path
