"""Reading an archive that may be damaged or forged: nothing in it is believed before it was compared.

What the manifest says are limits: no file is read further than its size there, and none that it does not name.
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tenants.archive import manifest as manifests
from tenants.archive.errors import ArchiveRefused
from tenants.archive.manifest import Entry, Manifest
from tenants.archive.progress import Steps

PORTION_BYTES = 1024 * 1024
MOST_LINE_BYTES = 256 * 1024 * 1024
_ENCRYPTED = 0x1
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# All that reading a damaged zip raises: tests/archive/test_reading.py.
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError, OSError)


class ArchiveReader:
    """An archive whose list of files is the manifest's. Their content is compared while it is read."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._zip = archive
        rendered = self._manifest_text()
        self.manifest: Manifest = manifests.parse(rendered)
        self.fingerprint = manifests.fingerprint(rendered)
        self._entries = {entry.path: entry for entry in self.manifest.entries}
        self._compare_names()

    def verify(self, steps: Steps) -> None:
        """Reads everything once. Raises `ArchiveRefused`, with the name of the first file that is not as written."""
        steps.begin("Checking", len(self.manifest.entries))
        for entry in self.manifest.entries:
            for _ in self.portions(entry):
                pass
            steps.step()

    def entry(self, path: str) -> Entry:
        """Raises `KeyError`."""
        return self._entries[path]

    def portions(self, entry: Entry) -> Iterator[bytes]:
        """At most the bytes that the manifest tells of. Raises `ArchiveRefused` at the end when they are others."""
        digest, left = hashlib.sha256(), entry.bytes
        try:
            with self._zip.open(entry.path) as file:
                while portion := file.read(min(PORTION_BYTES, left + 1)):
                    left -= len(portion)
                    if left < 0:
                        break
                    digest.update(portion)
                    yield portion
        except _DAMAGE as error:
            raise _changed(entry.path) from error
        if left or digest.hexdigest() != entry.sha256:
            raise _changed(entry.path)

    def lines(self, entry: Entry) -> Iterator[bytes]:
        """Without their ends. Raises `ArchiveRefused` as `portions` does, and for a line without an end."""
        rest = b""
        for portion in self.portions(entry):
            *whole, rest = (rest + portion).split(b"\n")
            yield from whole
            if len(rest) > MOST_LINE_BYTES:
                raise _changed(entry.path)
        if rest:
            raise _changed(entry.path)

    def _manifest_text(self) -> bytes:
        try:
            info = self._zip.getinfo(manifests.NAME)
        except KeyError:
            raise ArchiveRefused(
                f"There is no {manifests.NAME} in it: it is not an archive of export_business, or not the whole of it."
            ) from None
        if info.file_size > manifests.MOST_BYTES:
            raise ArchiveRefused(f"{manifests.NAME} is larger than any archive's.")
        try:
            return self._zip.read(info)
        except _DAMAGE as error:
            raise _changed(manifests.NAME) from error

    def _compare_names(self) -> None:
        seen = set[str]()
        for info in self._zip.infolist():
            name = info.filename
            if name in seen:
                raise ArchiveRefused(f"{_shown(name)} is in the archive twice.")
            seen.add(name)
            if name == manifests.NAME:
                continue
            if name not in self._entries:
                raise ArchiveRefused(f"{_shown(name)} is in the archive, but not in its {manifests.NAME}.")
            is_odd = info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS
            if is_odd or info.file_size != self._entries[name].bytes:
                raise _changed(name)
        if lacking := next((path for path in self._entries if path not in seen), ""):
            raise ArchiveRefused(f"{lacking} is missing from the archive. Take another copy.")


@contextmanager
def open_archive(path: Path) -> Iterator[ArchiveReader]:
    """Raises `ArchiveRefused` where it is no archive, or where its list of files is not as written."""
    try:
        file: IO[bytes] = path.open("rb")
    except OSError as error:
        raise ArchiveRefused(f"{path} can not be read: {error.strerror}.") from error
    with file:
        try:
            archive = zipfile.ZipFile(file)
        except _DAMAGE as error:
            raise ArchiveRefused(f"{path} is not a whole archive. Take another copy.") from error
        with archive:
            yield ArchiveReader(archive)


def _changed(name: str) -> ArchiveRefused:
    return ArchiveRefused(f"{_shown(name)} is not as it was written. Take another copy of the archive.")


def _shown(name: str) -> str:
    """It may be anything, and goes to a terminal."""
    return name[:200] if name.isprintable() else repr(name[:200])
