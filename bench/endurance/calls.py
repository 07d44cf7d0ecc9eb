"""One call after the other: both sockets, the recording in real time, cut and resumed at random, ended or abandoned."""

from __future__ import annotations

import asyncio
import json
import random
import struct
import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from bench.endurance.audio import FRAME_SAMPLES, LONGEST_S, Recording
from bench.soak.calls import GONE
from bench.soak.web import Person

FRAME_S = 0.1
SHORTEST_S = 60.0
CUT_EVERY_S = 45.0
AWAY_S = (0.2, 4.0)
LATE_S = 0.5
CATCH_UP = 2
ABANDONED = 0.1
KEPT = 50
HELLO = {"type": "hello", "protocol": 1, "encoding": "linear16", "sample_rate": 16_000, "channels": 2, "backlog": True}


@dataclass
class Stage:
    """What all who work at once share. `troubles` may not happen, `counts` was done; `over`: all leave."""

    recording: Recording
    random: random.Random
    over: asyncio.Event
    counts: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    live: set[str] = field(default_factory=set)
    ended: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT))

    @property
    def is_going(self) -> bool:
        return not self.over.is_set()

    def any_call(self) -> str:
        return self.random.choice(sorted(self.live)) if self.live else ""

    async def pause(self, seconds: float) -> None:
        """Shorter when everything is to end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.over.wait(), seconds)


async def hold(stage: Stage, socket: ClientConnection, seconds: float, after: list[int] | None = None) -> None:
    """Reads for so long, then closes it or breaks it off. `after` gets the newest number of the log."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while stage.is_going:
                message = json.loads(await socket.recv())
                stage.counts["socket messages"] += 1
                if after is not None and "seq" in message:
                    after[0] = max(after[0], message["seq"])
    if stage.random.random() < 0.5:
        socket.transport.abort()
        stage.counts["events sockets broken off"] += 1


async def calls_in_a_row(stage: Stage, program: Person, *, delay_s: float) -> None:
    await stage.pause(delay_s)
    while stage.is_going:
        answer = await program.ask("POST", "/api/calls", json={"channels": 2, "source": "browser"})
        if answer.status_code != 201:
            stage.troubles[f"a call was refused: {answer.status_code}"] += 1
            await stage.pause(2.0)
            continue
        call_id = str(answer.json()["id"])
        await OneCall(stage, program, call_id).run(stage.random.uniform(SHORTEST_S, LONGEST_S))


class OneCall:
    """The rep's browser during one call."""

    def __init__(self, stage: Stage, program: Person, call_id: str) -> None:
        self._stage = stage
        self._program = program
        self._call_id = call_id
        self._acked = 0
        self._missing: deque[int] = deque()
        self._sent = 0
        self._began = time.monotonic()
        self._is_over = False

    async def run(self, seconds: float) -> None:
        stage = self._stage
        stage.counts["calls"] += 1
        stage.live.add(self._call_id)
        watching = asyncio.create_task(self._watch())
        try:
            await self._talk(self._began + min(seconds, LONGEST_S - 1))
        finally:
            stage.live.discard(self._call_id)
            self._is_over = True
            watching.cancel()
            await asyncio.wait([watching])
        if stage.is_going and stage.random.random() < ABANDONED:
            stage.counts["calls abandoned"] += 1
            return
        answer = await self._program.ask("POST", f"/api/calls/{self._call_id}/end", json={})
        if answer.status_code != 200:
            stage.troubles[f"a call did not end: {answer.status_code}"] += 1
        stage.ended.append(self._call_id)

    async def _watch(self) -> None:
        after = [0]
        while not self._is_over:
            with suppress(*GONE):
                async with self._program.socket(f"/ws/calls/{self._call_id}/events?after={after[0]}") as events:
                    await hold(self._stage, events, self._stage.random.expovariate(1 / CUT_EVERY_S), after)
            await asyncio.sleep(self._stage.random.uniform(*AWAY_S))

    async def _talk(self, until: float) -> None:
        stage = self._stage
        while stage.is_going and time.monotonic() < until:
            cut_at = min(until, time.monotonic() + stage.random.expovariate(1 / CUT_EVERY_S))
            try:
                async with self._program.socket(f"/ws/calls/{self._call_id}/audio") as audio:
                    await self._speak(audio, cut_at)
                    if cut_at < until and stage.is_going:
                        audio.transport.abort()
                        stage.counts["audio sockets broken off"] += 1
            except GONE as error:
                code = error.rcvd.code if isinstance(error, ConnectionClosed) and error.rcvd else ""
                stage.troubles[f"an audio socket was lost: {type(error).__name__} {code}"] += 1
            if time.monotonic() < until:
                await stage.pause(stage.random.uniform(*AWAY_S))

    async def _speak(self, audio: ClientConnection, until: float) -> None:
        await audio.send(json.dumps({**HELLO, "resume": self._acked}))
        while (message := json.loads(await audio.recv()))["type"] != "ready":
            pass
        live = self._due()
        self._missing = deque(range(message["next_sample"] // FRAME_SAMPLES, live))
        self._sent = live
        hearing = asyncio.create_task(self._hear(audio))
        try:
            while self._stage.is_going and time.monotonic() < until:
                await asyncio.sleep(self._began + (self._sent + 1) * FRAME_S - time.monotonic())
                await self._send(audio, self._sent)
                self._note_pace()
                self._sent += 1
                for _ in range(min(CATCH_UP, len(self._missing))):
                    await self._send(audio, self._missing.popleft())
        finally:
            hearing.cancel()

    def _due(self) -> int:
        return int((time.monotonic() - self._began) / FRAME_S)

    async def _send(self, audio: ClientConnection, number: int) -> None:
        await audio.send(struct.pack("<Q", number * FRAME_SAMPLES) + self._stage.recording.frame(number))

    def _note_pace(self) -> None:
        late_s = time.monotonic() - self._began - (self._sent + 1) * FRAME_S
        self._stage.counts["frames"] += 1
        self._stage.counts["frames late"] += late_s > LATE_S

    async def _hear(self, audio: ClientConnection) -> None:
        with suppress(*GONE):
            async for raw in audio:
                message = json.loads(raw)
                self._stage.counts["socket messages"] += 1
                if message["type"] == "ack":
                    self._acked = message["samples"]
                    self._stage.counts["acks"] += 1
                elif message["type"] == "error":
                    self._stage.troubles[f"an audio socket was refused: {message['code']}"] += 1
