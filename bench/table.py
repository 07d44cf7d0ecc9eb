"""The figures for people: one table, a row for each point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

STAGES = ("audio up", "interim down", "final down", "instant card", "model card, first words", "audio to ack (durable)")


def show(points: Sequence[dict[str, Any]], about: dict[str, Any]) -> None:
    table = Table(title="Added latency p50 / p95 / p99 in ms; CPU in ms per call-minute")
    for name in ("", "calls", *STAGES, "server CPU", "ratio", "database", "memory/call", "lost"):
        table.add_column(name, justify="left" if not name else "right")
    baselines = {point["calls"]: _server(point) for point in points if point["subject"] == "bare relay"}
    for point in points:
        table.add_row(
            point["subject"],
            str(point["calls"]),
            *(_latency(point["latency_ms"].get(stage)) for stage in STAGES),
            f"{_server(point):.0f}",
            _ratio(_server(point), baselines.get(point["calls"])),
            f"{point['cpu_ms_per_call_minute'].get('postgres', 0):.0f}",
            f"{point['memory_per_call_kb']:.0f} kB",
            str(point["frames_lost"]),
        )
    console = Console(width=200)
    console.print(table)
    console.print(
        f"{about['cpu']}, {about['cores']} cores, load average {about['load_average']}. The ratio is against the bare "
        "relay of the same run and the same number of calls. Simulated vendors and load run as processes of their own."
    )


def _server(point: dict[str, Any]) -> float:
    return float(point["cpu_ms_per_call_minute"]["server"])


def _ratio(value: float, baseline: float | None) -> str:
    return f"{value / baseline:.1f} x" if baseline else "-"


def _latency(values: dict[str, float] | None) -> str:
    if not values or not values.get("n"):
        return "-"
    return f"{values['p50']:.1f} / {values['p95']:.1f} / {values['p99']:.1f}"
