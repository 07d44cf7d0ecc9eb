"""What a call needs every second, whether anything comes from its rep or not."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from calls import metrics
from calls.live.intake import Intake
from calls.live.ladder import Part, Rung
from calls.live.link_holder import LinkHolder
from calls.live.log import EventLog
from calls.live.standing import Standing

UNATTENDED_S = 30.0
OFFLINE_AFTER_S = 3.0
ALIVE_EVERY_S = 5.0
INBOX_EVERY_S = 10.0

logger = logging.getLogger(__name__)


class Housekeeping:
    """`ticks`: what else happens each second, by name. `run` ends with `on_unattended`, once nothing came for long."""

    def __init__(
        self,
        *,
        log: EventLog,
        intake: Intake,
        link: LinkHolder,
        standing: Standing,
        ticks: Mapping[str, Callable[[], None]],
        read_inbox: Callable[[], None],
        on_unattended: Callable[[], None],
    ) -> None:
        self._log = log
        self._intake = intake
        self._link = link
        self._standing = standing
        self._ticks = ticks
        self._read_inbox = read_inbox
        self._on_unattended = on_unattended
        self._failed: set[str] = set()

    @property
    def is_attended(self) -> bool:
        """Whether audio, or lines, came of late: even a muted microphone sends silence."""
        return self._silent_s <= OFFLINE_AFTER_S

    async def run(self) -> None:
        alive_due = inbox_due = 0.0
        while self._silent_s <= UNATTENDED_S:
            now = time.monotonic()
            if now >= inbox_due:
                inbox_due = now + INBOX_EVERY_S
                self._read_inbox()
            self._link.ack_again()
            for name, tick in self._ticks.items():
                self._tick(name, tick)
            self._tell_link()
            if self.is_attended and now >= alive_due:
                alive_due = now + ALIVE_EVERY_S
                self._log.touch()
            await asyncio.sleep(1.0)
        self._on_unattended()

    @property
    def _silent_s(self) -> float:
        return time.monotonic() - self._intake.attended_at

    def _tick(self, name: str, tick: Callable[[], None]) -> None:
        """A part that fails costs itself: the call's signs of life, its rungs and its end go on."""
        try:
            tick()
        except Exception:
            metrics.errors.labels("session").inc()
            # Once: what fails every second would fill the log.
            if name not in self._failed:
                self._failed.add(name)
                logger.exception("A part of a session failed: %s", name, extra={"call": self._log.call_id.hex})

    def _tell_link(self) -> None:
        if not self.is_attended:
            self._standing.put(Part.LINK, Rung.OFFLINE)
        elif self._standing.rung(Part.LINK) is Rung.OFFLINE:
            self._standing.put(Part.LINK, Rung.FULL if self._link.is_open else Rung.POLLING)
