"""The load: a process that plays N browsers. `python -m bench.load CONFIG.json` prints one JSON line at the end.

Each call has an audio socket with a 100 ms frame of two channels in real time, and an events socket.
Times are taken from the stamps that the simulated vendors put into the texts: one monotonic clock for all.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
import time
from array import array
from collections import defaultdict
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from bench import script

FRAME_SAMPLES = 16 * script.FRAME_MS
LOUD = 4_000


def now_us() -> int:
    return time.monotonic_ns() // 1_000


def frames() -> list[bytes]:
    """One frame each of the rep speaking and of the customer speaking."""
    made = []
    for speaker in (0, 1):
        samples = array("h", bytes(FRAME_SAMPLES * 4))
        for number in range(FRAME_SAMPLES):
            samples[2 * number + speaker] = LOUD if number // 40 % 2 else -LOUD
        made.append(samples.tobytes())
    return made


class Seen:
    """Latencies by stage in microseconds, kept only while `is_measuring`."""

    def __init__(self) -> None:
        self.stages: dict[str, list[int]] = defaultdict(list)
        self.counts: dict[str, int] = defaultdict(int)
        self.is_measuring = False

    def note(self, stage: str, waited_us: int) -> None:
        if self.is_measuring:
            self.stages[stage].append(waited_us)

    def count(self, what: str) -> None:
        if self.is_measuring:
            self.counts[what] += 1


class Browser:
    """One call of the load."""

    def __init__(self, config: dict[str, Any], call: dict[str, str], seen: Seen, pictures: list[bytes]) -> None:
        self._config = config
        self._call = call
        self._seen = seen
        self._pictures = pictures
        self._sent_us: dict[int, int] = {}
        self._texts: list[tuple[str, int, int]] = []
        self._shown: set[str] = set()

    async def run(self, start_at: float, stop: asyncio.Event) -> None:
        async with await self._open("events", "?after=0") as events, await self._open("audio") as audio:
            hello = {"type": "hello", "protocol": 1, "encoding": "linear16", "sample_rate": 16_000, "channels": 2}
            await audio.send(json.dumps({**hello, "resume": 0}))
            while json.loads(await audio.recv())["type"] != "ready":
                pass
            tasks = [asyncio.create_task(self._acks(audio)), asyncio.create_task(self._events(events))]
            try:
                await self._talk(audio, start_at, stop)
            finally:
                for task in tasks:
                    task.cancel()

    async def _open(self, socket: str, query: str = "") -> ClientConnection:
        url = f"ws://{self._config['authority']}{self._call[socket]}{query}"
        return await connect(
            url,
            additional_headers={"Authorization": f"Bearer {self._config['key']}"},
            host="127.0.0.1",
            port=self._config["port"],
            compression=None,
            max_size=None,
            ping_interval=None,
            open_timeout=30,
            proxy=None,
        )

    async def _talk(self, audio: ClientConnection, start_at: float, stop: asyncio.Event) -> None:
        number = 0
        while not stop.is_set():
            await asyncio.sleep(start_at + number * script.FRAME_MS / 1_000 - time.monotonic())
            picture = self._pictures[script.channel_at(number * script.FRAME_MS)]
            sent_us = now_us()
            self._sent_us[(number + 1) * FRAME_SAMPLES] = sent_us
            await audio.send(
                struct.pack("<Q", number * FRAME_SAMPLES) + script.mark(sent_us) + picture[script.MARK_BYTES :]
            )
            number += 1

    async def _acks(self, audio: ClientConnection) -> None:
        async for raw in audio:
            message = json.loads(raw)
            if message["type"] == "ack" and (sent_us := self._sent_us.pop(message["samples"], None)):
                self._seen.note("audio to ack (durable)", now_us() - sent_us)

    async def _events(self, events: ClientConnection) -> None:
        async for raw in events:
            self._take(json.loads(raw), now_us())

    def _take(self, message: dict[str, Any], at_us: int) -> None:
        kind = message.get("kind", message["type"])
        body = message.get("payload", message)
        if kind in {"interim", "line", "final"}:
            self._text("interim" if kind == "interim" else "final", body, at_us)
        elif kind == "card":
            self._card(body, at_us)
        elif kind == "card_text" and body["id"] not in self._shown:
            self._model_card(body, at_us)

    def _text(self, stage: str, body: dict[str, Any], at_us: int) -> None:
        if stamps := script.stamps_in(body["text"]):
            self._seen.note(f"{stage} down", at_us - stamps[-1])
            self._texts.append((body["channel"], body["end_ms"], stamps[-1]))
            del self._texts[:-40]
        self._seen.count(stage)

    def _card(self, body: dict[str, Any], at_us: int) -> None:
        self._seen.count(f"card {body['lane']}")
        if body["lane"] == "model":
            if body["id"] not in self._shown:
                self._model_card(body, at_us)
            return
        triggers = [
            us for channel, end_ms, us in self._texts if channel == "customer" and end_ms >= body["trigger_end_ms"]
        ]
        if triggers:
            self._seen.note("instant card", at_us - triggers[0])

    def _model_card(self, body: dict[str, Any], at_us: int) -> None:
        if stamps := script.stamps_in(body["say"]):
            self._shown.add(body["id"])
            self._seen.note("model card, first words", at_us - stamps[0])


async def main(config: dict[str, Any]) -> dict[str, Any]:
    seen, stop, pictures = Seen(), asyncio.Event(), frames()
    begin = time.monotonic() + config["ramp_s"]
    calls = config["calls"]
    browsers = [Browser(config, call, seen, pictures) for call in calls]
    running = [
        asyncio.create_task(browser.run(begin + number / len(calls), stop)) for number, browser in enumerate(browsers)
    ]
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print("ready", flush=True)
    while command := (await lines.readline()).decode().strip():
        if command == "measure":
            seen.is_measuring = True
        elif command == "stop":
            break
    seen.is_measuring = False
    failed = [task.exception() for task in running if task.done() and not task.cancelled()]
    stop.set()
    await asyncio.gather(*running, return_exceptions=True)
    return {"stages": seen.stages, "counts": seen.counts, "failed": [repr(error) for error in failed]}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))), flush=True)
