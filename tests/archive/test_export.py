"""An archive holds all of one business, as it was at one moment, and nothing of another."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, models, transaction

from calls.live.recording import relative_path, storage_root
from calls.models import Call, CallEvent, Recording
from salespilot.quickstart.processes import wait_until
from tenants.archive.errors import ArchiveNotWritten
from tenants.archive.export import export_business
from tenants.archive.tables import LEFT_OUT, WITHHELD, tables
from tenants.audit.models import AuditLine
from tenants.context import Business, business_scope
from tenants.files import file_areas
from tests import owner, services
from tests.archive.elsewhere import LITTLE_ROOM
from tests.archive.full import ODD, Full
from tests.archive.tampering import contents, lines, manifest_of
from tests.branding.pictures import png, store_logo
from tests.conftest import MakeMember
from tests.reports.written import ended_call
from tests.stranger.planted import business_models, plant
from tests.stranger.values import CANARY
from tests.tenants.upgrades import OwnerProcess

pytestmark = pytest.mark.processes


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


# By construction ---------------------------------------------------------------------------------------


def test_every_table_of_a_business_is_taken_along_or_has_a_reason_not_to_be(businesses: object) -> None:
    with owner.connect() as admin:
        found = {name for (name,) in admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'acme'")}
    assert {table.name for table in tables()} == found - LEFT_OUT.keys()
    assert LEFT_OUT.keys() <= found
    assert all(LEFT_OUT.values())


def test_every_sealed_column_is_known_as_a_secret() -> None:
    sealed = {
        f"{model._meta.label_lower}.{field.column}"
        for model in business_models()
        for field in model._meta.concrete_fields
        if "sealed" in str(field.column)
    }
    assert sealed
    assert sealed <= {f"{label}.{column}" for label, each in WITHHELD.items() for column in each.columns}


def test_every_column_of_a_stored_file_belongs_to_an_area() -> None:
    known = {column for area in file_areas() for column in area.columns}
    fields = {
        f"{model._meta.label_lower}.{field.name}"
        for model in business_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.FileField)
    }
    assert fields
    assert fields | {"calls.recording.path"} == known


# What is in it -----------------------------------------------------------------------------------------


def test_not_a_row_and_not_a_byte_is_of_another_business(full: Full, globex: Business, member: MakeMember) -> None:
    plant(globex, member("rep", business=globex, name=f"{CANARY} rep", email=f"{CANARY}@example.com"))
    store_logo(globex, png((200, 60)))
    with business_scope(globex):
        call = ended_call(member("rep", business=globex))
        path = relative_path(globex.id, call.pk)
        Recording.objects.create(call=call, path=path, channels=2)
        (storage_root() / path).parent.mkdir(parents=True, exist_ok=True)
        (storage_root() / path).write_bytes(CANARY.encode() * 1_000)
    found = contents(export_business(full.business).path)
    for stranger in (
        CANARY,
        "globex",
        "Globex",
        str(call.pk),
        call.pk.hex,
        f"b{globex.id}/",
        f"businesses/{globex.id}/",
    ):
        assert [name for name, content in found.items() if stranger.encode() in content or stranger in name] == []


def test_a_row_that_names_a_file_of_another_business_is_refused(
    full: Full, globex: Business, folders: Path, tmp_path: Path
) -> None:
    theirs = storage_root() / f"b{globex.id}" / "theirs.pcm"
    theirs.parent.mkdir()
    theirs.write_bytes(CANARY.encode())
    for path in (f"b{globex.id}/theirs.pcm", f"b{full.business.id}/../b{globex.id}/theirs.pcm", "/etc/passwd"):
        with business_scope(full.business):
            Recording.objects.update(path=path)
        with pytest.raises(ArchiveNotWritten, match="1 rows name files outside the business's folder"):
            export_business(full.business)
    assert files_in(folders / "exports") == []


def test_tables_for_people_run_no_formulas(archive: Path) -> None:
    found = contents(archive)
    assert b"\n1,'=Acme, moved," not in found["csv/house.branding.csv"]
    assert b'"\'=Acme, moved"' in found["csv/house.branding.csv"]
    assert found["csv/calls.call.csv"].startswith(b"id,customer,")
    assert lines(archive, "calls.call")[0]["customer"] == ODD


def test_it_is_kept_where_only_its_user_can_read(archive: Path, full: Full, folders: Path) -> None:
    assert archive.parent == folders / "exports" / str(full.business.id)
    assert stat.S_IMODE(archive.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600


def test_it_leaves_a_line_with_counts_only(archive: Path, full: Full) -> None:
    with business_scope(full.business):
        line = AuditLine.objects.get(action="exported")
    manifest = manifest_of(archive)
    files = [each for each in manifest["entries"] if each["path"].startswith("files/")]
    assert (line.actor_id, line.via, line.subject) == (None, "command", "business")
    assert line.detail == {
        "rows": sum(each["rows"] or 0 for each in manifest["entries"]),
        "files": len(files),
        "bytes": sum(each["bytes"] for each in manifest["entries"]),
    }


def test_a_file_that_is_gone_is_named(full: Full, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (storage_root() / relative_path(full.business.id, full.call.pk)).unlink()
    call_command("export_business", "acme", to=tmp_path / "acme.zip")
    assert f"Gone from the disk before the export: files/recordings/{full.call.pk.hex}.pcm." in capsys.readouterr().out
    assert manifest_of(tmp_path / "acme.zip")["missing"] == [f"files/recordings/{full.call.pk.hex}.pcm"]


def test_a_writer_at_work_does_not_tear_it(full: Full, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call in it has its whole log, and every entry its call, though rows come in all the time."""
    stopped, written = threading.Event(), []

    def write() -> None:
        with business_scope(full.business):
            while not stopped.is_set():
                with transaction.atomic():
                    call = ended_call(full.rep)
                    CallEvent.objects.filter(call=call, seq=call.last_seq).delete()
                    Call.objects.filter(pk=call.pk).update(last_seq=call.last_seq - 1)
                written.append(call.pk)
        connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert wait_until(lambda: len(written) > 3, seconds=30)

        class AfterEachTable:
            def begin(self, what: str, count: int) -> None: ...

            def step(self) -> None:
                seen = len(written)
                assert wait_until(lambda: len(written) > seen, seconds=30)

        archive = export_business(full.business, steps=AfterEachTable()).path
    finally:
        stopped.set()
        writer.join(30)
    calls = {row["id"]: row["last_seq"] for row in lines(archive, "calls.call")}
    numbers: dict[str, list[int]] = {}
    for row in lines(archive, "calls.callevent"):
        numbers.setdefault(row["call_id"], []).append(row["seq"])
    assert 3 < len(calls) < len(written)
    assert {key: list(range(1, last + 1)) for key, last in calls.items()} == {
        key: sorted(seqs) for key, seqs in numbers.items()
    }


# What goes wrong ---------------------------------------------------------------------------------------


def exporting(to: Path, *, before: Sequence[str] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*before, sys.executable, "manage.py", "export_business", "acme", "--to", str(to)],
        cwd=services.ROOT,
        env={**os.environ, "AUDIO_STORAGE_URL": f"file://{storage_root()}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, Sequence[str]]]:
    """A folder with little room, and what goes before a command to have as little where none can be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        yield folder, ()
        subprocess.run(["umount", str(folder)], check=True)
    else:
        yield folder, LITTLE_ROOM


def make_larger(full: Full) -> Path:
    """Sound that does not pack."""
    path = storage_root() / relative_path(full.business.id, full.call.pk)
    path.write_bytes(os.urandom(2_000_000))
    return path


@pytest.mark.sockets
def test_a_full_disk_is_said_and_leaves_nothing(full: Full, small_disk: tuple[Path, Sequence[str]]) -> None:
    make_larger(full)
    folder, before = small_disk
    running = exporting(folder, before=before)
    said, complaint = running.communicate(timeout=60)
    assert (running.returncode, said) == (1, "")
    assert f"There is no room for the archive in {folder}; nothing is left there. Make room" in complaint
    assert files_in(folder) == []
    with business_scope(full.business):
        assert not AuditLine.objects.filter(action="exported").exists()


@pytest.mark.sockets
def test_a_limit_on_files_is_a_full_disk_for_an_ordinary_user(full: Full, tmp_path: Path) -> None:
    make_larger(full)
    running = exporting(tmp_path / "acme.zip", before=LITTLE_ROOM)
    assert "There is no room for the archive" in running.communicate(timeout=60)[1]
    assert not list(tmp_path.glob("*.zip")) + list(tmp_path.glob(".*"))


@pytest.mark.sockets
def test_a_killed_export_leaves_no_archive_and_the_next_one_works(full: Full, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    pipe = make_larger(full)
    pipe.unlink()
    os.mkfifo(pipe)  # whoever opens it waits, in the middle of the archive
    running = exporting(folder)
    assert wait_until(lambda: files_in(folder) == [".acme.part"], seconds=60)
    with pytest.raises(CommandError, match="Another export of acme is being written"):
        call_command("export_business", "acme", to=folder)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert files_in(folder) == [".acme.part"]
    pipe.unlink()
    call_command("export_business", "acme", to=folder)
    (made,) = files_in(folder)
    assert zipfile.ZipFile(folder / made).testzip() is None


def test_nothing_is_overwritten(full: Full, tmp_path: Path) -> None:
    (tmp_path / "acme.zip").write_text("mine", encoding="utf-8")
    with pytest.raises(CommandError, match="exists already"):
        call_command("export_business", "acme", to=tmp_path / "acme.zip")
    assert (tmp_path / "acme.zip").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_is_not_there_and_a_business_that_is_not_are_refused(full: Full, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="can not be written: No such file"):
        call_command("export_business", "acme", to=tmp_path / "no" / "where.zip")
    with pytest.raises(CommandError, match="There is no business 'nobody'"):
        call_command("export_business", "nobody")


def test_a_business_that_waits_for_migrations_is_not_exported(full: Full, as_owner: OwnerProcess) -> None:
    ran = as_owner.run("export_business", "acme", is_upgraded=True)
    assert ran.status == 1
    assert "acme is behind this version. Run migrate_behind first." in ran.err


def test_a_business_lost_in_the_middle_leaves_nothing(full: Full, folders: Path) -> None:
    """The database ends the connection while it is read."""

    class Cut:
        def begin(self, what: str, count: int) -> None: ...

        def step(self) -> None:
            with owner.connect(os.environ[services.ADMIN_URL]) as admin:
                pid = connection.connection.info.backend_pid
                admin.execute("SELECT pg_terminate_backend(%s)", [pid])

    with pytest.raises(ArchiveNotWritten, match="The database ended it"):
        export_business(full.business, steps=Cut())
    assert files_in(folders / "exports") == []
