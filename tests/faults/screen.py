"""A rep's screen: the log as it arrives, by the events socket or by polling, and when each word was first there."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection

from tests.faults import sound
from tests.faults.door import LOST, Door
from tests.faults.uplink import DOUBTFUL_S, FINAL, LONGEST_WAIT_S, MOVING, SOCKET_ATTEMPTS, Alarm, _code, wait_before

SILENT_S = 12.0
AFTER_A_HOLE_S = 0.25
POLL_S = 5


@dataclass(slots=True)
class Seen:
    """Everything one reader has seen. Times are of the loop's clock."""

    events: dict[int, dict[str, Any]] = field(default_factory=dict)
    epoch: int = 0
    breaches: list[str] = field(default_factory=list)
    words_at: dict[int, float] = field(default_factory=dict)
    """When each word of the transcript was there, by its frame; a word that was taken back is not."""
    help_at: list[tuple[float, int]] = field(default_factory=list)
    """Live lines and cards: when, and the newest frame that they are about."""
    rewinds: int = 0

    @property
    def seq(self) -> int:
        return max(self.events, default=0)

    def has_ended(self) -> bool:
        return any(event["kind"] == "call_ended" for event in self.events.values())

    def take(self, message: dict[str, Any], at: float) -> bool:
        """One message; False when what came before it is missing."""
        kind = message.get("type")
        if kind in {"epoch", "rewind"}:
            self.epoch = int(message["epoch"])
        if kind == "rewind":
            self._rewind(int(message["seq"]))
        if kind != "event":
            return True
        if message["seq"] != self.seq + 1:
            self.breaches.append(f"event {message['seq']} after {self.seq}")
            return bool(message["seq"] <= self.seq)
        self.events[message["seq"]] = message
        self._note(message, at)
        return True

    def _rewind(self, seq: int) -> None:
        self.rewinds += 1
        self.events = {number: event for number, event in self.events.items() if number <= seq}
        kept = {one.index for event in self.events.values() if event["kind"] == "line" for one in _words(event)}
        self.words_at = {index: at for index, at in self.words_at.items() if index in kept}

    def _note(self, message: dict[str, Any], at: float) -> None:
        payload = message["payload"]
        if message["kind"] == "line":
            indices = [frame.index for frame in _words(message)]
            for index in indices:
                self.words_at.setdefault(index, at)
            if indices and not payload["recovered"]:
                self.help_at.append((at, max(indices)))
        elif message["kind"] == "card":
            self.help_at.append((at, int(payload["trigger_end_ms"]) // sound.FRAME_MS))


def _words(event: dict[str, Any]) -> list[sound.Frame]:
    return sound.words_in(event["payload"]["text"])


class Screen:
    """`on_state` is told each state of the ladder."""

    def __init__(self, door: Door, call_id: str, *, chance: int, on_state: Callable[[dict[str, Any]], None]) -> None:
        self._door = door
        self._path = f"calls/{call_id}/events"
        self._on_state = on_state
        self._chance = random.Random(chance)
        self._clock = asyncio.get_running_loop().time
        self._alarm = Alarm()
        self._socket: ClientConnection | None = None
        self._polling: asyncio.Future[httpx.Response] | None = None
        self._heard_at = 0.0
        self.seen = Seen()

    def revive(self) -> None:
        """The network is back, or the uplink finds its own connection dead: nothing silent or hanging is trusted."""
        self._alarm.ring()
        if self._polling is not None:
            self._polling.cancel()
        if self._socket is not None and self._clock() - self._heard_at > DOUBTFUL_S:
            self._socket.transport.abort()

    async def run(self) -> None:
        """Until the call has ended."""
        attempt = 0
        while not self.seen.has_ended():
            began, code = self._clock(), None
            try:
                await self._one_connection()
            except LOST as error:
                code = _code(error)
                if code in FINAL:
                    self.seen.breaches.append(f"the events socket was closed with {code}")
                    return
            if self.seen.has_ended():
                return
            if self._clock() - began > 3.0:
                attempt = 0
            if code == MOVING and attempt == 0:
                attempt = 1
                continue
            if attempt >= SOCKET_ATTEMPTS:
                await self._poll_for(LONGEST_WAIT_S)
            else:
                await self._alarm.sleep(wait_before(attempt, self._chance))
            attempt += 1

    async def _one_connection(self) -> None:
        at = self._door.at
        path = f"/ws/{self._path}?after={self.seen.seq}&epoch={self.seen.epoch}"
        async with await self._door.socket(path) as socket:
            self._socket, self._heard_at = socket, self._clock()
            try:
                while not self.seen.has_ended():
                    async with asyncio.timeout(SILENT_S):
                        raw = await socket.recv()
                    self._heard_at = self._clock()
                    if not self._take(json.loads(raw)):
                        await asyncio.sleep(AFTER_A_HOLE_S)
                        return
            except TimeoutError:
                self._door.leave(at)
                raise
            finally:
                self._socket = None
                socket.transport.abort()

    def _take(self, message: dict[str, Any]) -> bool:
        is_whole = self.seen.take(message, self._clock())
        if message.get("kind") == "state":
            self._on_state(message["payload"])
        return is_whole

    async def _poll_for(self, seconds: float) -> None:
        until = self._clock() + seconds
        while self._clock() < until and not self.seen.has_ended():
            query = f"after={self.seen.seq}&epoch={self.seen.epoch}&wait={POLL_S}"
            self._polling = asyncio.ensure_future(self._door.request("GET", f"/api/{self._path}?{query}"))
            try:
                await asyncio.wait({self._polling})
                if self._polling.cancelled():
                    return
                answer = self._polling.result()
                answer.raise_for_status()
            except (httpx.HTTPError, *LOST):
                await self._alarm.sleep(1.0)
                continue
            finally:
                self._polling.cancel()
            told = answer.json()
            if "rewind" in told:
                self._take({"type": "rewind", "seq": told["rewind"], "epoch": told["epoch"]})
            for event in told["events"]:
                self._take({"type": "event", **event})
            self._take({"type": "epoch", "epoch": told["epoch"]})
