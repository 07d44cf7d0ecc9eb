"""The events socket of a replay: everything after the cursor, in order, through reconnects."""

from __future__ import annotations

import asyncio
import json

from calls.replay.collected import Collected
from calls.replay.links import LOST, MAX_ATTEMPTS, ReplayError, close_code, open_socket, raise_if_final, wait_before
from calls.replay.target import Target


class Downlink:
    """Collects events until the call has ended."""

    def __init__(self, target: Target, path: str, key: str, *, collected: Collected) -> None:
        self._target = target
        self._path = path
        self._key = key
        self._collected = collected

    async def run(self) -> None:
        """Returns once `call_ended` was seen. Raises `ReplayError` when the log can not be followed."""
        attempt = 0
        while not self._collected.has_ended():
            before = self._collected.last_seq
            error: BaseException | None = None
            try:
                await self._one_connection()
            except LOST as lost:
                error = lost
            if self._collected.has_ended():
                return
            if error is not None:
                raise_if_final(error, socket="events")
            attempt = 0 if self._collected.last_seq > before else attempt + 1
            if attempt >= MAX_ATTEMPTS:
                raise ReplayError("The events socket can not be opened any more.") from error
            self._collected.reconnects += 1
            await asyncio.sleep(wait_before(attempt, close_code(error) if error else None))

    async def _one_connection(self) -> None:
        path = f"{self._path}?after={self._collected.last_seq}&epoch={self._collected.epoch}"
        async with await open_socket(self._target, path, self._key) as socket:
            async for raw in socket:
                message = json.loads(raw)
                self._collected.took(message)
                if self._collected.has_ended():
                    return
