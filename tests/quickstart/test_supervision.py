"""The processes of `make run`: one configuration, restarts, and an end that leaves nobody behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path

import pytest

from salespilot.quickstart import supervision, tether
from salespilot.quickstart.plan import Plan
from salespilot.quickstart.processes import wait_until, works_in
from salespilot.quickstart.supervision import News, Program, Supervisor, end_left_over, render

pytestmark = pytest.mark.sockets

SLEEPER = "import pathlib, os, signal; pathlib.Path({file!r}).write_text(str(os.getpid())); signal.pause()"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(
        var=tmp_path,
        bind="127.0.0.1",
        port=8000,
        web_server="daphne",
        is_postgres_embedded=True,
        is_valkey_embedded=True,
        has_demo=False,
    )


@pytest.fixture
def pid_file(tmp_path: Path) -> Path:
    return tmp_path / "sleeper.pid"


@pytest.fixture
def supervisor(plan: Plan, pid_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    sleeper = Program("sleeper", [sys.executable, "-c", SLEEPER.format(file=str(pid_file))], stop_seconds=5)
    monkeypatch.setattr(supervision, "_programs", lambda plan, port: [sleeper])
    made = Supervisor(plan, port=1, settings={})
    yield made
    made.stop()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def pid_in(file: Path, *, other_than: int = 0) -> int:
    def written() -> bool:
        return file.exists() and file.read_text() not in {"", str(other_than)}

    assert wait_until(written, seconds=20)
    return int(file.read_text())


def test_a_killed_process_is_started_again_and_told_about(supervisor: Supervisor, pid_file: Path) -> None:
    supervisor.start()
    first = pid_in(pid_file)

    os.kill(first, signal.SIGKILL)

    assert pid_in(pid_file, other_than=first) != first
    told: list[News] = []

    def is_told() -> bool:
        told.extend(supervisor.news())
        return bool(told)

    assert wait_until(is_told, seconds=10)
    assert told == [News("sleeper", is_final=False)]


def test_stopping_ends_the_processes(supervisor: Supervisor, pid_file: Path) -> None:
    supervisor.start()
    pid = pid_in(pid_file)

    supervisor.stop()

    assert not is_alive(pid)
    assert not supervisor.is_running()


def test_the_murder_of_the_process_manager_ends_the_processes(supervisor: Supervisor, pid_file: Path) -> None:
    supervisor.start()
    pid = pid_in(pid_file)
    assert supervisor._process is not None

    supervisor._process.kill()

    assert wait_until(lambda: not is_alive(pid), seconds=10)


def test_a_left_over_process_manager_is_ended_before_a_new_start(
    supervisor: Supervisor, plan: Plan, pid_file: Path
) -> None:
    supervisor.start()
    pid = pid_in(pid_file)
    assert supervisor._process is not None
    left_over = supervisor._process.pid
    assert wait_until((plan.var / "supervisord.pid").exists, seconds=10)
    assert works_in(left_over, plan.var)

    end_left_over(plan)

    assert not is_alive(pid)
    assert not works_in(left_over, plan.var)


def test_a_stranger_with_the_number_of_the_old_process_manager_is_left_alone(plan: Plan) -> None:
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as stranger:
        (plan.var / "supervisord.pid").write_text(str(stranger.pid))

        end_left_over(plan)

        assert stranger.poll() is None
        stranger.kill()


def test_running_processes_do_not_get_the_owners_address(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://owner@x/y")
    monkeypatch.setenv("DATABASE_OWNER_URL_FILE", "/somewhere")

    environment = supervision._environment({"DATABASE_URL": "a", "DATABASE_OWNER_URL": "b"}, plan)

    assert environment["DATABASE_URL"] == "a"
    assert not [name for name in environment if name.startswith("DATABASE_OWNER_URL")]


def test_percent_signs_and_blanks_in_paths_reach_the_command_as_they_are(plan: Plan, tmp_path: Path) -> None:
    text = render(plan, [Program("web", ["run me", "100%"], stop_seconds=1)])

    parser = RawConfigParser()
    parser.read_string(text)
    command = parser["program:web"]["command"]
    assert command.endswith("'run me' 100%%")
    assert tether.__file__ in command


def test_the_four_processes_are_web_worker_beat_and_builder(plan: Plan) -> None:
    programs = {program.name: program.command for program in supervision._programs(plan, 8123)}

    assert list(programs) == ["web", "worker", "beat", "builder"]
    assert "daphne" in programs["web"]
    assert "8123" in programs["web"]


def test_only_the_builder_is_told_where_the_owner_s_address_is(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    address = "postgresql://owner:secret@db/salespilot"
    settings = {"DATABASE_OWNER_URL": address}
    monkeypatch.setenv("DATABASE_OWNER_URL_FILE", "/run/secrets/owner")
    supervision.keep_owner_address(plan, settings)
    text = render(plan, supervision._programs(plan, 8123))
    assert "secret" not in text
    parser = RawConfigParser()
    parser.read_string(text)
    told = [name for name in parser.sections() if "DATABASE_OWNER_URL" in str(dict(parser[name]))]
    assert told == ["program:builder"]
    file = supervision.owner_file(plan)
    assert (file.read_text(), file.stat().st_mode & 0o777) == (address, 0o600)
    given = supervision._environment(settings, plan)
    assert not [name for name in given if name.startswith("DATABASE_OWNER_URL")]
