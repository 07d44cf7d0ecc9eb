"""Files from an archive into the folders of a business that is being brought in, or nothing of them.

A business's number is given once and for all, so its folders are nobody else's. Before the first file a mark says which
folders those are: what a killed import left is found by it and removed by the next import of the same name.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db import DatabaseError, InterfaceError

from tenants.archive.errors import NO_ROOM, ArchiveRefused
from tenants.archive.manifest import Entry
from tenants.archive.progress import Steps
from tenants.archive.reading import ArchiveReader
from tenants.context import Business, public_scope
from tenants.files import FileArea, file_areas
from tenants.models import Tenant

MARKS = ".arriving"
"""The folder of marks below each area's root."""


@contextmanager
def placed(reader: ArchiveReader, business: Business, steps: Steps) -> Iterator[None]:
    """All files of the archive in place and on the disk; gone again when the caller's business does not come to be.

    Raises `ArchiveRefused` where there is no room, or an area that nobody here knows.
    """
    sorted_out = _by_area(reader)
    try:
        _place(reader, business, sorted_out, steps)
        yield
    finally:
        # Where the database can not be asked, the mark stays and the next import asks again.
        with suppress(DatabaseError, InterfaceError, OSError):
            clear(business.schema_name)


def clear(schema: str) -> int:
    """Removes what an import of `schema` left that came to no end. Returns how many folders went.

    Only while nobody else imports under this name (`schemas.schema_lock`).
    """
    removed = 0
    for area in file_areas():
        mark = _mark(area, schema)
        try:
            number = int(mark.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            continue
        with public_scope():
            has_come = Tenant.objects.filter(pk=number).exists()
        folder = area.root() / area.folder(number)
        if not has_come and folder.exists():
            shutil.rmtree(folder)
            removed += 1
        mark.unlink()
    return removed


def _by_area(reader: ArchiveReader) -> dict[str, list[Entry]]:
    known = {area.name for area in file_areas()}
    found: dict[str, list[Entry]] = {name: [] for name in known}
    for entry in reader.manifest.files:
        name = entry.path.split("/")[1]
        if name not in known or entry.path.count("/") < 2:
            raise ArchiveRefused(f"Nobody here knows what to do with {entry.path}.")
        found[name].append(entry)
    return found


def _place(reader: ArchiveReader, business: Business, found: dict[str, list[Entry]], steps: Steps) -> None:
    steps.begin("Files", len(reader.manifest.files))
    for area in file_areas():
        if not (entries := found[area.name]):
            continue
        root = area.root()
        folder = root / area.folder(business.id)
        try:
            _make_folder(root)
            if folder.exists():
                raise ArchiveRefused(f"{folder} is there already, and of no business. Move it away.")
            if sum(entry.bytes for entry in entries) > shutil.disk_usage(root).free:
                raise ArchiveRefused(_no_room(root))
            _set_mark(_mark(area, business.schema_name), business.id)
            for entry in entries:
                _write(reader, entry, folder / entry.path.removeprefix(f"files/{area.name}/"))
                steps.step()
        except OSError as error:
            refusal = f"{root} can not be written: {error.strerror}."
            raise ArchiveRefused(_no_room(root) if error.errno in NO_ROOM else refusal) from error


def _write(reader: ArchiveReader, entry: Entry, path: Path) -> None:
    _make_folder(path.parent)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        for portion in reader.portions(entry):
            file.write(portion)
        file.flush()
        os.fsync(handle)
    _hand_over(path)


def _make_folder(path: Path) -> None:
    if not path.is_dir():
        _make_folder(path.parent)
        path.mkdir()
        _hand_over(path)


def _hand_over(path: Path) -> None:
    """What root brings in belongs to whoever has the folder above: the web server must be able to use it."""
    if os.geteuid() == 0:
        above = path.parent.stat()
        os.chown(path, above.st_uid, above.st_gid, follow_symlinks=False)


def _mark(area: FileArea, schema: str) -> Path:
    return area.root() / MARKS / schema


def _set_mark(mark: Path, number: int) -> None:
    """On the disk before the first file is."""
    _make_folder(mark.parent)
    with mark.open("w", encoding="ascii") as file:
        file.write(str(number))
        file.flush()
        os.fsync(file.fileno())
    _hand_over(mark)
    folder = os.open(mark.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _no_room(root: Path) -> str:
    return f"There is no room for the files in {root}; nothing of them is left there. Make room and import again."
