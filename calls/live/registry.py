"""The calls of this process: those it owns, and those it only shows. One per process, on its one event loop."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import Context
from weakref import WeakValueDictionary

from calls import metrics
from calls.live import pace, tasks
from calls.live.bus import Bus
from calls.live.feed import Feed
from calls.live.links import MOVING
from calls.live.log import EventLog
from calls.live.opening import OpenedCall, open_call
from calls.live.outbox import Close
from calls.live.session import LiveSession
from calls.live.store import Batch
from calls.live.threads import in_thread
from calls.live.writer import LogWriter
from calls.services import CallError
from calls.speech import get_provider
from calls.speech.accounts import OwnAccount
from calls.speech.base import SpeechProvider
from coaching.llm import get_card_model
from tenants import heap
from tenants.context import Business, business_scope

LOOK_EVERY_S = 2.0
LOOKS_WHILE_UP = 5

Key = tuple[int, uuid.UUID]

logger = logging.getLogger(__name__)


class MovingError(CallError):
    """This process is about to stop: reconnect, another one takes the call."""

    close_code = MOVING.code
    status = 503
    code = "moving"

    def __init__(self) -> None:
        super().__init__(MOVING.reason)


class Registry:
    """Finds, opens and closes live sessions; keeps one feed per call that anybody here looks at.

    Everything that runs is started with the first use and belongs to the running event loop; `aclose` ends it,
    and the registry can be used again, on another loop too.
    """

    def __init__(self) -> None:
        self.sessions: dict[Key, LiveSession] = {}
        self._feeds: dict[Key, Feed] = {}
        self._held: defaultdict[Key, int] = defaultdict(int)
        # Gone when nobody opens the call any more.
        self._opening: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()
        self._claiming: set[Key] = set()
        self._writer: LogWriter | None = None
        self._bus: Bus | None = None
        self._looking: asyncio.Task[None] | None = None
        self._is_bus_up = True
        self.is_moving = False

    def get(self, business: Business, call_id: uuid.UUID) -> LiveSession | None:
        return self.sessions.get((business.id, call_id))

    async def open(self, business: Business, call_id: uuid.UUID) -> LiveSession:
        """The session of the call; claims the call when this process does not own it yet.

        Raises `CallOver`, `CallNotFound`, `MovingError`, `ProcessFull`, `BusinessFull`. Two callers at once get the
        same session.
        """
        key = (business.id, call_id)
        async with self._opening.setdefault(key, asyncio.Lock()):
            session = self.sessions.get(key)
            if session is None or session.is_over:
                self.check_room(business)
                session = await self._claim(business, call_id, key)
        return session

    def check_room(self, business: Business) -> None:
        """Whether one more call may live here. Raises `MovingError`, `ProcessFull`, `BusinessFull`."""
        if self.is_moving:
            raise MovingError
        pace.check_room(business.id, [business_id for business_id, _ in {*self.sessions, *self._claiming}])

    @asynccontextmanager
    async def feed(self, business: Business, call_id: uuid.UUID) -> AsyncIterator[Feed]:
        """The call's feed, kept alive while anybody uses it. Raises `MovingError`."""
        if self.is_moving:
            raise MovingError
        self._start()
        key = (business.id, call_id)
        feed = self._hold(business, call_id)
        if self._bus is not None:
            self._bus.follow(business.id)
        try:
            yield feed
        finally:
            self._release(key)

    async def move(self, close: Close = MOVING) -> None:
        """Before the process stops: every session saves what it has and tells its sockets to go elsewhere.

        Returns when all have; a session that fails costs the others nothing.
        """
        self.is_moving = True
        metrics.moving.set(1)
        sessions = list(self.sessions.values())
        outcomes = await asyncio.gather(*(session.let_go(close) for session in sessions), return_exceptions=True)
        for session, outcome in zip(sessions, outcomes, strict=True):
            if isinstance(outcome, Exception):
                logger.error("A call could not be let go", exc_info=outcome, extra={"call": session.call.id.hex})
        # Last, so that they still hear what the sessions had to say.
        for feed in list(self._feeds.values()):
            feed.leave(close)

    async def aclose(self) -> None:
        """Ends everything this registry started. Sessions let their calls go."""
        await self.move()
        self.is_moving = False
        metrics.moving.set(0)
        looking, self._looking = self._looking, None
        if looking is not None:
            await tasks.stop([looking])
        for part in (self._bus, self._writer):
            if part is not None:
                await part.aclose()
        self._bus = self._writer = None

    # Inside -------------------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._writer is None:
            self._writer = LogWriter(self._saved)
            self._bus = Bus(on_wake=self._woken, on_inbox=self._has_mail, on_health=self._bus_health)
            self._looking = asyncio.create_task(self._look_now_and_then(), name="feeds-look", context=Context())

    async def _claim(self, business: Business, call_id: uuid.UUID, key: Key) -> LiveSession:
        self._start()
        if self._writer is None or self._bus is None:
            raise MovingError
        self._bus.follow(business.id)
        with business_scope(business):
            self._claiming.add(key)
            try:
                call = await in_thread(open_call)(call_id)
            finally:
                self._claiming.discard(key)
            session = self._make(business, call, self._writer)
            self.sessions[key] = session
            try:
                session.start()
            except Exception:
                await session.abandon()
                raise
        if not self._is_bus_up:
            session.note_fanout(is_up=False)
        return session

    def _make(self, business: Business, call: OpenedCall, writer: LogWriter) -> LiveSession:
        feed = self._hold(business, call.id)
        try:
            return LiveSession(
                business=business,
                call=call,
                feed=feed,
                writer=writer,
                provider=speech_provider(call.own_speech) if call.own_speech else speech_provider(),
                model=get_card_model(business.id, call.own_model_key) if call.allow_model_cards else None,
                on_over=self._over,
            )
        except Exception:
            self._release((business.id, call.id))
            raise

    def _over(self, session: LiveSession) -> None:
        key = (session.business.id, session.call.id)
        if self.sessions.get(key) is session:
            del self.sessions[key]
        self._release(key)
        if heap.is_due():
            asyncio.get_running_loop().run_in_executor(None, heap.give_back)

    def _hold(self, business: Business, call_id: uuid.UUID) -> Feed:
        key = (business.id, call_id)
        self._held[key] += 1
        return self._feeds.setdefault(key, Feed(business, call_id))

    def _release(self, key: Key) -> None:
        self._held[key] -= 1
        if not self._held[key]:
            del self._held[key]
            self._feeds.pop(key, None)

    def _saved(self, business: Business, batches: dict[EventLog, Batch]) -> None:
        news = {log.call_id: batch.last_seq for log, batch in batches.items() if batch.entries}
        if news and self._bus is not None:
            self._bus.announce(business.id, news)

    def _woken(self, business_id: int, call_id: uuid.UUID, last_seq: int) -> None:
        feed = self._feeds.get((business_id, call_id))
        if feed is not None and not feed.has_log:
            feed.look(last_seq)

    def _has_mail(self, business_id: int, call_id: uuid.UUID) -> None:
        session = self.sessions.get((business_id, call_id))
        if session is not None:
            session.look_into_inbox()

    def _bus_health(self, is_up: bool) -> None:
        self._is_bus_up = is_up
        for session in list(self.sessions.values()):
            session.note_fanout(is_up=is_up)

    async def _look_now_and_then(self) -> None:
        """Wake-ups may be lost: who only watches reads the log by itself too, more often while the layer is down."""
        turn = 0
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            turn += 1
            if self._is_bus_up and turn % LOOKS_WHILE_UP:
                continue
            for feed in self._feeds.values():
                if not feed.has_log:
                    feed.look()
            if not self._is_bus_up:
                for session in list(self.sessions.values()):
                    session.look_into_inbox()


def speech_provider(own: OwnAccount | None = None) -> SpeechProvider | None:
    """None when no engine can be had; a fault while loading one costs its rung, not the call.

    `own`: the business's account at the vendor, where it has one.
    """
    try:
        return get_provider(own)
    except Exception:
        logger.exception("No speech engine")
        return None


registry = Registry()
