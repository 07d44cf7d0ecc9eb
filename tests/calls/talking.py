"""A client of the call API and its sockets against the ASGI application of this process."""

from __future__ import annotations

import asyncio
import json
import os
import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self, cast

import httpx
from channels.routing import URLRouter
from django.core.asgi import get_asgi_application

from calls.live.threads import in_thread
from calls.models import Call, CallEvent
from calls.routing import websocket_urlpatterns
from tenants.context import Business, business_scope
from tenants.sockets import BusinessSocket

FRAME_SAMPLES = 1_600
WITHIN_S = float(os.environ.get("SALESPILOT_TESTS_WAIT_S", "30"))
"""What is waited for one message. Shorter where a test is expected to fail: see `tests.faults.mutants`."""

application = BusinessSocket(URLRouter(websocket_urlpatterns))
http_application = get_asgi_application()


def frame(first_sample: int, samples: int = FRAME_SAMPLES, *, channels: int = 2, value: int = 3_000) -> bytes:
    """A tone that every meter takes for speech."""
    wave = b"".join(struct.pack("<h", value if i % 8 < 4 else -value) * channels for i in range(samples))
    return struct.pack("<Q", first_sample) + wave


HELLO = {
    "type": "hello", "protocol": 1, "encoding": "linear16", "sample_rate": 16_000, "channels": 2, "resume": 0,
}  # fmt: skip


class Closed(Exception):
    """The server closed the socket."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


@dataclass
class Socket:
    """One connection. Use as an async context manager; `messages` keeps everything that came."""

    path: str
    headers: list[tuple[bytes, bytes]]
    messages: list[dict[str, Any]] = field(default_factory=list)
    _to_app: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    _from_app: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    _task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        path, _, query = self.path.partition("?")
        scope = {"type": "websocket", "path": path, "query_string": query.encode(), "headers": self.headers}
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(application(scope, self._to_app.get, cast("Any", self._from_app.put)))
        first = await self._next()
        if first["type"] == "websocket.close":
            raise Closed(int(first.get("code", 1000)), "refused before accept")
        assert first["type"] == "websocket.accept"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1001})
        assert self._task is not None
        async with asyncio.timeout(WITHIN_S):
            await self._task

    def send(self, message: Any) -> None:
        if isinstance(message, bytes):
            self._to_app.put_nowait({"type": "websocket.receive", "bytes": message})
        else:
            text = message if isinstance(message, str) else json.dumps(message)
            self._to_app.put_nowait({"type": "websocket.receive", "text": text})

    async def receive(self) -> dict[str, Any]:
        """The next message. Raises `Closed`."""
        found = await self._next()
        if found["type"] == "websocket.close":
            raise Closed(found["code"], found["reason"])
        message: dict[str, Any] = json.loads(found["text"])
        self.messages.append(message)
        return message

    async def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first message from now on that fits. Signs of life alone do not keep it waiting for ever."""
        async with asyncio.timeout(2 * WITHIN_S):
            while True:
                message = await self.receive()
                if condition(message):
                    return message

    async def until_kind(self, kind: str) -> dict[str, Any]:
        return await self.until(lambda message: message.get("kind") == kind)

    async def closed(self) -> Closed:
        """Waits for the server's close; signs of life alone do not keep it waiting for ever."""
        try:
            async with asyncio.timeout(2 * WITHIN_S):
                while True:
                    await self.receive()
        except Closed as closed:
            return closed

    def events(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == "event"]

    async def _next(self) -> dict[str, Any]:
        async with asyncio.timeout(WITHIN_S):
            return await self._from_app.get()


class Caller:
    """Speaks for one member."""

    def __init__(self, business: Business, key: str) -> None:
        self.business = business
        self.key = key
        self.host = f"{business.schema_name}.localhost"
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=cast("Any", http_application)),
            base_url=f"http://{self.host}",
            headers={"authorization": f"Bearer {key}"},
            timeout=60.0,
        )

    async def post(self, path: str, content: Any = None, *, raw: bytes | None = None) -> tuple[int, dict[str, Any]]:
        data = raw if raw is not None else json.dumps(content if content is not None else {}).encode()
        kind = "application/octet-stream" if raw is not None else "application/json"
        answer = await self._client.post(path, content=data, headers={"content-type": kind})
        return answer.status_code, answer.json()

    async def get(self, path: str) -> tuple[int, dict[str, Any]]:
        answer = await self._client.get(path)
        return answer.status_code, answer.json()

    async def start_call(self, **content: Any) -> str:
        status, created = await self.post("/api/calls", {"channels": 2, **content})
        assert status == 201, created
        return str(created["id"])

    def audio(self, call_id: str) -> Socket:
        return self._socket(f"/ws/calls/{call_id}/audio")

    def events(self, call_id: str, after: int | str = 0) -> Socket:
        return self._socket(f"/ws/calls/{call_id}/events?after={after}")

    def _socket(self, path: str) -> Socket:
        headers = [(b"host", self.host.encode()), (b"authorization", f"Bearer {self.key}".encode())]
        return Socket(path, headers)

    async def log(self, call_id: str) -> list[CallEvent]:
        """What the database holds, in order; fails when there is a hole."""

        def read() -> list[CallEvent]:
            with business_scope(self.business):
                return list(CallEvent.objects.filter(call_id=call_id).order_by("seq"))

        rows = await in_thread(read)()
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        return rows

    async def row(self, call_id: str) -> Call:
        def read() -> Call:
            with business_scope(self.business):
                return Call.objects.get(pk=uuid.UUID(call_id))

        return await in_thread(read)()


async def wait_until(condition: Callable[[], Any], within_s: float = WITHIN_S) -> None:
    """Waits for a condition that something else brings about."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - the condition belongs to somebody else
            await asyncio.sleep(0.01)


async def say_hello(socket: Socket, **changes: Any) -> dict[str, Any]:
    """Says hello; returns `ready`."""
    socket.send({**HELLO, **changes})
    return await socket.until(lambda message: message["type"] == "ready")


def speak(socket: Socket, seconds: float, *, first_sample: int = 0, channels: int = 2) -> int:
    """Sends audio in frames of 100 ms; returns the next sample."""
    for _ in range(round(seconds * 10)):
        socket.send(frame(first_sample, channels=channels))
        first_sample += FRAME_SAMPLES
    return first_sample
