"""The fault table for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.faults.scene import Result

COLUMNS = ("lasted", "lost", "missing live", "help after", "again after mend", "whole after mend", "take-over", "")


def show(results: Sequence[Result], *, width: int = 190) -> None:
    table = Table(title="What each fault cost, in seconds")
    table.add_column("fault")
    for name in COLUMNS:
        table.add_column(name, justify="right")
    table.add_column("ladder")
    for result in results:
        table.add_row(
            result.fault,
            f"{result.lasted_s:.0f}",
            f"{result.account.lost_s:.1f}",
            "0.0" if result.whole_s is not None else "some",
            *(_seconds(value) for value in (result.help_s, result.again_s, result.whole_s, result.takeover_s)),
            "kept" if result.is_kept else "BROKEN",
            " ".join(rung for rung in result.rungs if rung != "full"),
        )
    console = Console(width=width)
    console.print(table)
    for result in results:
        for breach in result.breaches:
            console.print(f"{result.fault}: {breach}", highlight=False)


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
