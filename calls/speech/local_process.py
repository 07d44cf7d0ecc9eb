"""The engine's process as the web process sees it: started, watched, restarted; frames out and in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from calls.speech.base import SpeechError
from calls.speech.engine import wire

logger = logging.getLogger(__name__)

PROJECT = Path(__file__).resolve().parents[2]
"""Where `-m calls.speech.engine` is found, from whatever folder the server was started."""
BACKOFF_S = (0.25, 0.5, 1.0, 2.0, 4.0)
STARTS_IN_VAIN = 4
"""So many starts in a row that never became ready mean that the engine can not run here."""
LOST_FOR_S = 60.0
"""So long nobody tries again: every try costs a process."""
HANGS_AFTER_S = 10.0
LOADS_WITHIN_S = 60.0
MOST_UNSENT_BYTES = 4 * 1024 * 1024


class Listener(Protocol):
    """A stream or span that lives in the engine. Called on the loop."""

    def on_frame(self, frame: wire.Frame) -> None: ...

    def on_down(self, reason: str) -> None: ...

    def on_up(self) -> None: ...

    def on_lost(self, error: SpeechError) -> None: ...


@dataclass(frozen=True, slots=True)
class Child:
    """One running engine: the process and our end of its socket."""

    process: subprocess.Popen[bytes]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        """Ends it now. It also ends by itself when our side of the socket closes, however that comes about."""
        with contextlib.suppress(OSError):
            self.process.kill()
        with contextlib.suppress(RuntimeError):  # the loop it belonged to is closed
            self.writer.transport.abort()


async def start_child(command: list[str]) -> Child:
    """Start `command` with `--fd N` added. Raises OSError when it can not be started at all."""
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = await asyncio.to_thread(
                subprocess.Popen,
                [*command, "--fd", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                cwd=PROJECT,
            )
        except OSError:
            ours.close()
            raise
    ours.setblocking(False)  # noqa: FBT003 - the standard library's own signature
    reader, writer = await asyncio.open_connection(sock=ours, limit=1 << 20)
    return Child(process, reader, writer)


def engine_command(model_dir: str, nice: int) -> list[str]:
    folder = str(Path(model_dir).resolve()) if model_dir else ""
    return [sys.executable, "-m", "calls.speech.engine", "--model-dir", folder, "--nice", str(nice)]


class EngineProcess:
    """Keeps one engine running on one loop, from the first `start` to `stop`.

    When it dies or hangs every listener is told `on_down`, a new one is started after 0.25 to 4 s, and they
    are told `on_up`. When it can not be started at all they are told `on_lost`.
    """

    def __init__(self, command: list[str], *, hangs_after_s: float = HANGS_AFTER_S) -> None:
        self._command = command
        self._hangs_after_s = hangs_after_s
        self._child: Child | None = None
        self._is_ready = asyncio.Event()
        self._is_decided = asyncio.Event()
        """Set while it is ready, and when it never will be."""
        self._is_running = asyncio.Event()
        self._listeners: dict[int, Listener] = {}
        self._next_id = 1
        self._supervisor: asyncio.Task[None] | None = None
        self._has_answered = asyncio.Event()
        self._lost: SpeechError | None = None
        self._lost_until = 0.0
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @property
    def is_ready(self) -> bool:
        return self._is_ready.is_set()

    async def start(self) -> None:
        """Returns when there is a process to write to; its model may still be loading. Raises SpeechError."""
        now = asyncio.get_running_loop().time()
        if self._lost is not None and now < self._lost_until:
            raise self._lost
        if self._supervisor is None or self._supervisor.done():
            self._lost = None
            self._is_running.clear()
            self._is_decided.clear()
            self._supervisor = asyncio.create_task(self._supervise(), name="speech engine")
        await self._is_running.wait()
        if self._lost is not None:
            raise self._lost

    async def ready(self, limit_s: float) -> None:
        """Start and wait until the model is loaded. Raises SpeechError."""
        await self.start()
        try:
            await asyncio.wait_for(self._is_decided.wait(), limit_s)
        except TimeoutError:
            raise SpeechError("the embedded engine did not start in time", retryable=True) from None
        if self._lost is not None:
            raise self._lost

    async def stop(self) -> None:
        if self._supervisor is not None:
            self._supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervisor
        if self._child is not None:
            await asyncio.to_thread(self._child.process.wait)

    def kill(self) -> None:
        """From anywhere, also when the loop is gone."""
        if self._child is not None:
            self._child.kill()

    def register(self, listener: Listener) -> int:
        identity, self._next_id = self._next_id, self._next_id + 1
        self._listeners[identity] = listener
        return identity

    def forget(self, identity: int) -> None:
        self._listeners.pop(identity, None)

    def send(self, frame: wire.Frame) -> bool:
        """False when nobody runs to hear it. Raises SpeechError when the engine has fallen 4 MiB behind."""
        if self._child is None or not self._is_running.is_set():
            return False
        transport = self._child.writer.transport
        if transport.get_write_buffer_size() > MOST_UNSENT_BYTES:
            raise SpeechError("the embedded engine is too slow for this machine's load", retryable=True)
        self._child.writer.write(frame.encode())
        return True

    # --- supervision --------------------------------------------------------------------------
    async def _supervise(self) -> None:
        in_vain = 0
        try:
            while in_vain < STARTS_IN_VAIN:
                reason = await self._run_once()
                in_vain = 0 if self._is_ready.is_set() else in_vain + 1
                self._is_ready.clear()
                self._is_decided.clear()
                self._is_running.clear()
                logger.warning("speech engine ended", extra={"reason": reason, "in_vain": in_vain})
                for listener in list(self._listeners.values()):
                    listener.on_down(reason)
                self.restarts += 1
                await asyncio.sleep(BACKOFF_S[min(in_vain, len(BACKOFF_S) - 1)])
            self._give_up(SpeechError("the embedded speech engine can not run on this machine", retryable=False))
        finally:
            if self._child is not None:
                self._child.kill()

    def _give_up(self, error: SpeechError) -> None:
        self._lost, self._lost_until = error, asyncio.get_running_loop().time() + LOST_FOR_S
        for listener in list(self._listeners.values()):
            listener.on_lost(error)
        self._is_running.set()
        self._is_decided.set()

    async def _run_once(self) -> str:
        """One life of the process; returns why it ended."""
        try:
            child = await start_child(self._command)
        except OSError:
            return "the embedded engine could not be started"
        self._child = child
        self._is_running.set()
        for listener in list(self._listeners.values()):
            listener.on_up()
        watch = asyncio.create_task(self._watch(child))
        try:
            await self._read(child)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            return "the embedded engine stopped"
        finally:
            watch.cancel()
            child.kill()
            await asyncio.shield(asyncio.to_thread(child.process.wait))
        return "the embedded engine stopped"

    async def _read(self, child: Child) -> None:
        while True:
            prefix = await child.reader.readexactly(wire.PREFIX_BYTES)
            frame = wire.decode(prefix, await child.reader.readexactly(wire.body_bytes(prefix)))
            if frame.kind is wire.Kind.READY:
                self._is_ready.set()
                self._is_decided.set()
            elif frame.kind is wire.Kind.PONG:
                self._has_answered.set()
            for listener in self._listeners_of(frame):
                try:
                    listener.on_frame(frame)
                except Exception as error:  # noqa: BLE001 -- its message may hold what was said
                    # One frame nobody can read costs itself: not the other calls of this engine.
                    details = {"kind": frame.kind.name, "error": type(error).__name__}
                    logger.error("speech engine said something unreadable", extra=details)  # noqa: TRY400

    def _listeners_of(self, frame: wire.Frame) -> list[Listener]:
        if frame.kind is wire.Kind.READY:
            return list(self._listeners.values())
        listener = self._listeners.get(frame.id)
        return [listener] if listener else []

    async def _watch(self, child: Child) -> None:
        """A process that answers no ping for ten seconds hangs: kill it, and the reader sees the end."""
        try:
            await asyncio.wait_for(self._is_ready.wait(), LOADS_WITHIN_S)
            while True:
                self._has_answered.clear()
                self.send(wire.Frame(wire.Kind.PING, 0))
                await asyncio.wait_for(self._has_answered.wait(), self._hangs_after_s)
                await asyncio.sleep(self._hangs_after_s / 4)
        except (TimeoutError, SpeechError):
            logger.error("speech engine hangs", extra={"pid": child.pid})  # noqa: TRY400 - where it stood says nothing
            child.kill()
