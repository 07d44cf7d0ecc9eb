"""A rep's audio on its way up, as a browser sends it: by the socket, by HTTP while that fails."""

from __future__ import annotations

import asyncio
import json
import random
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.faults import sound
from tests.faults.door import LOST, Door
from tests.faults.outbox import Outbox
from tests.faults.sound import FRAME_SAMPLES, RATE

SOCKET_ATTEMPTS = 5
LONGEST_WAIT_S = 10.0
SILENT_S = 5.0
DOUBTFUL_S = 3.0
CATCH_UP = 12
LIVE_FIRST_SAMPLES = 3 * RATE
LIVE_WITHIN_S = 1.0
AGAIN_S = 20.0
HTTP_FRAMES = 10
LATE_FRAMES = 100
TICK_S = 0.1
MOVING = 1012
FINAL = {4400, 4401, 4403, 4404, 4409, 4413}


def wait_before(attempt: int, chance: random.Random) -> float:
    return float(min(2.0**attempt, LONGEST_WAIT_S) * (0.75 + 0.25 * chance.random()))


class Alarm:
    """What the browser's `online` event wakes."""

    def __init__(self) -> None:
        self._news = asyncio.Event()
        self._rang_at = float("-inf")

    def ring(self) -> None:
        self._rang_at = asyncio.get_running_loop().time()
        self._news.set()

    def is_ringing(self, *, within_s: float) -> bool:
        return asyncio.get_running_loop().time() - self._rang_at < within_s

    async def sleep(self, seconds: float) -> None:
        self._news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()


class Uplink:
    """`on_ack(samples)`, `on_state(state)` and `on_ready(seconds)` are told; the last: how long coming back took."""

    def __init__(
        self,
        door: Door,
        call_id: str,
        number: int,
        *,
        on_ack: Callable[[int], None],
        on_state: Callable[[dict[str, Any]], None],
        on_ready: Callable[[float], None],
        on_silent: Callable[[], None],
    ) -> None:
        self._door = door
        self._call_id = call_id
        self._number = number
        self._on_ack = on_ack
        self._on_state = on_state
        self._on_ready = on_ready
        self._on_silent = on_silent
        self._chance = random.Random(number)
        self._clock = asyncio.get_running_loop().time
        self._heard_at = 0.0
        self._ready_at = 0.0
        self._moved_at = 0.0
        self._at = door.at
        self._is_ready = False
        self._is_fallback = False
        self._alarm = Alarm()
        self.outbox = Outbox()
        self.final = ""
        """The server's own words when it wants no more by the socket."""

    async def run(self) -> None:
        """Until cancelled, or until the server says no for good."""
        http = asyncio.create_task(self._run_http())
        try:
            await self._run_socket()
        finally:
            http.cancel()
            await asyncio.gather(http, return_exceptions=True)

    async def _run_socket(self) -> None:
        attempt = 0
        while True:
            self._is_ready = False
            code = None
            try:
                await self._one_connection()
            except LOST as error:
                code = _code(error)
                if code in FINAL:
                    self.final = str(error)
                    return
            if self._is_ready:
                attempt = 0
            if code == MOVING and attempt == 0:
                attempt = 1
                continue
            self._is_fallback = attempt >= SOCKET_ATTEMPTS
            await self._alarm.sleep(wait_before(attempt, self._chance))
            attempt += 1

    def revive(self) -> None:
        """The network is back: do not wait, and do not trust a socket that has been silent."""
        self._alarm.ring()

    async def _one_connection(self) -> None:
        began, self._at = self._clock(), self._door.at
        async with await self._door.socket(f"/ws/calls/{self._call_id}/audio") as socket:
            hello = {"type": "hello", "protocol": 1, "encoding": "linear16", "sample_rate": RATE, "channels": 2}
            await socket.send(json.dumps({**hello, "resume": self.outbox.acked, "backlog": True}))
            self._heard_at = self._clock()
            reading = asyncio.create_task(self._read(socket, began))
            sending = asyncio.create_task(self._send(socket))
            try:
                done, _ = await asyncio.wait({reading, sending}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in (reading, sending):
                    task.cancel()
                await asyncio.gather(reading, sending, return_exceptions=True)
                socket.transport.abort()

    async def _read(self, socket: ClientConnection, began: float) -> None:
        while True:
            message = json.loads(await socket.recv())
            self._heard_at = self._clock()
            if message["type"] == "ack":
                self._acked(int(message["samples"]))
            elif message["type"] == "state":
                self._on_state(message)
            elif message["type"] == "ready":
                self.outbox.rewind(int(message["next_sample"]))
                if self.outbox.captured - self.outbox.cursor > LIVE_FIRST_SAMPLES:
                    self.outbox.go_live()
                self._ready_at = self._moved_at = self._clock()
                self._is_ready, self._is_fallback = True, False
                self._on_ready(self._ready_at - began)

    def _acked(self, samples: int) -> None:
        before = self.outbox.acked
        self.outbox.ack(samples)
        self._on_ack(samples)
        if self.outbox.acked > before:
            self._moved_at = self._clock()

    async def _send(self, socket: ClientConnection) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            now = self._clock()
            if self._alarm.is_ringing(within_s=TICK_S * 2) and now - self._heard_at > DOUBTFUL_S:
                raise TimeoutError("not a word while the network was away")
            if self.outbox.unacked and now - self._heard_at > SILENT_S:
                self._door.leave(self._at)
                self._on_silent()
                raise TimeoutError("not a word")
            if not self._is_ready:
                continue
            if self.outbox.is_live_first and now - self._moved_at > AGAIN_S:
                raise TimeoutError("nothing more is acknowledged")
            await self._send_live(socket)
            if self.outbox.awaits_live and now - self._ready_at < LIVE_WITHIN_S:
                continue
            for _ in range(CATCH_UP):
                index = self.outbox.take()
                if index is None:
                    break
                await self._send_frame(socket, index)
            await self._send_live(socket)

    async def _send_live(self, socket: ClientConnection) -> None:
        while (index := self.outbox.take_live()) is not None:
            await self._send_frame(socket, index)

    async def _send_frame(self, socket: ClientConnection, index: int) -> None:
        async with asyncio.timeout(SILENT_S):
            await socket.send(struct.pack("<Q", index * FRAME_SAMPLES) + sound.pcm(self._number, index))

    # --- HTTP -----------------------------------------------------------------------------------
    async def _run_http(self) -> None:
        """While sockets fail the same goes by HTTP."""
        was_fallback = False
        while True:
            if self._is_fallback and not was_fallback:
                self.outbox.rewind(self.outbox.acked)
            was_fallback = self._is_fallback
            if not self._is_fallback or not await self._post(HTTP_FRAMES):
                await asyncio.sleep(2.0 if self._is_fallback else 0.2)

    async def _post(self, most: int) -> bool:
        """One piece; False when there was none or it was not taken."""
        frames = self.outbox.take_run(most)
        if not frames:
            return False
        first = frames[0] * FRAME_SAMPLES
        path = f"/api/calls/{self._call_id}/audio?first_sample={first}&resume={self.outbox.acked}"
        audio = b"".join(sound.pcm(self._number, index) for index in frames)
        try:
            answer = await self._door.request("POST", path, content=audio)
            answer.raise_for_status()
        except (httpx.HTTPError, *LOST):
            # A socket that is there again has said itself where to go on.
            if not self._is_ready:
                self.outbox.rewind(self.outbox.acked)
            return False
        told = answer.json()
        before = self.outbox.acked
        self._acked(int(told["ack"]))
        if told["next_sample"] < first:
            self.outbox.rewind(int(told["next_sample"]))
        return self.outbox.acked > before

    async def deliver(self) -> None:
        """The rest, after the end: until everything is acknowledged."""
        self._is_ready = False
        self.outbox.rewind(self.outbox.acked)
        failures = 0
        while self.outbox.unacked:
            if await self._post(LATE_FRAMES):
                failures = 0
                continue
            failures += 1
            await asyncio.sleep(min(1.0, wait_before(failures - 1, self._chance)))
            if self.outbox.cursor >= self.outbox.captured:
                self.outbox.rewind(self.outbox.acked)


def _code(error: BaseException) -> int | None:
    if isinstance(error, ConnectionClosed) and error.rcvd is not None:
        return error.rcvd.code
    return None


async def quietly(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
