"""One call as everybody in this process sees it: its log in order, whoever owns the call.

While the owner is this process, events come straight from its log. Otherwise a wake-up (or a slow poll when
wake-ups fail) makes each subscriber read the database after its own cursor. A subscriber never sees a hole or
a duplicate: it takes exactly the next number, and reads whatever lies between from memory or the database.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from django.db import DatabaseError

from calls import metrics
from calls.live import store
from calls.live.epochs import Turn
from calls.live.log import EventLog
from calls.live.outbox import Close
from calls.live.store import Entry, Page
from calls.live.tasks import stop
from calls.live.threads import in_thread
from calls.services import CallError
from tenants.context import Business, business_scope

PAGE = 500
RETRY_S = 1.0
READ_WITHIN_S = 10.0

logger = logging.getLogger(__name__)

TakeText = Callable[[str], None]


class Subscriber:
    """A cursor in one call's log. `take` gets each event's wire text in order, `take_fleeting` the rest.

    `epoch` belongs to the cursor (`calls.live.epochs`): `turn` is told whenever another owner's numbers begin, and
    how far back that goes. A reader without one is never told.
    """

    def __init__(
        self,
        feed: Feed,
        *,
        after: int,
        take: TakeText,
        take_fleeting: TakeText,
        epoch: int | None = None,
        turn: Callable[[Turn], None] | None = None,
        leave: Callable[[Close], None] = lambda _: None,
    ) -> None:
        self.leave = leave
        self.cursor = after
        self.epoch = epoch
        self._turn = turn
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
            except Exception as error:  # noqa: BLE001 - the cursor stays, nothing is lost
                self._note_failed(error)
                await asyncio.sleep(RETRY_S)
                self._must_look.set()

    def _note_failed(self, error: Exception) -> None:
        call = {"call": self._feed.call_id.hex}
        if isinstance(error, DatabaseError):
            metrics.errors.labels("database").inc()
            logger.warning("A call's log was not read: %s", type(error).__name__, extra=call)
        else:
            metrics.errors.labels("feed").inc()
            logger.error("A call's log could not be shown; it is tried again", exc_info=error, extra=call)

    def _settle(self, epoch: int, true_through: int) -> bool:
        """The log is numbered by the owner of `epoch` now. False when the cursor had to go back."""
        if self.epoch is None or self.epoch == epoch:
            return True
        self.epoch = epoch
        is_true = self.cursor <= true_through
        self.cursor = min(self.cursor, true_through)
        if self._turn is not None:
            self._turn(Turn(epoch, None if is_true else true_through))
        return is_true

    async def _catch_up(self) -> None:
        while True:
            log = self._feed.log
            if log is not None and self.epoch is not None:
                self._settle(log.epoch, log.true_through(self.epoch))
            entries = log.after(self.cursor) if log is not None else None
            if entries is not None:
                for entry in entries:
                    self.cursor = entry.seq
                    self._take(entry.to_text())
                # No await since the look: what comes next is offered.
                self._is_live = True
                return
            page = await self._feed.read(self.cursor, self.epoch)
            if not self._settle(page.epoch, page.true_through):
                continue
            for seq, text in page.rows:
                self.cursor = seq
                self._take(text)
            if len(page.rows) < PAGE and not self._feed.has_log:
                return
            if not page.rows:
                await asyncio.sleep(RETRY_S / 10)


class FeedLateError(CallError):
    """The log can not be read just now: the database does not answer."""

    close_code = 1013
    status = 503
    code = "log_late"

    def __init__(self) -> None:
        super().__init__("The call's log can not be read right now: ask again in a moment.")


@dataclass(slots=True)
class Polled:
    """What a poll found: wire texts of the events after `start`, or after `rewind_to` where that is set."""

    start: int
    epoch: int | None
    texts: list[str] = field(default_factory=list)
    rewind_to: int | None = None

    @property
    def last(self) -> int:
        return self._first + len(self.texts)

    @property
    def _first(self) -> int:
        return self.start if self.rewind_to is None else self.rewind_to

    @property
    def is_news(self) -> bool:
        return bool(self.texts) or self.rewind_to is not None

    def turn(self, to: Turn) -> None:
        self.epoch = to.epoch
        if to.rewind_to is not None:
            kept = max(0, to.rewind_to - self._first)
            if to.rewind_to < self._first:
                self.rewind_to = to.rewind_to
            del self.texts[kept:]

    def to_wire(self) -> bytes:
        rewind = "" if self.rewind_to is None else f',"rewind":{self.rewind_to}'
        epoch = "" if self.epoch is None else f',"epoch":{self.epoch}'
        return f'{{"events":[{",".join(self.texts)}],"last":{self.last}{epoch}{rewind}}}'.encode()


class Feed:
    """All subscribers of one call in this process."""

    def __init__(self, business: Business, call_id: uuid.UUID) -> None:
        self.business = business
        self.call_id = call_id
        self._log: EventLog | None = None
        self._subscribers: set[Subscriber] = set()

    @property
    def log(self) -> EventLog | None:
        return self._log

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

    def subscribe(
        self,
        *,
        after: int,
        take: TakeText,
        take_fleeting: TakeText,
        epoch: int | None = None,
        turn: Callable[[Turn], None] | None = None,
        leave: Callable[[Close], None] = lambda _: None,
    ) -> Subscriber:
        subscriber = Subscriber(
            self, after=after, take=take, take_fleeting=take_fleeting, epoch=epoch, turn=turn, leave=leave
        )
        self._subscribers.add(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        self._subscribers.discard(subscriber)

    def look(self, last_seq: int | None = None) -> None:
        """Something may have been saved by another process: up to `last_seq`, when that is known."""
        for subscriber in self._subscribers:
            if last_seq is None or last_seq > subscriber.cursor:
                subscriber.look()

    def leave(self, close: Close) -> None:
        """This process is about to stop: whoever reads here is told where to go."""
        for subscriber in list(self._subscribers):
            subscriber.leave(close)

    def publish_fleeting(self, text: str) -> None:
        for subscriber in self._subscribers:
            subscriber.take_fleeting(text)

    async def read(self, after: int, epoch: int | None) -> Page:
        with business_scope(self.business):
            return await in_thread(store.read_after)(self.call_id, after, PAGE, epoch)

    async def wait_for(self, after: int, wait_s: float, epoch: int | None = None) -> Polled:
        """For polling: the events after `after`. Raises `FeedLateError` when the log can not be read in time.

        Waits up to `wait_s` for the first; no database connection is held meanwhile.
        """
        found = Polled(after, epoch)
        news = asyncio.Event()

        def take(text: str) -> None:
            found.texts.append(text)
            news.set()

        def turn(to: Turn) -> None:
            found.turn(to)
            if to.rewind_to is not None:
                news.set()

        subscriber = self.subscribe(
            after=after,
            take=take,
            take_fleeting=lambda _: None,
            epoch=epoch,
            turn=turn,
            leave=lambda _: news.set(),
        )
        task = asyncio.create_task(subscriber.run())
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                await subscriber.has_looked.wait()
            if wait_s:
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await news.wait()
        except TimeoutError:
            raise FeedLateError from None
        finally:
            self.unsubscribe(subscriber)
            await stop([task])
        return found

    def _publish(self, entry: Entry) -> None:
        if self._subscribers:
            text = entry.to_text()
            for subscriber in self._subscribers:
                subscriber.offer(entry, text)
