"""`python -m bench [--calls 1,10,50] [--seconds 20]`: measures, prints one table, keeps it in bench/results/."""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import house, machine
from bench.point import Subject, measure, model_counts
from bench.processes import Baseline, Helper
from bench.table import show
from salespilot.quickstart.processes import free_port, is_port_free, wait_until
from tests.server import Server

RESULTS = Path(__file__).parent / "results"
IDLE_S = 2.0
WARM_S = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--calls", default="1,10,50", help="how many calls at once, several by commas")
    parser.add_argument("--seconds", type=float, default=20.0, help="measured time of each point")
    parser.add_argument("--web-server", choices=("daphne", "uvicorn"), default="daphne")
    options = parser.parse_args()
    counts = [int(part) for part in options.calls.split(",")]
    about = machine.about()
    key = house.set_up()
    points: list[dict[str, Any]] = []
    speech_port, model_port = free_port(), free_port()
    with Helper("speech_vendor", str(speech_port)), Helper("model_vendor", str(model_port)):
        for count in counts:
            points.append(baseline(count, options.seconds, speech_port))
            points.append(product(count, options.seconds, speech_port, model_port, key, options.web_server))
    show(points, about)
    print(f"Kept in {keep(points, about, options)}")


def product(count: int, seconds: float, speech_port: int, model_port: int, key: str, web_server: Any) -> dict[str, Any]:
    vendors = {
        "DEEPGRAM_BASE_URL": f"http://127.0.0.1:{speech_port}",
        "DEEPGRAM_API_KEY": "bench",
        "SPEECH_PROVIDER": "deepgram",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{model_port}/v1",
        "OPENAI_API_KEY": "bench",
    }
    print(f"{count} calls: the product", flush=True)
    with Server(web_server=web_server, environment=vendors) as server:
        # The first call loads what all calls share: it is neither part of any call's memory nor measured.
        first = subject_of(server, key, 1, web_server)
        measure(first, seconds=WARM_S, speech_port=speech_port, base_kb=0)
        house.end_calls(server.port, key, first.calls)
        time.sleep(IDLE_S)
        base_kb = machine.pss_kb(machine.tree(server.pid()))
        subject = subject_of(server, key, count, web_server)
        asked = model_counts(model_port)["requests"]
        point = measure(subject, seconds=seconds, speech_port=speech_port, base_kb=base_kb).as_json()
        point["counts"]["model requests"] = model_counts(model_port)["requests"] - asked
        house.end_calls(server.port, key, subject.calls)
    return point


def subject_of(server: Server, key: str, count: int, web_server: str) -> Subject:
    postgres, valkey = (machine.working_in(directory) for directory in house.data_directories())
    return Subject(
        name=f"sales pilot ({web_server})",
        port=server.port,
        authority=f"{house.HOST}:{server.port}",
        key=key,
        calls=house.new_calls(server.port, key, count),
        groups={"server": machine.tree(server.pid()), "postgres": postgres, "valkey": valkey},
    )


def baseline(count: int, seconds: float, speech_port: int) -> dict[str, Any]:
    print(f"{count} calls: the bare relay", flush=True)
    relay = Baseline(f"ws://127.0.0.1:{speech_port}")
    try:
        wait_until(lambda: not is_port_free(relay.port), seconds=30)
        time.sleep(IDLE_S)
        base_kb = machine.pss_kb([relay.pid])
        subject = Subject(
            name="bare relay",
            port=relay.port,
            authority=f"127.0.0.1:{relay.port}",
            key="",
            calls=[{"audio": f"/ws/calls/{n}/audio", "events": f"/ws/calls/{n}/events"} for n in range(count)],
            groups={"server": [relay.pid]},
        )
        return measure(subject, seconds=seconds, speech_port=speech_port, base_kb=base_kb).as_json()
    finally:
        relay.stop()


def keep(points: list[dict[str, Any]], about: dict[str, object], options: argparse.Namespace) -> Path:
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    path = RESULTS / f"{now:%Y-%m-%d-%H%M}.json"
    content = {
        "at": now.isoformat(timespec="seconds"),
        "command": f"python -m bench --calls {options.calls} --seconds {options.seconds:g} "
        f"--web-server {options.web_server}",
        "machine": about,
        "points": points,
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
