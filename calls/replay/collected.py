"""What a replay saw: pure bookkeeping of events and of how long each stage took."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from calls.speech.base import SAMPLES_PER_MS

Clock = Callable[[], float]


@dataclass(slots=True)
class Timeline:
    """When each part of the audio was first sent: `(through_sample, at_s)`, both growing."""

    marks: list[tuple[int, float]] = field(default_factory=list)

    def sent(self, through_sample: int, at_s: float) -> None:
        """Audio before `through_sample` is sent. Sending it again changes nothing."""
        if not self.marks or through_sample > self.marks[-1][0]:
            self.marks.append((through_sample, at_s))

    def since(self, sample: int, now_s: float) -> float | None:
        """Milliseconds between sending the instant `sample` and `now_s`; None when it was not sent yet."""
        low, high = 0, len(self.marks)
        while low < high:
            middle = (low + high) // 2
            if self.marks[middle][0] < sample:
                low = middle + 1
            else:
                high = middle
        return None if low == len(self.marks) else (now_s - self.marks[low][1]) * 1_000


@dataclass(slots=True)
class Collected:
    """Everything that came back, in order, each event once."""

    clock: Clock
    timeline: Timeline = field(default_factory=Timeline)
    events: list[dict[str, Any]] = field(default_factory=list)
    last_seq: int = 0
    epoch: int = 0
    acked_samples: int = 0
    reconnects: int = 0
    latencies_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def acked(self, samples: int) -> None:
        if samples > self.acked_samples:
            self.acked_samples = samples
            self._note("uplink_ack", samples)

    def took(self, message: Mapping[str, Any]) -> None:
        """One message of the events socket. Events that were seen already are skipped."""
        if message.get("type") == "interim":
            self._note("interim", int(message["end_ms"]) * SAMPLES_PER_MS)
        if message.get("type") in {"epoch", "rewind"}:
            self._turn(message)
        if message.get("type") != "event" or int(message["seq"]) <= self.last_seq:
            return
        self.last_seq = int(message["seq"])
        self.events.append(dict(message))
        self._note_event(str(message["kind"]), message["payload"])

    def _turn(self, message: Mapping[str, Any]) -> None:
        """Another owner numbers the events; what the former one told and never saved is dropped."""
        self.epoch = int(message["epoch"])
        if message["type"] == "rewind":
            self.last_seq = min(self.last_seq, int(message["seq"]))
            self.events = [event for event in self.events if event["seq"] <= self.last_seq]

    def _note_event(self, kind: str, payload: Mapping[str, Any]) -> None:
        if kind == "line" and not payload["recovered"]:
            self._note("final", int(payload["end_ms"]) * SAMPLES_PER_MS)
        elif kind == "card":
            self._note(f"card_{payload['lane']}", int(payload["trigger_end_ms"]) * SAMPLES_PER_MS)

    def _note(self, stage: str, sample: int) -> None:
        waited_ms = self.timeline.since(sample, self.clock())
        if waited_ms is not None:
            self.latencies_ms[stage].append(waited_ms)

    def payloads(self, kind: str) -> list[dict[str, Any]]:
        return [event["payload"] for event in self.events if event["kind"] == kind]

    def has_ended(self) -> bool:
        return any(event["kind"] == "call_ended" for event in self.events)


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 by nearest rank, in the unit of `values`, and how many there were."""
    ordered = sorted(values)
    found = {
        f"p{share}": round(ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)], 1)
        for share in (50, 95, 99)
        if ordered
    }
    return {**found, "n": len(ordered)}


def summary(collected: Collected) -> dict[str, Any]:
    """The part of the answer that the wire told: lines by side, signals, cards, latencies."""
    lines = collected.payloads("line")
    cards = {card["id"]: card for card in collected.payloads("card")}
    moments = {moment["id"]: moment for moment in collected.payloads("moment")}
    return {
        "lines": {side: [line for line in lines if line["channel"] == side] for side in ("rep", "customer")},
        "signals": collected.payloads("signal"),
        "moments": list(moments.values()),
        "cards": list(cards.values()),
        "gaps": collected.payloads("gap"),
        "rungs": [state["rung"] for state in collected.payloads("state")],
        "latency_ms": {stage: percentiles(values) for stage, values in sorted(collected.latencies_ms.items())},
        "reconnects": collected.reconnects,
    }
