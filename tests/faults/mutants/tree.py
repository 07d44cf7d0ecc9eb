"""A copy of the working tree, in which one mechanism at a time may be missing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.mutants.mutant import Mutant

ROOT = Path(__file__).resolve().parents[3]


def copy_tree(to: Path) -> Path:
    """All files that git knows or would take, as they stand now; the virtual environment as a link."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source = ROOT / name
        if source.is_file() and not source.is_symlink():
            target = to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    if not (to / ".venv").is_symlink():
        (to / ".venv").symlink_to((ROOT / ".venv").resolve())
    return to


@contextmanager
def without(mutant: Mutant, tree: Path) -> Iterator[None]:
    """`tree` without this one mechanism. Raises `ValueError` when the text is not as the record says."""
    path = tree / mutant.file
    before = path.read_text(encoding="utf-8")
    path.write_text(mutant.apply(before), encoding="utf-8")
    _forget_compiled(path)
    try:
        yield
    finally:
        path.write_text(before, encoding="utf-8")
        _forget_compiled(path)


def _forget_compiled(path: Path) -> None:
    """Of one second and one size, two texts look alike to Python."""
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        compiled.unlink()
