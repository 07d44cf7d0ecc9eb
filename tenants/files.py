"""Where the files of businesses lie: a registry of areas, so that moving or erasing a business forgets none.

An app that stores files registers its area when it is ready (`AppConfig.ready`); this module knows no app.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileArea:
    """One kind of files, of all businesses.

    `root()` is the folder of the whole installation. `paths()` names the files of the current business, relative to
    it and with `/`, as its rows name them: one of them may be missing. `folder(business_id)` is where they lie below
    the root, one folder for each business and nothing of another's in it. `columns` are the columns that hold such a
    path, as `app.model.field` in lower case; an empty value is no path.
    """

    name: str
    root: Callable[[], Path]
    paths: Callable[[], Iterable[str]]
    folder: Callable[[int], str]
    columns: tuple[str, ...]


_areas: dict[str, FileArea] = {}


def register(area: FileArea) -> None:
    """Once per process and area; a second area of the same name takes the place of the first."""
    _areas[area.name] = area


def file_areas() -> tuple[FileArea, ...]:
    """By name. Complete once Django's apps are ready."""
    return tuple(_areas[name] for name in sorted(_areas))
