"""manifest.json: what an archive holds. Its format, written and read strictly. No files and no database here."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from tenants.archive.errors import ArchiveRefused

NAME = "manifest.json"
FORMAT = 1
"""Grows when an older reader would misunderstand what is written."""
MOST_BYTES = 256 * 1024 * 1024
_PART = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
FILE_PATH = rf"{_PART}(?:/{_PART})*"
"""A path below a folder that can not leave it, as a regular expression for Python and Postgres alike."""
_ENTRY_PATH = re.compile(rf"(?:data/[a-z0-9_]+\.[a-z0-9_]+\.jsonl|csv/[a-z0-9_]+\.[a-z0-9_]+\.csv|files/{FILE_PATH})")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the archive. `rows` of tables only; `next_id` of tables that number their rows."""

    path: str
    bytes: int
    sha256: str
    rows: int | None = None
    next_id: int | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The business as it was called where it was taken out."""

    id: int
    schema: str
    name: str
    trade: str


@dataclass(frozen=True, slots=True)
class Host:
    name: str
    is_verified: bool
    is_primary: bool


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """A secret that stays where it was: how often there was one, and what has to be done about it."""

    what: str
    count: int
    then: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`heads` is the newest migration of each app; `missing` are files that rows name and that were not there."""

    product_version: str
    made_at: str
    business: Origin
    hosts: tuple[Host, ...]
    heads: Mapping[str, str]
    left_behind: tuple[LeftBehind, ...]
    missing: tuple[str, ...]
    entries: tuple[Entry, ...]

    @property
    def rows(self) -> int:
        return sum(entry.rows or 0 for entry in self.entries if entry.path.startswith("data/"))

    @property
    def files(self) -> tuple[Entry, ...]:
        """Those that stand in no table: pictures, recordings."""
        return tuple(entry for entry in self.entries if entry.path.startswith("files/"))

    @property
    def total_bytes(self) -> int:
        """Of all entries, unpacked."""
        return sum(entry.bytes for entry in self.entries)

    def render(self) -> bytes:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False).encode()


def fingerprint(rendered: bytes) -> str:
    """One number for a whole archive: the manifest holds the hash of everything else."""
    return hashlib.sha256(rendered).hexdigest()


def parse(rendered: bytes) -> Manifest:
    """Raises `ArchiveRefused` for a newer format, for anything that is not as `render` writes it, and for odd paths."""
    try:
        content = json.loads(rendered)
        version = _typed(content["format"], int)
        if version > FORMAT:
            raise ArchiveRefused(
                f"The archive was made by a newer version of Sales Pilot (format {version}, this one reads {FORMAT}). "
                "Upgrade this installation first."
            )
        manifest = _manifest(content)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, ArchiveRefused):
            raise
        raise ArchiveRefused(f"{NAME} is not as it was written. Take another copy of the archive.") from error
    paths = [entry.path for entry in manifest.entries]
    if odd := next((path for path in paths if not _ENTRY_PATH.fullmatch(path)), ""):
        raise ArchiveRefused(f"{NAME} names a path that no archive has: {odd[:200]!r}.")
    if len(set(paths)) != len(paths):
        raise ArchiveRefused(f"{NAME} names a file twice.")
    return manifest


def _manifest(content: dict[str, Any]) -> Manifest:
    return Manifest(
        product_version=_typed(content["product_version"], str),
        made_at=_typed(content["made_at"], str),
        business=_record(Origin, content["business"], id=int, schema=str, name=str, trade=str),
        hosts=tuple(_record(Host, each, name=str, is_verified=bool, is_primary=bool) for each in content["hosts"]),
        heads={_typed(app, str): _typed(name, str) for app, name in content["heads"].items()},
        left_behind=tuple(_record(LeftBehind, each, what=str, count=int, then=str) for each in content["left_behind"]),
        missing=tuple(_typed(path, str) for path in content["missing"]),
        entries=tuple(_entry(each) for each in content["entries"]),
    )


def _entry(content: dict[str, Any]) -> Entry:
    rows, next_id = content["rows"], content["next_id"]
    entry = Entry(
        path=_typed(content["path"], str),
        bytes=_typed(content["bytes"], int),
        sha256=_typed(content["sha256"], str),
        rows=None if rows is None else _typed(rows, int),
        next_id=None if next_id is None else _typed(next_id, int),
    )
    if entry.bytes < 0 or (entry.rows or 0) < 0 or (entry.next_id or 1) < 1:
        raise ValueError(entry.path)
    return entry


def _record(kind: type[T], content: dict[str, Any], **fields: type) -> T:
    return kind(**{name: _typed(content[name], of) for name, of in fields.items()})


def _typed(value: Any, kind: type[T]) -> T:
    """`True` is no number here."""
    if type(value) is not kind:
        raise TypeError(kind.__name__)
    return value
