"""Whether an ack was true: what is durable at this moment, read past the installation from its disk and database."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Any

import psycopg

from tests.faults import ledger, sound
from tests.faults.house import House
from tests.faults.sound import FRAME_SAMPLES, WIDTH

AGAIN_S = 0.5
PATIENCE_S = 90.0
LINES = "SELECT payload FROM calls_callevent WHERE call_id = %s AND kind = 'line'"


class Proof:
    """Checks the acks of one call, in order: sound on the disk, or every word before it in the log."""

    def __init__(self, house: House, call_id: str, number: int) -> None:
        self._house = house
        self._call_id = uuid.UUID(call_id)
        self._number = number
        self._proved = 0
        self._acks: asyncio.Queue[int] = asyncio.Queue()
        self.breaches: list[str] = []
        self.checked = 0

    @property
    def recording(self) -> Path:
        return self._house.audio / f"b{self._house.business_id}" / f"{self._call_id.hex}.pcm"

    def put(self, samples: int) -> None:
        self._acks.put_nowait(samples)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            samples = await self._acks.get()
            try:
                if samples > self._proved:
                    await self._check(samples)
            finally:
                self._acks.task_done()

    async def aclose(self) -> None:
        """Once all that came is checked."""
        await self._acks.join()

    async def _check(self, samples: int) -> None:
        self.checked += 1
        why = await asyncio.to_thread(self._on_disk, samples)
        if why and (missing := await self._not_logged(samples)):
            self.breaches.append(f"acknowledged {samples}, but {why} and {missing}")
        self._proved = samples

    def _on_disk(self, samples: int) -> str:
        """Why the disk does not prove it, "" when it does."""
        try:
            with self.recording.open("rb") as file:
                file.seek(self._proved * WIDTH)
                held = file.read((samples - self._proved) * WIDTH)
        except OSError as error:
            return f"no recording ({error.strerror})"
        wrong = ledger.first_wrong(held, call=self._number, start=self._proved, end=samples)
        return "" if wrong is None else f"the recording differs from sample {wrong}"

    async def _not_logged(self, samples: int) -> str:
        """Why the log does not prove it. A database that is away is asked again: what was committed is there then."""
        for _ in range(round(PATIENCE_S / AGAIN_S)):
            try:
                rows = await asyncio.to_thread(self._house.rows, LINES, self._call_id)
            except psycopg.Error:
                await asyncio.sleep(AGAIN_S)
                continue
            return self._missing([row[0] for row in rows], samples)
        return "the database does not come back"

    def _missing(self, lines: list[dict[str, Any]], samples: int) -> str:
        told = {frame.index for line in lines for frame in sound.words_in(line["text"])}
        missing = sound.words_before(samples // FRAME_SAMPLES) - told
        missing = {index for index in missing if (index + 1) * FRAME_SAMPLES > self._proved}
        return f"{len(missing)} words before it are not in the log" if missing else ""
