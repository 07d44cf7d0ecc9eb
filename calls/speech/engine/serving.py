"""The engine's process: frames in, lines out, one thread to read and one to recognise.

Bound: the reader hands over through a queue of at most 4,000 frames (400 s of audio). Beyond it stops reading,
and the web process sees its own socket fill and says so.
"""

from __future__ import annotations

import os
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict

from calls.speech.engine import wire
from calls.speech.engine.decoding import Decoder
from calls.speech.engine.listening import HeardLine, Listening, Told, transcribe_steps
from calls.speech.engine.utterances import Voice

MOST_FRAMES = 4_000


def receive_exactly(connection: socket.socket, count: int) -> bytes:
    """Raises EOFError when the other side has gone."""
    parts = bytearray()
    while len(parts) < count:
        part = connection.recv(min(count - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def receive_frame(connection: socket.socket) -> wire.Frame:
    prefix = receive_exactly(connection, wire.PREFIX_BYTES)
    return wire.decode(prefix, receive_exactly(connection, wire.body_bytes(prefix)))


class Server:
    """Owns the streams and spans of one web process."""

    def __init__(self, connection: socket.socket, decoder: Decoder, new_voice: Callable[[], Voice]) -> None:
        self._connection = connection
        self._decoder = decoder
        self._new_voice = new_voice
        self._frames: queue.Queue[wire.Frame] = queue.Queue(MOST_FRAMES)
        self._streams: dict[int, Listening] = {}
        self._ending: set[int] = set()
        self._spans: dict[int, tuple[Iterator[list[HeardLine]], list[HeardLine]]] = {}

    def serve(self) -> None:
        """Runs until the web process is gone; then the whole process ends, whatever it was recognising."""
        threading.Thread(target=self._read, daemon=True).start()
        self._send(wire.Frame(wire.Kind.READY, 0))
        while True:
            self._take_frames()
            self._work()

    def _read(self) -> None:
        try:
            while True:
                self._frames.put(receive_frame(self._connection))
        except (EOFError, OSError, ValueError):
            os._exit(0)

    def _send(self, frame: wire.Frame) -> None:
        try:
            self._connection.sendall(frame.encode())
        except OSError:
            os._exit(0)

    def _take_frames(self) -> None:
        """Everything that has arrived; waits for a frame when there is nothing else to do."""
        if not self._has_work():
            self._handle(self._frames.get())
        while True:
            try:
                self._handle(self._frames.get_nowait())
            except queue.Empty:
                return

    def _has_work(self) -> bool:
        live = self._streams.values()
        return bool(self._spans or self._ending) or any(
            stream.next_final_since is not None or stream.next_interim_since is not None for stream in live
        )

    def _handle(self, frame: wire.Frame) -> None:
        if frame.kind is wire.Kind.OPEN:
            options = frame.json()
            self._streams[frame.id] = self._listening(options["channels"], tuple(options["keyterms"]))
        elif frame.kind is wire.Kind.AUDIO and frame.id in self._streams:
            stream = self._streams[frame.id]
            stream.hear(*wire.read_audio(frame.payload))
            self._tell(frame.id, stream.progress())
        elif frame.kind is wire.Kind.FINISH and frame.id in self._streams:
            self._streams[frame.id].flush()
            self._ending.add(frame.id)
        elif frame.kind is wire.Kind.CLOSE:
            self._streams.pop(frame.id, None)
            self._ending.discard(frame.id)
            self._spans.pop(frame.id, None)
        elif frame.kind is wire.Kind.PING:
            self._send(wire.Frame(wire.Kind.PONG, frame.id))
        elif frame.kind is wire.Kind.SPAN:
            span = wire.Span.from_payload(frame.payload)
            listening = self._listening(span.channels, span.keyterms)
            steps = transcribe_steps(listening, span.first_sample, span.pcm, span.channels)
            self._spans[frame.id] = (steps, [])

    def _listening(self, channels: int, keyterms: tuple[str, ...]) -> Listening:
        return Listening(decoder=self._decoder, new_voice=self._new_voice, channels=channels, keyterms=keyterms)

    def _work(self) -> None:
        """One decode at most, so that new audio is taken between any two."""
        finals = {i: s.next_final_since for i, s in self._streams.items() if s.next_final_since is not None}
        interims = {i: s.next_interim_since for i, s in self._streams.items() if s.next_interim_since is not None}
        if finals:
            self._step(min(finals, key=lambda i: finals[i] or 0), is_final=True)
        elif self._ending:
            self._finish(self._ending.pop())
        elif interims:
            self._step(min(interims, key=lambda i: interims[i] or 0), is_final=False)
        elif self._spans:
            self._step_span(next(iter(self._spans)))

    def _step(self, identity: int, *, is_final: bool) -> None:
        stream = self._streams[identity]
        self._tell(identity, stream.step_final() if is_final else stream.step_interim())
        self._tell(identity, stream.progress())

    def _finish(self, identity: int) -> None:
        self._tell(identity, self._streams.pop(identity).progress(is_end=True))
        self._send(wire.Frame(wire.Kind.FINISHED, identity))

    def _step_span(self, identity: int) -> None:
        steps, lines = self._spans[identity]
        found = next(steps, None)
        if found is not None:
            lines.extend(found)
            return
        del self._spans[identity]
        self._send(wire.with_json(wire.Kind.SPAN_DONE, identity, [asdict(line) for line in lines]))

    def _tell(self, identity: int, told: Iterator[Told]) -> None:
        for item in told:
            kind = wire.Kind.HEARD if isinstance(item, HeardLine) else wire.Kind.PROGRESS
            self._send(wire.with_json(kind, identity, asdict(item)))
