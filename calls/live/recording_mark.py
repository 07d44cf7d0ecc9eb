"""Beside each recording a small file says who may write to it, and how far it is whole where its size would lie.

`<epoch> <whole through, or ->`. An owner that was stopped and goes on after another one took over, or after the call
was ended, silenced or deleted, finds a newer epoch or no mark, and writes nothing. A recording out of which the disk
has lost a piece keeps its size: zeros lie where nothing was written. So the piece before the first hole is noted.
Between looking and writing lie microseconds in which a stop is not noticed: no lock can be had that a stopped owner
would not hold for ever.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mark:
    """`whole_through` in samples; None when the size of the file tells."""

    epoch: int
    whole_through: int | None = None


def mark_path(path: Path) -> Path:
    return path.with_suffix(".mark")


def read_mark(path: Path) -> Mark | None:
    """Of the recording at `path`; None when there is none or it says nothing. Raises `OSError` for a broken disk."""
    try:
        epoch, whole = mark_path(path).read_text(encoding="ascii").split()
        return Mark(int(epoch), None if whole == "-" else int(whole))
    except (FileNotFoundError, ValueError):
        return None


def write_mark(path: Path, mark: Mark) -> None:
    """Whole or not at all, and on the disk when this returns. Raises `OSError`."""
    target = mark_path(path)
    part = target.with_suffix(f".{mark.epoch}.part")
    whole = "-" if mark.whole_through is None else str(mark.whole_through)
    with part.open("w", encoding="ascii") as file:
        file.write(f"{mark.epoch} {whole}\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)


def claim(path: Path, epoch: int) -> Mark:
    """Nobody of an older epoch writes from here on. What was noted of holes stays. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = read_mark(path)
    mark = Mark(epoch, before.whole_through if before is not None else None)
    if before is None or before.epoch < epoch:
        write_mark(path, mark)
    return mark


def shut(path: Path, epoch: int) -> None:
    """As `claim`, where a recording is to be changed after its call. Nothing where there is no recording."""
    if path.exists():
        claim(path, epoch)


def remove(path: Path) -> None:
    """The recording and its mark; an owner that is still there does not make it anew. Raises `OSError`."""
    path.unlink(missing_ok=True)
    mark_path(path).unlink(missing_ok=True)
    for part in path.parent.glob(f"{path.stem}.*.part"):
        with suppress(FileNotFoundError):
            part.unlink()
