"""One call as everybody in this process sees it: its log in order, whoever owns the call.

While the owner is this process, events come straight from its log. Otherwise a wake-up (or a slow poll when
wake-ups fail) makes each subscriber read the database after its own cursor. A subscriber never sees a hole or
a duplicate: it takes exactly the next number, and reads whatever lies between from memory or the database.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from contextlib import suppress

from calls.live import store
from calls.live.log import EventLog
from calls.live.store import Entry
from calls.live.tasks import stop
from calls.live.threads import in_thread
from tenants.context import Business, business_scope

PAGE = 500
RETRY_S = 1.0
READ_WITHIN_S = 10.0

TakeText = Callable[[str], None]


class Subscriber:
    """A cursor in one call's log. `take` gets each event's wire text in order, `take_fleeting` the rest."""

    def __init__(self, feed: Feed, *, after: int, take: TakeText, take_fleeting: TakeText) -> None:
        self.cursor = after
        self.take_fleeting = take_fleeting
        self._feed = feed
        self._take = take
        self._is_live = False
        self.has_looked = asyncio.Event()
        self._must_look = asyncio.Event()
        self._must_look.set()

    def offer(self, entry: Entry, text: str) -> None:
        """An event of this process's own log. Out of order means: look."""
        if self._is_live and entry.seq == self.cursor + 1:
            self.cursor = entry.seq
            self._take(text)
        elif entry.seq > self.cursor:
            self.look()

    def look(self) -> None:
        """There may be something after the cursor."""
        self._is_live = False
        self._must_look.set()

    async def run(self) -> None:
        """Catches up whenever it must. Ends only by cancellation; while the database is away it tries again."""
        while True:
            await self._must_look.wait()
            self._must_look.clear()
            try:
                await self._catch_up()
                self.has_looked.set()
            except Exception:  # noqa: BLE001 - the database is away: the cursor stays, nothing is lost
                await asyncio.sleep(RETRY_S)
                self._must_look.set()

    async def _catch_up(self) -> None:
        while True:
            entries = self._feed.in_memory(self.cursor)
            if entries is not None:
                for entry in entries:
                    self.cursor = entry.seq
                    self._take(entry.to_text())
                # No await since the look: what comes next is offered.
                self._is_live = True
                return
            rows = await self._feed.read(self.cursor)
            for seq, text in rows:
                self.cursor = seq
                self._take(text)
            if len(rows) < PAGE and not self._feed.has_log:
                return
            if not rows:
                await asyncio.sleep(RETRY_S / 10)


class Feed:
    """All subscribers of one call in this process."""

    def __init__(self, business: Business, call_id: uuid.UUID) -> None:
        self.business = business
        self.call_id = call_id
        self._log: EventLog | None = None
        self._subscribers: set[Subscriber] = set()

    @property
    def has_log(self) -> bool:
        return self._log is not None

    @property
    def is_watched(self) -> bool:
        return bool(self._subscribers)

    def attach(self, log: EventLog) -> None:
        """This process owns the call now."""
        self._log = log
        log.listen(self._publish)
        self.look()

    def detach(self) -> None:
        self._log = None
        self.look()

    def subscribe(self, *, after: int, take: TakeText, take_fleeting: TakeText) -> Subscriber:
        subscriber = Subscriber(self, after=after, take=take, take_fleeting=take_fleeting)
        self._subscribers.add(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        self._subscribers.discard(subscriber)

    def look(self, last_seq: int | None = None) -> None:
        """Something may have been saved by another process: up to `last_seq`, when that is known."""
        for subscriber in self._subscribers:
            if last_seq is None or last_seq > subscriber.cursor:
                subscriber.look()

    def publish_fleeting(self, text: str) -> None:
        for subscriber in self._subscribers:
            subscriber.take_fleeting(text)

    def in_memory(self, after: int) -> list[Entry] | None:
        return self._log.after(after) if self._log is not None else None

    async def read(self, after: int) -> list[tuple[int, str]]:
        with business_scope(self.business):
            return await in_thread(store.read_after)(self.call_id, after, PAGE)

    async def wait_for(self, after: int, wait_s: float) -> tuple[list[str], int]:
        """For polling: the events after `after` as wire texts and the last one's number.

        Waits up to `wait_s` for the first; no database connection is held meanwhile.
        """
        found: list[str] = []
        news = asyncio.Event()

        def take(text: str) -> None:
            found.append(text)
            news.set()

        subscriber = self.subscribe(after=after, take=take, take_fleeting=lambda _: None)
        task = asyncio.create_task(subscriber.run())
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                await subscriber.has_looked.wait()
            if not found and wait_s:
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await news.wait()
        finally:
            self.unsubscribe(subscriber)
            await stop([task])
        return found, subscriber.cursor

    def _publish(self, entry: Entry) -> None:
        if self._subscribers:
            text = entry.to_text()
            for subscriber in self._subscribers:
                subscriber.offer(entry, text)
