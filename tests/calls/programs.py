"""One member's program at a real server: the API and the sockets over the network, and a lock on its call."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
from psycopg import sql
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tenants.context import Business
from tests import owner
from tests.calls import talking
from tests.calls.talking import FRAME_SAMPLES, HELLO, Caller, frame
from tests.server import Server

WITHIN_S = min(20.0, talking.WITHIN_S)


class Client:
    """One member at one server, over real sockets."""

    def __init__(self, server: Server, who: Caller) -> None:
        self._server = server
        self._who = who
        host, port = server.address
        self._http = httpx.AsyncClient(
            base_url=f"http://{host}:{port}",
            headers={"Host": f"{who.host}:{port}", "Authorization": f"Bearer {who.key}"},
            timeout=60.0,
            trust_env=False,
        )

    async def post(self, path: str, content: Any = None) -> httpx.Response:
        return await self._http.post(path, json=content if content is not None else {})

    async def send(self, path: str, audio: bytes) -> httpx.Response:
        return await self._http.post(path, content=audio, headers={"Content-Type": "application/octet-stream"})

    async def get(self, path: str) -> httpx.Response:
        return await self._http.get(path)

    async def start_call(self, **content: Any) -> str:
        answer = await self.post("/api/calls", {"channels": 2, **content})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def socket(self, path: str) -> connect:
        host, port = self._server.address
        return connect(
            f"ws://{self._who.host}:{port}{path}",
            host=host,
            additional_headers={"Authorization": f"Bearer {self._who.key}"},
            compression=None,
            max_size=None,
            proxy=None,
        )

    def audio(self, call_id: str) -> connect:
        return self.socket(f"/ws/calls/{call_id}/audio")

    def events(self, call_id: str, after: int = 0, epoch: int | None = None) -> connect:
        cursor = f"after={after}" if epoch is None else f"after={after}&epoch={epoch}"
        return self.socket(f"/ws/calls/{call_id}/events?{cursor}")


async def until(socket: ClientConnection, **fields: Any) -> dict[str, Any]:
    """The next message with these fields."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if all(message.get(name) == value for name, value in fields.items()):
                return message


async def closed(socket: ClientConnection) -> tuple[int, str]:
    """Reads to the end: the close frame's code and reason, 1006 when there was none."""
    async with asyncio.timeout(WITHIN_S):
        with suppress(ConnectionClosed):
            while True:
                await socket.recv()
    return socket.close_code or 1006, socket.close_reason or ""


async def speak(socket: ClientConnection, seconds: float, first_sample: int = 0) -> int:
    for _ in range(round(seconds * 10)):
        await socket.send(frame(first_sample))
        first_sample += FRAME_SAMPLES
    return first_sample


async def hello(socket: ClientConnection, resume: int = 0) -> dict[str, Any]:
    await socket.send(json.dumps({**HELLO, "resume": resume}))
    return await until(socket, type="ready")


def line(number: int) -> dict[str, Any]:
    return {
        "channel": "rep", "text": f"line number {number}", "start_ms": number * 100, "end_ms": number * 100 + 90,
        "confidence": 0.9, "is_final": True, "utterance": number,
    }  # fmt: skip


@contextmanager
def owner_locks(business: Business, call_id: str) -> Iterator[Callable[[], bool]]:
    """The call's row is locked by the tables' owner: whoever saves it waits. Yields whether somebody does."""
    lock = sql.SQL("SELECT id FROM {}.calls_call WHERE id = %s FOR UPDATE")
    with owner.connect() as connection, connection.transaction():
        connection.execute(lock.format(sql.Identifier(business.schema_name)), [uuid.UUID(call_id)])
        yield lambda: owner.someone_waits(connection)
