"""One live socket of the emulator: the websocket protocol without I/O, fed from a stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from tests.vendors.deepgram import checks
from tests.vendors.deepgram.script import CHANNELS, Ear, Script

if TYPE_CHECKING:
    from tests.vendors.deepgram.server import Fault


@dataclass(slots=True)
class Seen:
    """What one socket received."""

    query: checks.Query = field(default_factory=dict)
    session: str = ""
    authorization: str = ""
    is_open: bool = True
    audio_bytes: int = 0
    frames: int = 0
    keep_alives: list[float] = field(default_factory=list)
    last_audio_at: float = 0.0
    is_close_stream_seen: bool = False
    close_code: int | None = None

    @property
    def channels(self) -> int:
        return int(self.query.get("channels", ["1"])[0])

    @property
    def audio_ms(self) -> int:
        return self.audio_bytes // (2 * self.channels) // 16

    @property
    def call(self) -> str:
        return next((tag for tag in self.query.get("tag", []) if tag.startswith("call:")), "")


class LiveSocket:
    """Serves one connection until it ends. `offset_ms` is where in the script this socket's audio begins."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        script: Script,
        offset_ms: Callable[[Seen], int],
        fault: Fault | None,
        idle_s: float,
        keep_alive_min_s: float,
        delay_s: float,
        violations: list[str],
        answers: list[str],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._script = script
        self._offset_of = offset_ms
        self._offset_ms = 0
        self._fault = fault
        self._idle_s = idle_s
        self._keep_alive_min_s = keep_alive_min_s
        self._delay_s = delay_s
        self._violations = violations
        self._answers = answers
        self._protocol = ServerProtocol(max_size=1 << 20)
        self._ears: list[Ear] = []
        self._late: set[asyncio.TimerHandle] = set()
        self._is_over = False
        self.seen = Seen()

    async def serve(self, first_bytes: bytes) -> None:
        self._protocol.receive_data(first_bytes)
        while self._handle_all() and await self._receive():
            pass
        for timer in self._late:
            timer.cancel()
        self.seen.is_open = False

    def _handle_all(self) -> bool:
        """What has arrived; False when the connection is over."""
        for event in self._protocol.events_received():
            self._event(event)
            if self._is_over:
                return False
        self._flush()
        return not self._is_over

    # --- bytes ----------------------------------------------------------------------------------
    async def _receive(self) -> bool:
        if self._fault and self._fault.kind == "unread" and self.seen.audio_bytes >= self._fault.after_bytes:
            await asyncio.Event().wait()
        try:
            # Not `wait_for`: up to Python 3.11 it forgets a cancellation that comes together with data.
            async with asyncio.timeout(self._idle_s):
                data = await self._reader.read(65_536)
        except TimeoutError:
            if not self._is_mute and self._protocol.state is State.OPEN:
                self._violations.append("neither audio nor KeepAlive in time")
                self._close(1011, "NET-0001")
            return True
        except OSError:
            return False
        if not data:
            self._protocol.receive_eof()
            return False
        self._protocol.receive_data(data)
        return True

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if not data or self._is_silent_on_pings(data):
                continue
            if not self._writer.is_closing():
                self._writer.write(data)
        is_closed = self._protocol.close_sent is not None and self._protocol.close_rcvd is not None
        if is_closed and not self._is_half_open:
            self._writer.close()
            self._is_over = True

    @property
    def _is_mute(self) -> bool:
        return self._fault is not None and self._fault.kind in {"mute", "half_open"}

    @property
    def _is_half_open(self) -> bool:
        return self._fault is not None and self._fault.kind == "half_open"

    def _is_silent_on_pings(self, data: bytes) -> bool:
        """A half-open peer answers no ping: its pongs (and its closing) go nowhere."""
        return self._is_half_open and data[0] in {0x80 | Opcode.PONG, 0x80 | Opcode.CLOSE}

    def _send(self, message: dict[str, Any] | str) -> None:
        if self._is_mute:
            return
        text = message if isinstance(message, str) else json.dumps(message)
        if self._delay_s:
            self._late.add(asyncio.get_running_loop().call_later(self._delay_s, self._send_now, text))
        else:
            self._protocol.send_text(text.encode())

    def _send_now(self, text: str) -> None:
        if not self._is_over and not self._writer.is_closing():
            self._protocol.send_text(text.encode())
            self._flush()

    def _close(self, code: int, reason: str) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason)

    def _abort(self) -> None:
        self._is_over = True
        self._writer.transport.abort()

    # --- protocol -------------------------------------------------------------------------------
    def _event(self, event: object) -> None:
        if isinstance(event, Request):
            self._upgrade(event)
        elif isinstance(event, Frame) and event.opcode is Opcode.BINARY:
            self._audio(bytes(event.data))
        elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
            self._control(json.loads(bytes(event.data)))
        elif isinstance(event, Frame) and event.opcode is Opcode.CLOSE:
            self.seen.close_code = self._protocol.close_rcvd.code if self._protocol.close_rcvd else None

    def _upgrade(self, request: Request) -> None:
        self.seen.query = parse_qs(urlsplit(request.path).query)
        self.seen.session = request.headers.get("x-deepgram-session-id", "")
        self.seen.authorization = request.headers.get("Authorization", "")
        self._violations += checks.authorization(request.headers.get("Authorization", ""))
        self._violations += checks.live_query(self.seen.query)
        self._protocol.send_response(self._protocol.accept(request))
        self._offset_ms = self._offset_of(self.seen)
        self._ears = [
            Ear(index, self.seen.channels, self._script.of(name), self._offset_ms)
            for index, name in enumerate(CHANNELS[: self.seen.channels])
        ]

    def _audio(self, pcm: bytes) -> None:
        self._violations += checks.frame(len(pcm), self.seen.channels)
        self.seen.audio_bytes += len(pcm)
        self.seen.frames += 1
        self.seen.last_audio_at = asyncio.get_running_loop().time()
        fault = self._fault
        if fault and self.seen.audio_bytes >= fault.after_bytes:
            if fault.kind == "abort":
                self._abort()
                return
            if fault.kind == "close":
                self._close(fault.code, fault.reason)
                return
        if self._answers:
            self._send(self._answers.pop(0))
        if not (fault and fault.kind == "chatter"):
            self._hear()

    def _hear(self, *, is_end: bool = False) -> None:
        now_ms = self._offset_ms + self.seen.audio_ms
        for ear in self._ears:
            for message in ear.hear(now_ms, is_end=is_end):
                self._send(message)

    def _control(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "KeepAlive":
            self._keep_alive()
        elif kind == "CloseStream":
            self.seen.is_close_stream_seen = True
            self._hear(is_end=True)
            self._send(self._metadata())
            if not self._is_mute:
                asyncio.get_running_loop().call_later(self._delay_s, self._end_cleanly)
        elif kind != "Finalize":
            self._violations.append(f"unknown control message {kind}")

    def _keep_alive(self) -> None:
        now = asyncio.get_running_loop().time()
        last = max([self.seen.last_audio_at, *self.seen.keep_alives[-1:]])
        if last and now - last < self._keep_alive_min_s:
            self._violations.append(f"KeepAlive {now - last:.2f} s after audio or another")
        self.seen.keep_alives.append(now)

    def _metadata(self) -> dict[str, Any]:
        return {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": "emulated",
            "sha256": "0",
            "created": "2026-01-01T00:00:00Z",
            "duration": self.seen.audio_ms / 1000,
            "channels": self.seen.channels,
        }

    def _end_cleanly(self) -> None:
        if not self._is_over and not self._writer.is_closing():
            self._close(1000, "")
            self._flush()
