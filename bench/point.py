"""One point of the measurement: N calls for some seconds against one server, product or baseline."""

from __future__ import annotations

import json
import math
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from bench import machine
from bench.processes import Helper

SETTLE_S = 4.0


@dataclass(frozen=True)
class Subject:
    """What is measured. `groups` are the processes counted, by name; the first is the server itself."""

    name: str
    port: int
    authority: str
    key: str
    calls: list[dict[str, str]]
    groups: dict[str, list[int]]


@dataclass(frozen=True)
class Point:
    """The figures of one point. CPU in milliseconds per call-minute, latencies in milliseconds, memory in kB."""

    subject: str
    calls: int
    seconds: float
    latency_ms: dict[str, dict[str, float]]
    cpu_ms_per_call_minute: dict[str, float]
    memory_base_kb: int
    memory_per_call_kb: float
    counts: dict[str, int]
    frames_lost: int
    failed: list[str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(subject: Subject, *, seconds: float, speech_port: int, base_kb: int) -> Point:
    """Starts the load, lets it settle, measures for `seconds`, stops it."""
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "load.json"
        config.write_text(
            json.dumps(
                {
                    "authority": subject.authority,
                    "port": subject.port,
                    "key": subject.key,
                    "calls": subject.calls,
                    "ramp_s": 1.0,
                }
            )
        )
        with Helper("load", str(config)) as load:
            time.sleep(1.0 + SETTLE_S)
            groups = {**subject.groups, "load": [load.pid]}
            control(speech_port, "reset")
            before = {name: machine.cpu_ms(pids) for name, pids in groups.items()}
            load.tell("measure")
            began = time.monotonic()
            time.sleep(seconds)
            took = time.monotonic() - began
            after = {name: machine.cpu_ms(pids) for name, pids in groups.items()}
            vendor = control(speech_port, "read")
            memory_kb = machine.pss_kb(next(iter(subject.groups.values())))
            load.tell("stop")
            found = load.result()
    minutes = len(subject.calls) * took / 60
    sent = round(len(subject.calls) * took * 10)
    return Point(
        subject=subject.name,
        calls=len(subject.calls),
        seconds=round(took, 1),
        latency_ms={
            stage: percentiles(values)
            for stage, values in sorted({"audio up": vendor["audio_up_us"], **found["stages"]}.items())
        },
        cpu_ms_per_call_minute={name: round((after[name] - before[name]) / minutes, 1) for name in groups},
        memory_base_kb=base_kb,
        memory_per_call_kb=round((memory_kb - base_kb) / len(subject.calls), 1),
        counts=found["counts"],
        frames_lost=max(0, sent - vendor["frames"] - 2 * len(subject.calls)),
        failed=found["failed"],
    )


def percentiles(values_us: Sequence[int]) -> dict[str, float]:
    """Nearest rank, in milliseconds."""
    ordered = sorted(values_us)
    found = {
        f"p{share}": round(ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)] / 1_000, 2)
        for share in (50, 95, 99)
        if ordered
    }
    return {**found, "n": len(ordered)}


def control(speech_port: int, command: str) -> dict[str, Any]:
    with connect(f"ws://127.0.0.1:{speech_port}/control", max_size=None, proxy=None) as socket:
        socket.send(json.dumps({command: True}))
        content: dict[str, Any] = json.loads(socket.recv())
    return content


def model_counts(model_port: int) -> dict[str, int]:
    with urllib.request.urlopen(f"http://127.0.0.1:{model_port}/control", timeout=10) as answer:
        content: dict[str, int] = json.loads(answer.read())
    return content
