"""What is not as it was written is not taken, in words that name it, and nothing of it is left."""

from __future__ import annotations

import json
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from tenants.archive.arrival import import_business
from tenants.context import public_scope
from tests.archive.elsewhere import Installation
from tests.archive.full import Full
from tests.archive.tampering import Contents, changed, contents, said
from tests.tenants.upgrades import OwnerProcess

pytestmark = pytest.mark.sockets  # another installation, to which each archive is really given
SOUND = "files/recordings/"


@pytest.fixture(autouse=True)
def nothing_is_left(elsewhere: Installation) -> Iterator[None]:
    yield
    assert elsewhere.left_of("acme") == []


def refused(elsewhere: Installation, archive: Path, *options: str) -> str:
    ran = elsewhere.run("import_business", str(archive), *options)
    assert ran.status == 1, ran.out
    return ran.err


def flip(files: Contents, name: str) -> None:
    content = bytearray(files[name])
    content[len(content) // 2] ^= 1
    files[name] = bytes(content)


def sound_of(archive: Path) -> str:
    return next(name for name in contents(archive) if name.startswith(SOUND))


@pytest.mark.parametrize("name", ["data/calls.callevent.jsonl", "csv/calls.call.csv", SOUND])
def test_a_changed_byte(archive: Path, elsewhere: Installation, name: str) -> None:
    if name == SOUND:
        name = sound_of(archive)
    changed_one = changed(archive, lambda files: flip(files, name))
    assert refused(elsewhere, changed_one) == f"{name} is not as it was written. Take another copy of the archive."


def test_a_byte_that_changed_on_the_disk(archive: Path, elsewhere: Installation) -> None:
    content = bytearray(archive.read_bytes())
    content[len(content) // 3] ^= 1
    archive.write_bytes(content)
    assert "is not as it was written" in refused(elsewhere, archive)


def test_an_archive_that_was_cut(archive: Path, elsewhere: Installation) -> None:
    archive.write_bytes(archive.read_bytes()[:-5000])
    assert "is not a whole archive" in refused(elsewhere, archive)
    archive.write_bytes(b"no zip at all")
    assert "is not a whole archive" in refused(elsewhere, archive)
    archive.unlink()
    assert "can not be read: No such file" in refused(elsewhere, archive)


def test_a_missing_file(archive: Path, elsewhere: Installation) -> None:
    name = sound_of(archive)
    assert refused(elsewhere, changed(archive, lambda files: files.pop(name))).startswith(
        f"{name} is missing from the archive"
    )
    without = changed(archive, lambda files: files.pop("manifest.json"))
    assert "There is no manifest.json in it" in refused(elsewhere, without)


@pytest.mark.parametrize(
    "name", ["files/recordings/more.pcm", "../../outside.txt", "/etc/outside", "files/", "a\x1b[2Jb"]
)
def test_a_file_that_the_manifest_does_not_name(archive: Path, elsewhere: Installation, name: str) -> None:
    more = changed(archive, lambda files: files.update({name: b"more"}))
    complaint = refused(elsewhere, more)
    assert "is in the archive, but not in its manifest.json" in complaint
    assert "\x1b" not in complaint


def test_a_file_that_is_there_twice(archive: Path, elsewhere: Installation) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(archive, "a") as file:
        file.writestr("data/members.member.jsonl", b"{}")
    assert refused(elsewhere, archive) == "data/members.member.jsonl is in the archive twice."


@pytest.mark.parametrize(
    "path",
    [
        *("files/recordings/../../../outside", "/etc/outside", "files/recordings/a\\..\\b", "files/recordings//a"),
        *("files/recordings/.hidden/a", "data/x.jsonl", "files/recordings/a\n", "C:/a"),
    ],
)
def test_a_path_that_leaves_its_place(archive: Path, elsewhere: Installation, path: str) -> None:
    def lead_out(files: Contents) -> None:
        manifest = json.loads(files["manifest.json"])
        entry = next(each for each in manifest["entries"] if each["path"].startswith(SOUND))
        files[path] = files.pop(entry["path"])
        entry["path"] = path
        files["manifest.json"] = json.dumps(manifest).encode()

    assert "names a path that no archive has" in refused(elsewhere, changed(archive, lead_out, is_signed=True))


def test_an_area_that_nobody_knows(archive: Path, elsewhere: Installation) -> None:
    def elsewhere_to(files: Contents) -> None:
        files["manifest.json"] = files["manifest.json"].replace(b"files/recordings/", b"files/secrets/")
        name = next(name for name in files if name.startswith(SOUND))
        files[name.replace("recordings", "secrets")] = files.pop(name)

    assert "Nobody here knows what to do with files/secrets/" in refused(elsewhere, changed(archive, elsewhere_to))


def test_more_bytes_than_the_manifest_says(archive: Path, elsewhere: Installation) -> None:
    """The directory of the zip says as little as the manifest; what unpacks is far more."""
    name = sound_of(archive)

    def swell(files: Contents) -> None:
        files[name] = bytes(50_000_000)

    bomb = changed(archive, swell)
    data = bytearray(bomb.read_bytes())
    declared = next(
        each["bytes"] for each in json.loads(contents(bomb)["manifest.json"])["entries"] if each["path"] == name
    )
    swollen = struct.pack("<L", 50_000_000)
    while (at := data.find(swollen)) >= 0:
        data[at : at + 4] = struct.pack("<L", declared)
    bomb.write_bytes(data)
    assert refused(elsewhere, bomb) == f"{name} is not as it was written. Take another copy of the archive."


@pytest.mark.parametrize(
    ("facts", "complaint"),
    [
        ({"format": 2}, "was made by a newer version of Sales Pilot (format 2, this one reads 1). Upgrade this"),
        ({"format": "1"}, "manifest.json is not as it was written"),
        ({"entries": None}, "manifest.json is not as it was written"),
        ({"business": {"id": True, "schema": "acme", "name": "", "trade": ""}}, "manifest.json is not as it was"),
    ],
)
def test_a_manifest_of_another_kind(archive: Path, elsewhere: Installation, facts: Any, complaint: str) -> None:
    assert complaint in refused(elsewhere, changed(archive, lambda files: said(files, **facts)))


# Other tables ------------------------------------------------------------------------------------------


def test_an_archive_of_older_tables_says_which_side_to_upgrade(archive: Path, as_owner: OwnerProcess) -> None:
    ran = as_owner.run("import_business", str(archive), "--schema", "moved", is_upgraded=True)
    assert "there, 9001_later here)" in ran.err
    assert "upgrade the installation it comes from, then export again" in ran.err


def test_an_archive_of_newer_tables_says_which_side_to_upgrade(archive: Path, elsewhere: Installation) -> None:
    heads = json.loads(contents(archive)["manifest.json"])["heads"] | {"calls": "0002_later"}
    complaint = refused(elsewhere, changed(archive, lambda files: said(files, heads=heads)))
    assert "(calls: 0002_later there, 0001_initial here)" in complaint
    assert "upgrade this installation, then import again" in complaint


def test_a_table_that_the_archive_does_not_have(archive: Path, elsewhere: Installation) -> None:
    def lose(files: Contents) -> None:
        manifest = json.loads(files["manifest.json"])
        manifest["entries"] = [each for each in manifest["entries"] if "calls.gap" not in each["path"]]
        files["manifest.json"] = json.dumps(manifest).encode()
        del files["data/calls.gap.jsonl"], files["csv/calls.gap.csv"]

    assert "csv/calls.gap.csv is not in the archive" in refused(elsewhere, changed(archive, lose))


# Rows that lie, under a manifest that fits ---------------------------------------------------------------


def row(label: str, change: Callable[[dict[str, Any]], Any]) -> Callable[[Contents], None]:
    """The first row of a table, changed."""

    def apply(files: Contents) -> None:
        first, *rest = files[f"data/{label}.jsonl"].splitlines(keepends=True)
        content = json.loads(first)
        change(content)
        line = json.dumps(content, separators=(",", ":"), ensure_ascii=False)  # as Postgres writes it
        files[f"data/{label}.jsonl"] = b"".join([f"{line}\n".encode(), *rest])

    return apply


@pytest.mark.parametrize(
    ("label", "change", "complaint"),
    [
        ("calls.call", lambda it: it.update(member_id=4711), "The rows do not fit together: insert or update on table"),
        ("calls.call", lambda it: it.update(epoch=-1), "data/calls.call.jsonl can not be loaded: new row for relation"),
        ("calls.call", lambda it: it.update(unknown=1), "data/calls.call.jsonl would not be here what it was there"),
        ("members.member", lambda it: it.update(id="x"), "data/members.member.jsonl can not be loaded: invalid input"),
        (
            "house.branding",
            lambda it: it.update(colour=None),
            "data/house.branding.jsonl can not be loaded: null value",
        ),
    ],
)
def test_rows_that_do_not_fit(
    archive: Path, elsewhere: Installation, label: str, change: Callable[[dict[str, Any]], Any], complaint: str
) -> None:
    assert complaint in refused(elsewhere, changed(archive, row(label, change), is_signed=True))


@pytest.mark.parametrize("path", ["b1/theirs.pcm", "b{}/../b1/theirs.pcm", "/etc/passwd", "b{}/"])
def test_a_row_that_names_a_file_of_a_stranger(archive: Path, full: Full, elsewhere: Installation, path: str) -> None:
    """Business 1 there is another one: its recordings would be played here."""
    number = full.business.id
    said_to_be = 77  # so that b1 is nobody of the archive's

    def lie(files: Contents) -> None:
        row("calls.recording", lambda it: it.update(path=path.format(said_to_be)))(files)
        business = json.loads(files["manifest.json"])["business"] | {"id": said_to_be}
        said(files, business=business)
        brand = files["data/house.branding.jsonl"].replace(f"businesses/{number}/".encode(), b"businesses/77/")
        files["data/house.branding.jsonl"] = brand

    complaint = refused(elsewhere, changed(archive, lie, is_signed=True))
    assert "1 rows name files outside the business's folder (calls.recording.path)" in complaint


def test_rows_that_are_no_json(archive: Path, elsewhere: Installation) -> None:
    def spoil(files: Contents) -> None:
        files["data/calls.call.jsonl"] = b"no json\n"

    assert "data/calls.call.jsonl can not be loaded" in refused(elsewhere, changed(archive, spoil, is_signed=True))


# Who is there already, and who may not --------------------------------------------------------------------


def test_a_name_or_a_host_that_is_taken(archive: Path, elsewhere: Installation) -> None:
    assert "There is a business decoy here already" in refused(elsewhere, archive, "--schema", "decoy")
    assert "DECOY.localhost leads to another business here" in refused(elsewhere, archive, "--host", "DECOY.localhost")
    assert "at most 41" in refused(elsewhere, archive, "--schema", "pg_catalog")
    with elsewhere.connect() as there:
        there.execute("CREATE SCHEMA moved")
    assert "There is a business moved here already" in refused(elsewhere, archive, "--schema", "moved")


def test_a_folder_that_is_in_the_way(archive: Path, elsewhere: Installation) -> None:
    with elsewhere.connect() as there:
        (last,) = there.execute("SELECT last_value FROM tenants_tenant_id_seq").fetchone() or (0,)
    folder = elsewhere.var / "audio" / f"b{last + 1}"
    folder.mkdir(parents=True)
    (folder / "somebody.pcm").write_bytes(b"somebody's")
    assert f"{folder} is there already, and of no business" in refused(elsewhere, archive)
    assert (folder / "somebody.pcm").read_bytes() == b"somebody's"
    (folder / "somebody.pcm").unlink()


def test_the_application_brings_nobody_in(archive: Path) -> None:
    with public_scope(), pytest.raises(ImproperlyConfigured, match="made by the owner"):
        import_business(archive)
    with public_scope(), pytest.raises(CommandError, match="made by the owner"):
        call_command("import_business", archive)


def test_a_refused_archive_can_simply_be_brought_in_again(archive: Path, elsewhere: Installation) -> None:
    broken = changed(archive, row("calls.call", lambda it: it.update(member_id=4711)), is_signed=True)
    refused(elsewhere, broken, "--schema", "moved")
    ran = elsewhere.run("import_business", str(archive), "--schema", "moved")
    assert ran.status == 0, ran.err
    (sound,) = (elsewhere.var / "audio").rglob("*.pcm")
    assert stat.S_IMODE(sound.stat().st_mode) == 0o600
