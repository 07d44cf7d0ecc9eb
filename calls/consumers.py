"""The two sockets of a call, as DESIGN.md section 4 specifies them: audio up, events down."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar
from urllib.parse import parse_qs

import orjson
from django.db import DatabaseError

from calls import services
from calls.events import Payload
from calls.live import drain
from calls.live.epochs import Turn
from calls.live.feed import Subscriber
from calls.live.messages import Hello, MessageError, parse_client_message, parse_hello, parse_object
from calls.live.outbox import Close
from calls.live.pace import TooFast, pace
from calls.live.people import NotYoursError, Person, check_rights
from calls.live.registry import registry
from calls.live.session import LiveSession
from calls.live.sockets import CHECK_EVERY_S, CallSocket, Receive, Scope, Send, SocketClosedError, bad, together
from calls.live.threads import in_thread
from calls.models import Call, CallState
from tenants.audit.models import Via
from tenants.members.models import Scope as KeyScope

HELLO_WITHIN_S = 10.0
CURSOR_WORDS = {
    "after": "after is the number of the last event you have, or 0.",
    "epoch": "epoch is the one that the server named last, or 0.",
}
ALIVE_EVERY_S = 5.0
ALIVE = '{"type":"alive"}'


class AudioSocket(CallSocket):
    """`/ws/calls/<id>/audio`. Implements `calls.live.session.AudioLink`.

    Only the person on the call may send. The newest socket is the one that counts: an older one closes with
    4409, in this process at once and in another one by the epoch.
    """

    name: ClassVar[str] = "audio"
    key_scope: ClassVar[KeyScope | None] = KeyScope.CALLS_WRITE

    async def talk(self) -> None:
        try:
            async with asyncio.timeout(HELLO_WITHIN_S):
                hello = await self._hello()
        except TimeoutError:
            raise bad("Say hello within 10 s of connecting.") from None
        call = await self.find_call(services.own_call)
        if call.state == CallState.ENDED:
            raise services.CallOver
        if call.channels != hello.channels:
            raise bad(f"This call was created with {call.channels} channel(s): say so in hello.")
        session = await registry.open(self.business, self.call_id)
        session.attach(self, sends_backlog=hello.backlog)
        try:
            await self._listen(session)
        finally:
            session.detach(self)

    async def _hello(self) -> Hello:
        first = await self.receive()
        if isinstance(first, bytes):
            raise bad("Say hello first, then send audio.")
        return parse_hello(first)

    async def _listen(self, session: LiveSession) -> None:
        """The hot loop: nothing for a frame but its bytes."""
        while True:
            message = await self.receive()
            if not isinstance(message, bytes):
                raise bad("Send audio as binary frames: after hello no text belongs here.")
            session.feed(message)

    # AudioLink ------------------------------------------------------------------------------------

    def ready(self, *, epoch: int, next_sample: int) -> None:
        self._put({"type": "ready", "epoch": epoch, "next_sample": next_sample})

    def ack(self, samples: int) -> None:
        self._put({"type": "ack", "samples": samples})

    def state(self, payload: Payload) -> None:
        self._put({"type": "state", **payload})

    def close(self, close: Close) -> None:
        if close.code != 1000:
            self._put({"type": "error", "code": close.code, "message": close.reason})
        super().close(close)

    def _put(self, message: Mapping[str, Any]) -> None:
        self.outbox.put(orjson.dumps(message).decode())


class EventsSocket(CallSocket):
    """`/ws/calls/<id>/events?after=N`: the log after N, then live, without a hole or a duplicate.

    Stays open after the call has ended, until the client leaves: the report is announced here too.
    """

    name: ClassVar[str] = "events"
    key_scope: ClassVar[KeyScope | None] = KeyScope.CALLS_READ

    async def talk(self) -> None:
        after, epoch = self._number("after", 0), self._number("epoch", None)
        call = await self.find_call(partial(services.read_call, via=Via.SOCKET))
        async with registry.feed(self.business, self.call_id) as feed:
            subscriber = feed.subscribe(
                after=after or 0,
                take=self.outbox.put,
                take_fleeting=self.outbox.put_fleeting,
                epoch=epoch,
                turn=self._turn,
                leave=self.close,
            )
            try:
                await together(self._listen(call), self._show(call, subscriber), self._beat())
            finally:
                feed.unsubscribe(subscriber)

    async def _show(self, call: Call, subscriber: Subscriber) -> None:
        """The log to this socket; who watches a colleague is asked again and again whether that is allowed."""
        if call.member_id == self.member.id:
            await subscriber.run()
        else:
            await together(subscriber.run(), self._keep_asking())

    async def _beat(self) -> None:
        """A client that hears nothing for long takes its connection for dead; between calls' events it may be long."""
        while True:
            await asyncio.sleep(ALIVE_EVERY_S)
            self.outbox.put_fleeting(ALIVE)

    async def _keep_asking(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            try:
                await self.find_call(services.visible_call)
            except services.CallError as error:
                self.close(Close(error.close_code, error.reason))
                return
            except DatabaseError:
                # The next look tells.
                continue

    def _turn(self, turn: Turn) -> None:
        if turn.rewind_to is None:
            self._put({"type": "epoch", "epoch": turn.epoch})
        else:
            self._put({"type": "rewind", "seq": turn.rewind_to, "epoch": turn.epoch})

    def _number(self, name: str, default: int | None) -> int | None:
        values = parse_qs(self.scope.get("query_string", b"").decode("latin-1")).get(name)
        if values is None:
            return default
        if not values[-1].isascii() or not values[-1].isdigit() or len(values[-1]) > 10:
            raise bad(CURSOR_WORDS[name])
        return int(values[-1])

    async def _listen(self, call: Call) -> None:
        person = Person(self.member.name, is_own_call=call.member_id == self.member.id)
        while True:
            text = await self.receive()
            try:
                if isinstance(text, bytes):
                    raise bad("Send JSON as text: no audio belongs here.")
                await self._act(call, parse_object(text), person)
            except NotYoursError as error:
                self._error(4403, error.reason)
            except MessageError as error:
                self._error(4400, error.reason)
                raise
            except services.CallError as error:
                self._error(error.close_code, error.reason)
                if isinstance(error, TooFast):
                    raise
            except SocketClosedError as closed:
                self._error(closed.close.code, closed.close.reason)
                raise

    async def _act(self, call: Call, message: dict[str, Any], person: Person) -> None:
        if not self.member.has_scope(KeyScope.CALLS_WRITE):
            raise NotYoursError(f"This API key may only read: it lacks the scope {KeyScope.CALLS_WRITE}.")
        check_rights(parse_client_message(message), person)
        pace.spend((self.business.id, self.member.id))
        await act(self, call, message, person)

    def _error(self, code: int, message: str) -> None:
        self._put({"type": "error", "code": code, "message": message})

    def _put(self, message: Mapping[str, Any]) -> None:
        self.outbox.put(orjson.dumps(message).decode())


async def act(socket: CallSocket, call: Call, message: dict[str, Any], person: Person) -> None:
    """To the session when it lives here, else into the call's inbox for its owner."""
    session = registry.get(socket.business, call.id)
    if session is not None:
        session.act(message, person)
        return
    leave = in_thread(services.leave_message)
    await leave(call.id, socket.member, message)


async def audio_socket(scope: Scope, receive: Receive, send: Send) -> None:
    drain.watch_for_stop()
    await AudioSocket(scope, receive, send).run()


async def events_socket(scope: Scope, receive: Receive, send: Send) -> None:
    drain.watch_for_stop()
    await EventsSocket(scope, receive, send).run()


async def no_such_socket(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 4404, "reason": "There is no such call."})
