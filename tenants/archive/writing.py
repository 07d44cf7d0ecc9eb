"""Writing an archive: a zip under a temporary name, which gets its own name only when all of it is on the disk."""

from __future__ import annotations

import fcntl
import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tenants.archive.errors import NO_ROOM, ArchiveNotWritten
from tenants.archive.manifest import NAME, Entry, Manifest, fingerprint

# Of 1 to 9: more would take several times as long and save a few percent.
LEVEL = 1


class ArchiveWriter:
    """Adds files one after the other; nothing of them is kept in memory. Not for several threads."""

    def __init__(self, file: IO[bytes], part: Path, target: Path) -> None:
        self._file = file
        self._part = part
        self._target = target
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)
        self.entries: list[Entry] = []

    def add(self, path: str, portions: Iterable[bytes], *, is_table: bool = False, next_id: int | None = None) -> None:
        """`portions` of a table are its lines."""
        size, count, digest = 0, 0, hashlib.sha256()
        with self._zip.open(path, "w", force_zip64=True) as out:
            for portion in portions:
                out.write(portion)
                digest.update(portion)
                size, count = size + len(portion), count + 1
        self.entries.append(Entry(path, size, digest.hexdigest(), count if is_table else None, next_id))

    def finish(self, manifest: Manifest) -> str:
        """Writes the manifest, and waits until the disk has everything. Returns the fingerprint."""
        rendered = manifest.render()
        self._zip.writestr(NAME, rendered)
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        return fingerprint(rendered)

    def publish(self) -> None:
        """Gives it its name, which lasts."""
        if self._target.exists():
            raise ArchiveNotWritten(f"{self._target} has come to be meanwhile. Name another file with --to.")
        self._part.rename(self._target)
        folder = os.open(self._target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def abandon(self) -> None:
        # Else it would write its directory when it is collected.
        self._zip.fp = None
        with suppress(OSError):  # what waits to be written finds no room
            self._file.close()
        self._part.unlink(missing_ok=True)


@contextmanager
def archive_at(target: Path, *, name: str) -> Iterator[ArchiveWriter]:
    """A writer whose file is gone unless it was published. A killed one leaves `.<name>.part`, which the next uses.

    Raises `ArchiveNotWritten`: the file exists, another process writes into this folder for `name`, or the disk
    refuses.
    """
    part = target.parent / f".{name}.part"
    try:
        if target.exists():
            raise ArchiveNotWritten(f"{target} exists already. Name another file with --to.")
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        file = os.fdopen(handle, "w+b")
    except OSError as error:
        raise ArchiveNotWritten(_reason(error, target)) from error
    if not _is_ours(file, part):
        file.close()
        raise ArchiveNotWritten(f"Another export of {name} is being written to {target.parent}.")
    writer = ArchiveWriter(file, part, target)
    try:
        file.truncate(0)
        yield writer
        file.close()
    except OSError as error:
        raise ArchiveNotWritten(_reason(error, target)) from error
    finally:
        if not file.closed:
            writer.abandon()


def _is_ours(file: IO[bytes], part: Path) -> bool:
    """Locked, and still the file of this name: whoever held it before may have published it since it was opened."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(part.stat(), os.fstat(file.fileno()))
    except (BlockingIOError, FileNotFoundError):
        return False


def _reason(error: OSError, target: Path) -> str:
    if error.errno in NO_ROOM:
        return (
            f"There is no room for the archive in {target.parent}; nothing is left there. Make room, or name another "
            "place with --to."
        )
    return f"{target.parent} can not be written: {error.strerror}. Name another place with --to."
