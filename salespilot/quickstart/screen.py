"""What `make run` shows: a spinner and one framed page at a terminal, plain lines elsewhere. Never a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel


class Screen:
    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Shows `doing` while the block runs."""
        if self._console.is_terminal:
            with self._console.status(escape(doing)):
                yield
            self._console.print(f"[green]✓[/] {escape(doing)}")
        else:
            self.say(f"{doing} …")
            yield

    def say(self, text: str) -> None:
        # Soft wrap: addresses and paths stay whole, and pipes get one line per sentence.
        self._console.print(escape(text), soft_wrap=True)

    def warn(self, text: str) -> None:
        self._console.print(f"[yellow]![/] {escape(text)}", soft_wrap=True)

    def fail(self, text: str) -> None:
        self._console.print(f"[red]✗[/] {escape(text)}", soft_wrap=True)

    def page(self, title: str, lines: list[str]) -> None:
        longest = max(map(len, lines))
        if self._console.is_terminal and self._console.width >= longest + 6:
            self._console.print(Panel(escape("\n".join(lines)), title=title, expand=False, padding=(1, 2)))
        else:
            self.say("\n".join(["", title, "", *lines, ""]))
