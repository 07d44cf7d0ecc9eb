"""How far an export or an import is: for the terminal, or for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Steps(Protocol):
    """`begin(what, count)` opens a stretch of `count` steps, `step()` is one of them done."""

    def begin(self, what: str, count: int) -> None: ...

    def step(self) -> None: ...


class Silent:
    """For programs and tests."""

    def begin(self, what: str, count: int) -> None: ...

    def step(self) -> None: ...


class _Bar:
    """One line for each stretch."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = None if progress.disable else progress.add_task("", total=None, visible=False)

    def begin(self, what: str, count: int) -> None:
        if self._task is not None:
            self._task = self._progress.add_task(what, total=count)

    def step(self) -> None:
        if self._task is not None:
            self._progress.advance(self._task)


@contextmanager
def bar() -> Iterator[Steps]:
    """On the terminal only, and on stderr: what was done is what a pipe gets."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield _Bar(progress)
