"""The files of a business: every area's folder, its kept archives, and mails that were written as files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from tenants.files import file_areas

ARCHIVES = "kept archives"
MAILS = "mails as files"


@dataclass(frozen=True, slots=True)
class Place:
    """One folder that belongs to the business alone."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Found:
    files: int = 0
    bytes: int = 0

    def to_json(self) -> dict[str, int]:
        return {"files": self.files, "bytes": self.bytes}


class FilesLeft(RuntimeError):
    """Some files could not be removed: `left` names them with the reason. The others are gone; run it again."""

    retryable = True

    def __init__(self, left: Sequence[str]) -> None:
        shown = "; ".join(left[:5]) + ("; …" if len(left) > 5 else "")
        super().__init__(
            f"{len(left)} files could not be removed: {shown}. Mend that and run it again: it goes on where it stopped."
        )
        self.left = tuple(left)


def archives_folder(business_id: int) -> Path:
    return Path(settings.EXPORTS_DIR) / str(business_id)


def places(business_id: int) -> list[Place]:
    """Every folder of the business, whether it is there or not."""
    areas = [Place(area.name, area.root() / area.folder(business_id)) for area in file_areas()]
    return [*areas, Place(ARCHIVES, archives_folder(business_id))]


def measure(business_id: int, hosts: Sequence[str]) -> dict[str, dict[str, int]]:
    """Files and bytes by place; places without files are left out."""
    found = {place.name: _sum(_files(place.path)) for place in places(business_id)}
    found[MAILS] = _sum(mails_about(hosts))
    return {name: each.to_json() for name, each in found.items() if each.files}


def remove(business_id: int, hosts: Sequence[str]) -> None:
    """All of it. Raises `FilesLeft` after everything that can be removed is gone."""
    left: list[str] = []
    for place in places(business_id):
        left += _remove_tree(place.path)
    left += _remove_each(mails_about(hosts))
    if left:
        raise FilesLeft(left)


def measure_archives(business_id: int) -> Found:
    return _sum(_files(archives_folder(business_id)))


def remove_mails(words: Sequence[str]) -> int:
    """Mails written as files that name one of `words`, an address for one. Raises `FilesLeft`."""
    mails = mails_about([], words)
    if left := _remove_each(mails):
        raise FilesLeft(left)
    return len(mails)


def remove_archives(business_id: int) -> Found:
    """The archives kept of the business; how many there were. Raises `FilesLeft`."""
    path = archives_folder(business_id)
    found = _sum(_files(path))
    if left := _remove_tree(path):
        raise FilesLeft(left)
    return found


def mails_about(hosts: Sequence[str], words: Sequence[str] = ()) -> list[Path]:
    """Mails written as files (MAIL_URL=file:…) that name one of the hosts in a link, or one of `words`.

    All businesses' mails lie in one folder; each of ours names the host it was sent for.
    """
    folder = settings.EMAIL_FILE_PATH
    signs = [*(f"//{host}".encode() for host in hosts), *(word.encode() for word in words if word)]
    if not folder or not signs or not Path(folder).is_dir():
        return []
    return [path for path in sorted(Path(folder).glob("*.eml")) if _names_one(path, signs)]


def _names_one(path: Path, signs: Iterable[bytes]) -> bool:
    try:
        # Quoted-printable breaks lines with "=\n" and writes "=" as "=3D".
        text = path.read_bytes().replace(b"=\r\n", b"").replace(b"=\n", b"").lower()
    except OSError:
        return False
    return any(_stands_alone(text, sign.lower()) for sign in signs)


def _stands_alone(text: bytes, sign: bytes) -> bool:
    """Not as the beginning of a longer host or word."""
    at = text.find(sign)
    while at >= 0:
        after = text[at + len(sign) : at + len(sign) + 1]
        if not (after.isalnum() or (after in {b".", b"-", b"_"} and text[at + len(sign) + 1 :][:1].isalnum())):
            return True
        at = text.find(sign, at + 1)
    return False


def _files(folder: Path) -> Iterator[Path]:
    """Of the folder, which may itself be a link to another disk. Links in it are files; where they lead is not."""
    if folder.is_dir():
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or not path.is_dir():
                yield path


def _sum(paths: Iterable[Path]) -> Found:
    sizes = [path.lstat().st_size for path in paths]
    return Found(len(sizes), sum(sizes))


def _remove_tree(folder: Path) -> list[str]:
    """What is left of it, with reasons; the folder itself goes when nothing is."""
    left = _remove_each(_files(folder))
    inner = [path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink()] if folder.is_dir() else []
    for path in [*sorted(inner, reverse=True), folder.resolve()]:
        _remove_folder(path, left)
    if folder.is_symlink():
        left += _remove_each([folder])
    return left


def _remove_each(paths: Iterable[Path]) -> list[str]:
    left = []
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            left.append(f"{path} ({error.strerror})")
    return left


def _remove_folder(path: Path, left: list[str]) -> None:
    try:
        path.rmdir()
    except FileNotFoundError:
        return
    except OSError as error:
        if not any(each.startswith(str(path)) for each in left):
            left.append(f"{path} ({error.strerror})")


def counted(found: Mapping[str, Mapping[str, int]]) -> int:
    return sum(each["files"] for each in found.values())
