"""Installing: the same packages each time, once, from wherever pip may load them."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LOCKS = ("requirements.txt", "requirements-dev.txt")
PINNED = re.compile(r"^[A-Za-z0-9._-]+(\[[a-z0-9,]+\])?==\S+( ; .+)?$")


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`.ci/setup.py`, pointed at an empty folder; `ran` gathers the commands that it would run."""
    spec = importlib.util.spec_from_file_location("ci_setup", ROOT / ".ci" / "setup.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path)
    monkeypatch.setattr(module, "TSC", tmp_path / "tsc")
    return module


@pytest.fixture
def ran(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    commands: list[list[str]] = []

    def record(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, stdout="", stderr="")

    monkeypatch.setattr(setup.subprocess, "run", record)
    return commands


def installs(commands: list[list[str]]) -> list[list[str]]:
    return [command for command in commands if "--require-hashes" in command]


def test_an_old_python_is_refused_with_a_way_on(setup: ModuleType) -> None:
    with pytest.raises(setup.SetupError, match=r"needs Python 3\.11 or newer, this is 3\.9"):
        setup.check_python((3, 9))
    setup.check_python((3, 11))
    setup.check_python((3, 13))


def test_packages_are_installed_with_their_hashes_and_once(
    setup: ModuleType, ran: list[list[str]], tmp_path: Path
) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("a==1")

    setup.install(lock)
    setup.install(lock)

    assert len(installs(ran)) == 1


def test_a_changed_lock_is_installed_again(setup: ModuleType, ran: list[list[str]], tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("a==1")
    setup.install(lock)
    lock.write_text("a==2")

    setup.install(lock)

    assert len(installs(ran)) == 2


def test_running_needs_no_second_installation_after_testing(
    setup: ModuleType, ran: list[list[str]], tmp_path: Path
) -> None:
    small, large = tmp_path / "run.txt", tmp_path / "dev.txt"
    small.write_text("a==1")
    large.write_text("a==1\nb==1")
    setup.install(large)

    setup.install(small, also_fine=large)

    assert len(installs(ran)) == 1


def test_an_installation_that_failed_is_tried_again(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        setup.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1, stdout="", stderr="")
    )
    lock = tmp_path / "lock.txt"
    lock.write_text("a==1")

    with pytest.raises(setup.SetupError):
        setup.install(lock)

    assert not (tmp_path / ".installed").exists()


def test_uv_is_told_of_the_index_that_pip_uses(
    setup: ModuleType, ran: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UV_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")

    assert setup.uv_environment()["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"


def test_a_folder_that_was_moved_gets_a_new_environment(setup: ModuleType, tmp_path: Path) -> None:
    python = Path(setup.sys.executable)
    assert setup.is_sound(python)
    (tmp_path / ".place").write_text("/where/it/was")

    assert not setup.is_sound(python)
    assert not setup.is_sound(tmp_path / "missing")


@pytest.mark.parametrize("name", ["requirements.in", "requirements-dev.in"])
def test_every_package_is_asked_for_in_one_exact_version(name: str) -> None:
    lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith(("#", "-r "))]

    assert [line for line in lines if not PINNED.match(line)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_hash_and_no_place_it_came_from(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = re.split(r"\n(?=\S)", text.strip())

    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text


def test_tests_run_on_the_locked_versions_of_production() -> None:
    pins = [set(re.findall(r"^(\S+==\S+)", (ROOT / name).read_text(), re.MULTILINE)) for name in LOCKS]

    assert pins[0] <= pins[1]


def test_websockets_stays_at_its_tested_major() -> None:
    assert re.search(r"^websockets==17\.", (ROOT / "requirements.txt").read_text(), re.MULTILINE)


def test_the_lock_of_the_type_checker_names_no_registry() -> None:
    lock = json.loads((ROOT / ".ci" / "tsc" / "package-lock.json").read_text())

    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []
    assert all("integrity" in entry for name, entry in lock["packages"].items() if name)


def test_the_change_gate_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"

    assert script.stat().st_mode & 0o111
    assert "make test" in script.read_text()


def test_make_says_what_it_can_do() -> None:
    done = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True)

    for target in ("run", "test", "check", "bench", "clean"):
        assert f"make {target} " in done.stdout
