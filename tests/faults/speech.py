"""The speech vendor of the house: Deepgram's two APIs on a real socket, with trouble for one call or for all."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from aiohttp import WSMsgType, web

from tests.faults.ears import Ear, transcript
from tests.vendors.deepgram.server import _answer as answer
from tests.vendors.deepgram.server import _body as read_body
from tests.vendors.deepgram.server import _headers as headers_of

EVERY_CALL = ""
JUNK = (
    "\x00\x01{not json",
    '{"type": "Results"}',
    '["Results"]',
    '{"type": "Results", "channel": {"alternatives": 7}}',
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the vendor does until it is taken back.

    `refuse`: streams end, new ones and recorded requests are answered with `status`. `stall`: nothing is answered
    any more, not even the upgrade. `mute`: it takes audio and says nothing. `garbage`: it says what nobody can read.
    What it heard meanwhile it says once it is fine again. `early`: a stream is closed at its first audio. `late`:
    every answer comes after `seconds`.
    """

    kind: str
    status: int = 503
    seconds: float = 0.0


class SpeechVendor:
    """Use as an async context manager; `url` is DEEPGRAM_BASE_URL."""

    def __init__(self) -> None:
        self.streams: dict[str, set[web.WebSocketResponse]] = {}
        self.opened = 0
        self.refused = 0
        self.recorded = 0
        self._troubles: dict[str, Trouble] = {}
        self._runner: web.AppRunner | None = None
        self._front: asyncio.Server | None = None
        self._never = asyncio.Event()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/v1/listen", self._live)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._front = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.port = self._front.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._never.set()
        self.drop(EVERY_CALL)
        if self._front is not None:
            self._front.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # --- what goes wrong ------------------------------------------------------------------------
    def trouble(self, call: str, trouble: Trouble) -> None:
        self._troubles[call] = trouble
        if trouble.kind == "refuse":
            self.drop(call)

    def fine(self, call: str) -> None:
        """The trouble is over. Whoever was left without an answer stays so: it has to ask again."""
        self._troubles.pop(call, None)

    def drop(self, call: str) -> None:
        """Cuts the streams that are open, as a router that forgot them."""
        for socket in self._open(call):
            if socket._req is not None and socket._req.transport is not None:
                socket._req.transport.abort()

    async def end(self, call: str, *, code: int, reason: str) -> None:
        """Closes them in good form, as the vendor does in mid-stream: 1008 for a key or credit, 1011 for its own."""
        for socket in self._open(call):
            await socket.close(code=code, message=reason.encode())

    async def report_error(self, call: str) -> None:
        for socket in self._open(call):
            await socket.send_str(json.dumps({"type": "Error", "variant": "INTERNAL", "description": "emulated"}))

    def _open(self, call: str) -> list[web.WebSocketResponse]:
        return [socket for own, sockets in self.streams.items() for socket in sockets if call in {own, EVERY_CALL}]

    def _trouble(self, call: str) -> Trouble | None:
        return self._troubles.get(call) or self._troubles.get(EVERY_CALL)

    # --- what is served -------------------------------------------------------------------------
    async def _live(self, request: web.Request) -> web.StreamResponse:
        call = _call(request)
        if refusal := await self._refusal(call):
            return refusal
        socket = web.WebSocketResponse(autoping=False, max_msg_size=1 << 20)
        await socket.prepare(request)
        self.opened += 1
        own = self.streams.setdefault(call, set())
        own.add(socket)
        try:
            await self._listen(socket, call)
        finally:
            own.discard(socket)
        return socket

    async def _listen(self, socket: web.WebSocketResponse, call: str) -> None:
        ear, mouth, held_back = Ear(), Mouth(socket), list[dict[str, Any]]()
        try:
            async for message in socket:
                trouble = self._trouble(call)
                kind = trouble.kind if trouble else ""
                is_end = message.type is WSMsgType.TEXT and json.loads(message.data).get("type") == "CloseStream"
                if message.type is WSMsgType.PING and kind != "stall":
                    await socket.pong(message.data)
                elif message.type is WSMsgType.BINARY and kind == "early":
                    await socket.close(code=1011, message=b"NET-0000")
                    return
                elif message.type is WSMsgType.BINARY:
                    held_back += ear.hear(message.data)
                elif is_end:
                    last = {"type": "Metadata", "request_id": "emulated", "duration": ear.heard_bytes / 64_000}
                    held_back += [*ear.finish(), last]
                if trouble is None or kind == "late":
                    mouth.say(held_back, after_s=trouble.seconds if trouble else 0.0)
                    held_back = []
                    if is_end:
                        await mouth.close()
                        return
                elif kind == "garbage" and message.type is WSMsgType.BINARY:
                    await _say_junk(socket)
        finally:
            mouth.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Recorded requests are read here: the SDK sends one header twice, which a strict server refuses."""
        with suppress(OSError, EOFError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"POST"):
                await self._recorded(head, reader, writer)
            else:
                assert self._runner is not None
                inner_reader, inner_writer = await asyncio.open_connection(*self._runner.addresses[0])
                inner_writer.write(head)
                await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer))
        writer.close()

    async def _recorded(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = await read_body(headers_of(head), reader)
        call = _tag(parse_qs(urlsplit(head.split(b" ", 2)[1].decode()).query).get("tag", []))
        trouble = self._trouble(call)
        kind = trouble.kind if trouble else ""
        if kind in {"stall", "mute"}:
            await self._never.wait()
        elif kind == "garbage":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<html>\x00\xff\r")
        elif trouble is not None and kind == "refuse":
            self.refused += 1
            answer(writer, trouble.status, {"err_code": "EMULATED", "err_msg": "emulated", "request_id": "emulated"})
        else:
            self.recorded += 1
            answer(writer, 200, await asyncio.to_thread(transcript, body))
        await writer.drain()

    async def _refusal(self, call: str) -> web.Response | None:
        trouble = self._trouble(call)
        if trouble is not None and trouble.kind == "refuse":
            self.refused += 1
            error = {"err_code": "EMULATED", "err_msg": "emulated", "request_id": "emulated"}
            return web.json_response(error, status=trouble.status, headers={"dg-error": "emulated"})
        if trouble is not None and trouble.kind == "stall":
            await self._never.wait()
        return None


async def _say_junk(socket: web.WebSocketResponse) -> None:
    for junk in JUNK:
        await socket.send_str(junk)
    await socket.send_bytes(b"\xff\x00" * 40)


class Mouth:
    """What one stream says, in order, however late."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._clock = asyncio.get_running_loop().time
        self._waiting: asyncio.Queue[tuple[float, str]] = asyncio.Queue()
        self._task = asyncio.create_task(self._run())

    def say(self, messages: list[dict[str, Any]], *, after_s: float) -> None:
        for message in messages:
            self._waiting.put_nowait((self._clock() + after_s, json.dumps(message)))

    async def close(self) -> None:
        """In good form, once everything is said."""
        joining = asyncio.create_task(self._waiting.join())
        await asyncio.wait({joining, self._task}, return_when=asyncio.FIRST_COMPLETED)
        joining.cancel()
        await self._socket.close(code=1000)

    def stop(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        with suppress(ConnectionError):
            while True:
                due, text = await self._waiting.get()
                await asyncio.sleep(max(0.0, due - self._clock()))
                await self._socket.send_str(text)
                self._waiting.task_done()


async def _pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    except ConnectionError:
        sink.transport.abort()
    finally:
        sink.close()


def _call(request: web.Request) -> str:
    return _tag(request.query.getall("tag", []))


def _tag(tags: list[str]) -> str:
    return next((tag.removeprefix("call:") for tag in tags if tag.startswith("call:")), "")
