"""This process's end of the channel layer: sends and receives wake-ups, and says when it can not."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextvars import Context
from typing import Any

from channels.layers import get_channel_layer

from calls import metrics
from calls.live import tasks, wake

RETRY_S = 1.0
SEND_WITHIN_S = 2.0

logger = logging.getLogger(__name__)

OnWake = Callable[[int, uuid.UUID, int], None]
OnInbox = Callable[[int, uuid.UUID], None]


class Bus:
    """Never raises and never blocks a call. While the layer is down the newest number of each call waits; readers poll.

    `on_wake(business id, call id, last seq)` and `on_inbox(business id, call id)` run on the loop, as does
    `on_health(is_up)` at every change.
    """

    def __init__(self, *, on_wake: OnWake, on_inbox: OnInbox, on_health: Callable[[bool], None]) -> None:
        self._on_wake = on_wake
        self._on_inbox = on_inbox
        self._on_health = on_health
        self._layer = get_channel_layer()
        self._is_up = True
        self._waiting: defaultdict[int, dict[uuid.UUID, int]] = defaultdict(dict)
        self._wanted: set[int] = set()
        self._joined: set[int] = set()
        self._channel = ""
        self._news = asyncio.Event()
        self._tasks = [
            asyncio.create_task(self._send_all(), name="bus-send", context=Context()),
            asyncio.create_task(self._receive_all(), name="bus-receive", context=Context()),
        ]

    def announce(self, business_id: int, last_seqs: Mapping[uuid.UUID, int]) -> None:
        """Tells the other processes how far the logs are saved. Returns at once; newer numbers replace older."""
        self._waiting[business_id].update(last_seqs)
        self._news.set()

    def follow(self, business_id: int) -> None:
        """Wake-ups of this business are wanted from now on."""
        if business_id not in self._wanted:
            self._wanted.add(business_id)
            self._news.set()

    async def aclose(self) -> None:
        await tasks.stop(self._tasks)

    async def _send_all(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                has_reached = await self._join_wanted() + await self._send_waiting()
            except Exception as error:  # noqa: BLE001 - the layer raises whatever its client library raises
                self._trouble(error)
                await asyncio.sleep(RETRY_S)
                self._news.set()
            else:
                if has_reached:
                    self._note_health(is_up=True)

    async def _join_wanted(self) -> int:
        """How many groups were joined."""
        missing = self._wanted - self._joined if self._channel else set()
        for business_id in missing:
            async with asyncio.timeout(SEND_WITHIN_S):
                await self._layer.group_add(wake.group(business_id), self._channel)
            self._joined.add(business_id)
        return len(missing)

    async def _send_waiting(self) -> int:
        """How many wake-ups were sent. One that fails waits on, and so tells when the layer is back."""
        sent = 0
        while self._waiting:
            business_id, last_seqs = next(iter(self._waiting.items()))
            message = wake.wake_message(business_id, last_seqs)
            async with asyncio.timeout(SEND_WITHIN_S):
                await self._layer.group_send(wake.group(business_id), message)
            self._sent(business_id, message["calls"])
            sent += 1
        return sent

    def _sent(self, business_id: int, calls: dict[str, int]) -> None:
        """Forgets what was sent; a call may have moved on meanwhile."""
        left = self._waiting[business_id]
        for call_id in [call_id for call_id, last in left.items() if last <= calls.get(call_id.hex, -1)]:
            del left[call_id]
        if not left:
            del self._waiting[business_id]

    async def _receive_all(self) -> None:
        while True:
            try:
                async with asyncio.timeout(SEND_WITHIN_S):
                    self._channel = await self._layer.new_channel()
                self._joined.clear()
                self._news.set()
                while True:
                    self._take(await self._layer.receive(self._channel))
            except Exception as error:  # noqa: BLE001 - as above
                self._channel = ""
                self._trouble(error)
                await asyncio.sleep(RETRY_S)

    def _take(self, message: dict[str, Any]) -> None:
        business_id = int(message["business"])
        if message["type"] == "inbox":
            self._on_inbox(business_id, uuid.UUID(message["call"]))
            return
        for call, last_seq in message["calls"].items():
            self._on_wake(business_id, uuid.UUID(call), int(last_seq))

    def _trouble(self, error: Exception) -> None:
        metrics.errors.labels("cache").inc()
        if self._is_up:
            logger.warning("Wake-ups do not reach other processes: %s", type(error).__name__)
        self._note_health(is_up=False)

    def _note_health(self, *, is_up: bool) -> None:
        if is_up is not self._is_up:
            self._is_up = is_up
            self._on_health(is_up)
