"""The run for people: what was done, what grew, what was left."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from bench.endurance.verdict import Rest, Trend


def show(trends: list[Trend], rests: list[Rest], content: dict[str, Any]) -> None:
    console = Console(width=140)
    done = Table(title=f"{content['calls']} calls at once for {content['minutes']:g} minutes, {content['recording']}")
    done.add_column("")
    done.add_column("", justify="right")
    for name, count in sorted(content["counts"].items()):
        done.add_row(name, f"{count:,}")
    console.print(done)
    console.print(_trends(trends))
    console.print(_rests(rests))
    for when, held in zip(("before", "after"), content["allocator"], strict=True):
        console.print(
            f"The web process's allocator, {when}: {held['in use']:.1f} MB in use, {held['kept free']:.1f} free."
        )
    about = content["machine"]
    console.print(
        f"{about['cpu']}, {about['cores']} cores; load average {about['load_average']} before, "
        f"{content['load_average']['median']} in the middle, {content['load_average']['most']} at most."
    )


def _trends(trends: list[Trend]) -> Table:
    table = Table(title="While calls come and go: per hour (memory in MB), with 95 % confidence")
    for name in ("", "slope", "from", "to", "at most", ""):
        table.add_column(name, justify="right" if name else "left")
    for trend in trends:
        slope = trend.slope
        cells = [f"{value:+.2f}" for value in (slope.per_hour, slope.low, slope.high)]
        table.add_row(trend.name, *cells, f"{trend.limit:.2f}", "" if trend.holds else "GROWS")
    return table


def _rests(rests: list[Rest]) -> Table:
    table = Table(title="At rest: before the calls, and a quiet minute after the last")
    for name in ("", "before", "after", "tolerance", ""):
        table.add_column(name, justify="right" if name else "left")
    for rest in rests:
        cells = [f"{value:g}" for value in (rest.before, rest.after, rest.tolerance)]
        table.add_row(rest.name, *cells, "" if rest.holds else "LEFT")
    return table
