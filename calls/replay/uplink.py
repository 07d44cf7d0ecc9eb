"""The audio socket of a replay: frames up, acks down, everything not acknowledged sent again."""

from __future__ import annotations

import asyncio
import json
import struct

from websockets.asyncio.client import ClientConnection

from calls.replay.collected import Collected
from calls.replay.links import (
    LOST,
    MAX_ATTEMPTS,
    OPEN_TIMEOUT_S,
    TOO_FAST,
    ReplayError,
    close_code,
    open_socket,
    raise_if_final,
    wait_before,
)
from calls.replay.recordings import Recording
from calls.replay.target import Target
from calls.speech.base import SAMPLE_RATE

FRAME_SAMPLES = SAMPLE_RATE // 10
BACKLOG_SAMPLES = 20 * SAMPLE_RATE
STALLED_AFTER_S = 40.0
FIRST_LIMIT = 8.0
SLOWEST_LIMIT = 1.0


class Uplink:
    """Sends one recording. `speed` is a multiple of real time, None as fast as acks allow.

    Without a speed at most `BACKLOG_SAMPLES` are unacknowledged; a server that still says "too fast"
    (4429) gets a limit of 8 times real time, halved each time it says so again.
    """

    def __init__(
        self, target: Target, path: str, key: str, *, recording: Recording, speed: float | None, collected: Collected
    ) -> None:
        self._target = target
        self._path = path
        self._key = key
        self._recording = recording
        self._speed = speed
        self._limit: float | None = None
        self._collected = collected
        self._clock = collected.clock
        self._acked = asyncio.Event()

    async def run(self) -> None:
        """Returns when all is acknowledged, or when acks stop coming after all is sent.

        Raises `ReplayError` when the server refuses the call or can not be reached any more.
        """
        attempt = 0
        while True:
            before = self._collected.acked_samples
            try:
                await self._one_connection()
            except LOST as error:
                raise_if_final(error, socket="audio")
                code = close_code(error)
                attempt = 0 if self._collected.acked_samples > before else attempt + 1
                if attempt >= MAX_ATTEMPTS:
                    raise ReplayError("The audio socket can not be opened any more.") from error
                if code == TOO_FAST:
                    self._slow_down()
                self._collected.reconnects += 1
                await asyncio.sleep(wait_before(attempt, code))
            else:
                return

    def _slow_down(self) -> None:
        self._limit = max(SLOWEST_LIMIT, self._limit / 2) if self._limit else FIRST_LIMIT

    async def _one_connection(self) -> None:
        async with await open_socket(self._target, self._path, self._key) as socket:
            first = await self._greet(socket)
            reader = asyncio.create_task(self._read(socket))
            sender = asyncio.create_task(self._send_from(socket, first))
            try:
                await asyncio.wait({reader, sender}, return_when=asyncio.FIRST_COMPLETED)
                (sender if sender.done() else reader).result()
            finally:
                for task in (reader, sender):
                    task.cancel()
                await asyncio.gather(reader, sender, return_exceptions=True)

    async def _greet(self, socket: ClientConnection) -> int:
        hello = {
            "type": "hello",
            "protocol": 1,
            "encoding": "linear16",
            "sample_rate": SAMPLE_RATE,
            "channels": self._recording.channels,
            "resume": self._collected.acked_samples,
        }
        await socket.send(json.dumps(hello))
        async with asyncio.timeout(OPEN_TIMEOUT_S):
            while True:
                message = json.loads(await socket.recv())
                if message["type"] == "ready":
                    return int(message["next_sample"])

    async def _read(self, socket: ClientConnection) -> None:
        async for raw in socket:
            message = json.loads(raw)
            if message["type"] == "ack":
                self._collected.acked(int(message["samples"]))
                self._acked.set()
        raise ConnectionResetError("closed")

    async def _send_from(self, socket: ClientConnection, position: int) -> None:
        speed = self._speed or self._limit
        begin = self._clock() - (position / SAMPLE_RATE / speed if speed else 0.0)
        while position < self._recording.samples:
            if speed:
                await asyncio.sleep(begin + position / SAMPLE_RATE / speed - self._clock())
            if self._speed is None:
                await self._wait_for_room(position)
            pcm = self._recording.frame(position, FRAME_SAMPLES)
            await socket.send(struct.pack("<Q", position) + pcm)
            position = min(position + FRAME_SAMPLES, self._recording.samples)
            self._collected.timeline.sent(position, self._clock())
        await self._settle()

    async def _wait_for_room(self, position: int) -> None:
        while position - self._collected.acked_samples >= BACKLOG_SAMPLES:
            if not await self._next_ack():
                raise TimeoutError("no acks")

    async def _settle(self) -> None:
        while self._collected.acked_samples < self._recording.samples:
            if not await self._next_ack():
                return

    async def _next_ack(self) -> bool:
        """True when another ack came in time."""
        self._acked.clear()
        try:
            await asyncio.wait_for(self._acked.wait(), STALLED_AFTER_S)
        except TimeoutError:
            return False
        return True
