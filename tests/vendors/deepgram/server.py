"""The emulator's one port: live sockets and the pre-recorded API, with faults on demand."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import wave
from collections import deque
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.vendors.deepgram import checks
from tests.vendors.deepgram.live import LiveSocket, Seen
from tests.vendors.deepgram.script import Script, recorded_answer


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one connection or one recorded request.

    `refuse` answers `status` (with `retry_after` seconds), `stall` never answers the upgrade, `abort` cuts TCP,
    `close` ends with `code` and `reason`, `mute` takes audio and says nothing, `chatter` says `live_answers` and
    nothing about the audio, `half_open` is mute and answers no ping,
    `unread` stops reading. All but the first two after `after_bytes` of audio.
    """

    kind: str
    after_bytes: int = 0
    status: int = 500
    retry_after: str = ""
    code: int = 1011
    reason: str = "NET-0000"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One pre-recorded request as received."""

    query: checks.Query
    body_bytes: int
    duration_s: float
    channels: int
    authorization: str = ""


class Emulator:
    """`faults` are used up, one a live connection, in order; `recorded_faults` likewise by the other API.

    `slots` is the account's limit of live streams: one more is refused by 429. `refused_keys` are whole
    Authorization headers that get 401 everywhere; `asked_keys` are those that the check of a key came with.

    A reconnecting call goes on in the script after the audio it has sent so far plus `lost_ms` (what a test,
    or the clock with `is_real_time`, says was lost between two sockets).
    """

    def __init__(
        self,
        *,
        script: Script | None = None,
        faults: list[Fault] | None = None,
        recorded_faults: list[Fault] | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
        idle_s: float = 10.0,
        keep_alive_min_s: float = 2.0,
        delay_s: float = 0.0,
        is_real_time: bool = False,
    ) -> None:
        self.script = script or Script()
        self.faults = deque(faults or [])
        self.recorded_faults = deque(recorded_faults or [])
        self.lost_ms = 0
        self.recorded_offset_ms = 0
        self.recorded_answer: dict[str, Any] | None = None
        self.live_answers: list[str] = []
        self.violations: list[str] = []
        self.sockets: list[Seen] = []
        self.recorded: list[Recorded] = []
        self.refused = 0
        self.slots: int | None = None
        self.refused_keys: set[str] = set()
        self.asked_keys: list[str] = []
        self._host, self._port = host, port
        self._idle_s = idle_s
        self._keep_alive_min_s = keep_alive_min_s
        self._delay_s = delay_s
        self._is_real_time = is_real_time
        self._began: dict[str, float] = {}
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self._port}"

    @property
    def is_serving(self) -> bool:
        return self._server is not None and self._server.is_serving()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Also cuts what is connected; the port is free afterwards, so `__aenter__` may open it again."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            await self._dispatch(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            with contextlib.suppress(RuntimeError):
                writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    async def _dispatch(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        path = urlsplit(target).path
        if method == "POST" and path == "/v1/listen":
            await self._recorded(head, target, reader, writer)
        elif path == "/v1/listen":
            await self._live(head, reader, writer)
        elif path == "/v1/auth/token":
            self.asked_keys.append(_headers(head).get("authorization", ""))
            is_refused = self.asked_keys[-1] in self.refused_keys
            _answer(writer, 401 if is_refused else 200, {"api_key_id": "emulated"})
        elif path == "/_seen":
            _answer(writer, 200, self.report())
        else:
            _answer(writer, 404, {"err_msg": "no such address"})
        with contextlib.suppress(OSError):
            await writer.drain()

    # --- live ---------------------------------------------------------------------------------
    async def _live(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault = self._limits(head) or (self.faults.popleft() if self.faults else None)
        if fault and fault.kind == "stall":
            await asyncio.Event().wait()
        if fault and fault.kind == "refuse":
            self.refused += 1
            _refuse(writer, fault)
            return
        socket = LiveSocket(
            reader,
            writer,
            script=self.script,
            offset_ms=self._offset_ms,
            fault=fault,
            idle_s=self._idle_s,
            keep_alive_min_s=self._keep_alive_min_s,
            delay_s=self._delay_s,
            violations=self.violations,
            answers=self.live_answers,
        )
        await socket.serve(head)

    @property
    def open_sockets(self) -> list[Seen]:
        return [seen for seen in self.sockets if seen.is_open]

    def _limits(self, head: bytes) -> Fault | None:
        """What the account itself refuses: its key, or one live stream too many."""
        if _headers(head).get("authorization", "") in self.refused_keys:
            return Fault("refuse", status=401)
        if self.slots is not None and len(self.open_sockets) >= self.slots:
            return Fault("refuse", status=429, retry_after="0.2")
        return None

    def _offset_ms(self, seen: Seen) -> int:
        before = [other for other in self.sockets if other.call == seen.call]
        self.sockets.append(seen)
        now = asyncio.get_running_loop().time()
        began = self._began.setdefault(seen.call, now)
        if not before:
            return 0
        if self._is_real_time:
            return round((now - began) * 1000)
        return sum(other.audio_ms for other in before) + self.lost_ms

    # --- recorded -----------------------------------------------------------------------------
    async def _recorded(
        self, head: bytes, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        headers = _headers(head)
        body = await _body(headers, reader)
        query = parse_qs(urlsplit(target).query)
        channels, duration_s = self._check_recording(headers, body, query)
        authorization = headers.get("authorization", "")
        self.recorded.append(Recorded(query, len(body), duration_s, channels, authorization))
        if authorization in self.refused_keys:
            _refuse(writer, Fault("refuse", status=401))
            return
        if self.recorded_faults:
            _refuse(writer, self.recorded_faults.popleft())
            return
        answer = self.recorded_answer or recorded_answer(
            self.script, offset_ms=self.recorded_offset_ms, duration_s=duration_s, channels=channels
        )
        _answer(writer, 200, answer)

    def _check_recording(self, headers: dict[str, str], body: bytes, query: checks.Query) -> tuple[int, float]:
        self.violations += checks.authorization(headers.get("authorization", ""))
        if headers.get("content-type") != "audio/wav":
            self.violations.append(f"content type {headers.get('content-type')}")
        try:
            with wave.open(io.BytesIO(body), "rb") as file:
                channels, rate, frames = file.getnchannels(), file.getframerate(), file.getnframes()
        except (wave.Error, EOFError):
            self.violations.append(f"{len(body)} bytes that are no WAV file")
            return 1, 0.0
        self.violations += checks.recorded_query(query, channels)
        return channels, frames / rate

    def report(self) -> dict[str, Any]:
        """What `/_seen` answers."""
        return {
            "violations": self.violations,
            "refused": self.refused,
            "sockets": [asdict(seen) | {"audio_ms": seen.audio_ms} for seen in self.sockets],
            "recorded": [asdict(request) for request in self.recorded],
        }


def _headers(head: bytes) -> dict[str, str]:
    pairs = (line.split(":", 1) for line in head.decode("latin-1").split("\r\n")[1:] if ":" in line)
    return {name.strip().lower(): value.strip() for name, value in pairs}


async def _body(headers: dict[str, str], reader: asyncio.StreamReader) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    body = bytearray()
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return bytes(body)


def _refuse(writer: asyncio.StreamWriter, fault: Fault) -> None:
    extra = {"dg-error": "emulated", "dg-request-id": "emulated"}
    if fault.retry_after:
        extra["Retry-After"] = fault.retry_after
    _answer(writer, fault.status, {"err_code": "EMULATED", "err_msg": "emulated", "request_id": "emulated"}, extra)


def _answer(writer: asyncio.StreamWriter, status: int, value: Any, extra: dict[str, str] | None = None) -> None:
    body = json.dumps(value).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
    lines = [f"{name}: {text}" for name, text in (headers | (extra or {})).items()]
    head = "\r\n".join([f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *lines, "", ""])
    writer.write(head.encode() + body)
