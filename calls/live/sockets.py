"""The shell of one call socket: accept, read, send, watch over membership, close with a reason.

These are plain ASGI applications. They bypass Channels' dispatch on purpose: it hops through the process's one
database thread before every message, so that one slow query would stall every call (docs/adr/0003).
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any, ClassVar

from django.db import DatabaseError

from calls import metrics
from calls.live import tasks
from calls.live.audio import FrameError
from calls.live.messages import MessageError
from calls.live.outbox import Close, Outbox
from calls.live.pace import TooManySockets, socket_count
from calls.live.threads import in_thread
from calls.models import Call
from calls.services import CallError
from tenants.context import Business
from tenants.members.models import Scope as KeyScope
from tenants.members.refs import MemberRef
from tenants.sockets import still_allowed

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# A right that ends has ended 10 s later, the question itself and a busy process included.
CHECK_EVERY_S = 7.0
CLOSE_WITHIN_S = 5.0

NOT_SIGNED_IN = Close(4401, "You are signed out: please sign in again.")
TROUBLE = Close(1013, "Something failed on our side: try again in a moment.")

logger = logging.getLogger(__name__)


class SocketClosedError(Exception):
    """The socket is to be closed with `close`."""

    def __init__(self, close: Close) -> None:
        super().__init__(close.reason)
        self.close = close


class Disconnected(Exception):
    """The other side is gone."""


def bad(reason: str) -> SocketClosedError:
    return SocketClosedError(Close(4400, reason))


class CallSocket(ABC):
    """One connection. Subclasses say what happens between accept and close in `talk`."""

    name: ClassVar[str]
    key_scope: ClassVar[KeyScope | None] = None
    """What an API key needs to open this socket; without a declared scope no key opens it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.business: Business = scope["business"]
        self.member: MemberRef = scope["member"]
        self.call_id = uuid.UUID(scope["url_route"]["kwargs"]["call_id"])
        self.outbox = Outbox()
        self._receive = receive
        self._send = send

    @abstractmethod
    async def talk(self) -> None:
        """Reads until `Disconnected`; raises `SocketClosedError`, `CallError`, `MessageError`, `FrameError`."""

    async def run(self) -> None:
        """The whole connection. Whatever happens inside, the socket closes with a code and a reason."""
        await self._receive()
        await self._send({"type": "websocket.accept"})
        metrics.sockets_open.labels(self.name).inc()
        code = 1005
        if not self.member.has_scope(self.key_scope):
            self.close(Close(4403, f"This API key lacks the scope {self.key_scope or 'for this socket'}."))
        try:
            with socket_count.one_more((self.business.id, self.member.id)) as has_room:
                if not has_room:
                    refused = TooManySockets()
                    self.close(Close(refused.close_code, refused.reason))
                code = await self._converse()
        finally:
            metrics.sockets_open.labels(self.name).dec()
            metrics.sockets_closed.labels(self.name, str(code)).inc()

    async def _converse(self) -> int:
        sending = asyncio.create_task(self._send_all())
        others = [asyncio.create_task(self._talk()), asyncio.create_task(self._watch_over())]
        try:
            await asyncio.wait({sending, *others}, return_when=asyncio.FIRST_COMPLETED)
            if self.outbox.is_closed and not sending.done():
                await asyncio.wait({sending}, timeout=CLOSE_WITHIN_S)
            return sending.result() if sending.done() and not sending.exception() else 1005
        finally:
            await tasks.stop([sending, *others])

    async def _talk(self) -> None:
        """`talk`, with every refusal turned into a close."""
        if self.outbox.is_closed:
            return
        try:
            await self.talk()
        except Disconnected:
            return
        except SocketClosedError as closed:
            self.close(closed.close)
        except CallError as error:
            self.close(Close(error.close_code, error.reason))
        except MessageError as error:
            self.close(Close(4400, error.reason))
        except FrameError as error:
            self.close(Close(error.refusal.code, error.refusal.reason))
        except DatabaseError as error:
            logger.warning("A call socket found no database: %s", type(error).__name__)
            self.close(TROUBLE)
        except Exception:
            logger.exception("A call socket failed")
            self.close(TROUBLE)

    async def _watch_over(self) -> None:
        """Membership, role and session are asked again and again while a socket lives."""
        try:
            while True:
                await asyncio.sleep(CHECK_EVERY_S)
                if not await still_allowed(self.scope):
                    self.close(NOT_SIGNED_IN)
                    return
        except Exception:
            # What can not be asked is not allowed; nobody is left without a reason.
            logger.exception("A call socket could not be watched over")
            self.close(TROUBLE)

    async def _send_all(self) -> int:
        while True:
            message = await self.outbox.get()
            if isinstance(message, Close):
                await self._send({"type": "websocket.close", "code": message.code, "reason": message.reason})
                return message.code
            await self._send({"type": "websocket.send", "text": message})

    def close(self, close: Close) -> None:
        self.outbox.close(close)

    async def receive(self) -> str | bytes:
        """The next message. Raises `Disconnected`."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise Disconnected
        data = message.get("bytes")
        return data if data is not None else str(message.get("text") or "")

    async def find_call(self, find: Callable[[uuid.UUID, MemberRef], Call]) -> Call:
        """One hop to the database. Raises `CallError`."""
        return await in_thread(find)(self.call_id, self.member)


async def together(main: Coroutine[Any, Any, None], *asides: Coroutine[Any, Any, None]) -> None:
    """Runs `asides` for as long as `main` runs."""
    running = [asyncio.create_task(aside) for aside in asides]
    try:
        await main
    finally:
        await tasks.stop(running)
