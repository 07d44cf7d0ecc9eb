"""An import that is killed or finds no room leaves no business, and the next one works and clears up."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from calls.live.recording import relative_path, storage_root
from salespilot.quickstart.processes import wait_until
from tenants.archive.export import export_business
from tests.archive.elsewhere import LITTLE_ROOM, Installation
from tests.archive.full import PCM, Full
from tests.owner import someone_waits

pytestmark = pytest.mark.sockets  # processes that are started, killed and waited for


def sounds(elsewhere: Installation) -> list[Path]:
    return sorted((elsewhere.var / "audio").rglob("*.pcm"))


def marks(elsewhere: Installation) -> list[str]:
    return [str(path.relative_to(elsewhere.var)) for path in sorted(elsewhere.var.glob("*/.arriving/*"))]


@contextmanager
def held(elsewhere: Installation, table: str) -> Iterator[psycopg.Connection[Any]]:
    """Nobody can add to the table meanwhile; whoever tries waits."""
    with elsewhere.connect() as holder, holder.transaction():
        holder.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        yield holder


@pytest.mark.parametrize("table", ["tenants_tenant", "tenants_domain"])
def test_a_killed_import_leaves_no_business_and_the_next_one_clears_up(
    archive: Path, elsewhere: Installation, table: str
) -> None:
    command = ("import_business", str(archive), "--host", "acme.localhost")
    with held(elsewhere, table) as holder:
        running = elsewhere.start(*command)
        assert wait_until(lambda: someone_waits(holder), seconds=60), running.poll()
        os.kill(running.pid, signal.SIGKILL)
        running.communicate()
    (left,) = sounds(elsewhere)
    assert marks(elsewhere) == ["audio/.arriving/acme", "media/.arriving/acme"]
    assert elsewhere.left_of("acme")[0].startswith(("audio/", "media/")), "neither row nor schema nor role"
    ran = elsewhere.run(*command)
    assert ran.status == 0, ran.err
    (there,) = sounds(elsewhere)
    assert there != left
    assert there.read_bytes() == PCM
    assert (marks(elsewhere), elsewhere.left_of("acme")) == ([], ["row", "schema", "role"])


def test_killed_while_files_are_written_it_leaves_them_to_the_next(full: Full, elsewhere: Installation) -> None:
    (storage_root() / relative_path(full.business.id, full.call.pk)).write_bytes(bytes(60_000_000))
    archive = export_business(full.business).path
    running = elsewhere.start("import_business", str(archive))
    assert wait_until(lambda: bool(sounds(elsewhere)), seconds=90, every=0.001)
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    (left,) = sounds(elsewhere)
    assert 0 <= left.stat().st_size < 60_000_000
    assert marks(elsewhere)
    ran = elsewhere.run("import_business", str(archive), "--schema", "moved")
    assert (ran.status, len(sounds(elsewhere))) == (0, 2), "one of another name leaves what is not its own"
    assert elsewhere.run("import_business", str(archive)).status == 0
    assert not left.exists()
    assert (len(sounds(elsewhere)), marks(elsewhere)) == (2, [])


def test_a_killed_import_that_was_done_keeps_its_files(archive: Path, elsewhere: Installation) -> None:
    """Killed between the commit and the end: the mark is there, and so is the business."""
    assert elsewhere.run("import_business", str(archive)).status == 0
    (sound,) = sounds(elsewhere)
    for area in ("audio", "media"):
        (elsewhere.var / area / ".arriving").mkdir(exist_ok=True)
        (elsewhere.var / area / ".arriving" / "acme").write_text(sound.parent.name[1:], encoding="ascii")
    assert "a business acme here already" in elsewhere.run("import_business", str(archive)).err
    elsewhere.run("import_business", str(archive), "--schema", "moved")
    assert sound.read_bytes() == PCM


def test_a_full_disk_is_said_and_leaves_nothing(archive: Path, elsewhere: Installation) -> None:
    running = elsewhere.start("import_business", str(archive), before=LITTLE_ROOM)
    _, complaint = running.communicate(timeout=60)
    assert running.returncode == 1
    assert f"There is no room for the files in {elsewhere.var}/audio; nothing of them is left there" in complaint
    assert (elsewhere.left_of("acme"), marks(elsewhere)) == ([], [])


def test_a_disk_that_is_too_small_is_known_before_anything_is_written(
    archive: Path, elsewhere: Installation, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        running = elsewhere.start("import_business", str(archive), AUDIO_STORAGE_URL=f"file://{small}")
        complaint = running.communicate(timeout=60)[1]
        assert f"There is no room for the files in {small}" in complaint
        assert list(small.rglob("*.pcm")) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)
    assert elsewhere.left_of("acme") == []


def test_of_two_at_once_one_brings_it_in(archive: Path, elsewhere: Installation) -> None:
    both = [elsewhere.start("import_business", str(archive)) for _ in range(2)]
    said = [running.communicate(timeout=90) for running in both]
    assert sorted(running.returncode for running in both) == [0, 1], said
    complaint = next(err for running, (_, err) in zip(both, said, strict=True) if running.returncode)
    assert "There is a business acme here already" in complaint or "Another process is working on acme" in complaint
    assert [path.read_bytes() for path in sounds(elsewhere)] == [PCM]
    assert marks(elsewhere) == []


def test_ctrl_c_leaves_nothing(archive: Path, elsewhere: Installation) -> None:
    with held(elsewhere, "tenants_domain") as holder:
        running = elsewhere.start("import_business", str(archive), "--host", "acme.localhost")
        assert wait_until(lambda: someone_waits(holder), seconds=60)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=30)
    assert running.returncode != 0
    assert (elsewhere.left_of("acme"), marks(elsewhere)) == ([], [])
