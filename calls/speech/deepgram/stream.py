"""One call at Deepgram, over as many sockets as it takes."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from calls import metrics
from calls.speech.base import BYTES_PER_SAMPLE, SAMPLES_PER_MS, SpeechError, SpeechEvent, StreamSpec
from calls.speech.deepgram.audio import Framer, SocketClock, sounds
from calls.speech.deepgram.connection import Socket, connect, new_client
from calls.speech.deepgram.errors import ENDED, speech_error
from calls.speech.deepgram.messages import Failure, Metadata, Results, Unreadable, UtteranceEnd, parse
from calls.speech.deepgram.options import Account, Timings
from calls.speech.deepgram.transcript import NAME, Transcript
from calls.speech.hearing import Hearing
from calls.speech.slots.desk import FreeSlot, Slot

if TYPE_CHECKING:
    from deepgram import AsyncDeepgramClient

logger = logging.getLogger(__name__)

MOST_WAITING_MS = 1_500
"""Audio kept while a socket is opened again. After a longer interruption only live audio is sent; the rest is a gap."""
MOST_WAITING_AT_FIRST_MS = 10_000
"""The same for the first socket: the first words of a call are worth a short burst."""
MOST_UNSENT_MS = 60_000
MOST_UNREADABLE = 5
"""Messages in a row, without a result between them, that make no sense: it is not Deepgram that speaks there."""


class NoSlotError(SpeechError):
    """Our own count says that the account has no slot left."""

    def __init__(self) -> None:
        super().__init__("all speech slots are in use", retryable=True, is_full=True)


class DeepgramStream:
    """Reconnects by itself while the call lives: after 0.25, 0.5, 1, 2, 4 s with jitter, or Retry-After.

    The first socket counts as hearing once it is open; after a failure the next does once it has sent results.
    It connects with a slot only, which it keeps while it lives, between two sockets too: without one it waits in the
    queue, and its state says so, as when Deepgram itself answers 429.

    Bound: 1.5 s of audio (10 s at first) waits for a socket, the oldest gives way and becomes a `Gap`. With a
    socket, 60 s may wait; beyond, `send` raises `SpeechError`. It never blocks.
    A refused key or an empty account ends `events` with `SpeechError`, `retryable` False.
    """

    def __init__(
        self,
        spec: StreamSpec,
        account: Account,
        timings: Timings,
        client: AsyncDeepgramClient | None = None,
        *,
        slot: Slot | None = None,
    ) -> None:
        self._spec = spec
        self._account = account
        self._timings = timings
        self._client = client
        self._slot: Slot = slot or FreeSlot()
        self._hearing = Hearing(spec, engine=NAME, model=account.model)
        self._transcript = Transcript(self._hearing)
        self._framer = Framer(spec.channels)
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._waiting_samples = 0
        self._has_audio = asyncio.Event()
        self._clock = SocketClock()
        self._is_closed = False
        self._is_finishing = False
        self._has_all = False
        self._sent_ms = 0
        self._unheard_ms = 0
        self._unreadable = 0
        self._attempt = 0
        self._is_connected = False
        self._has_failed = False
        self._task = asyncio.create_task(self._run(), name=f"deepgram {spec.call_id}")

    # --- SpeechStream -------------------------------------------------------------------------
    async def send(self, first_sample: int, pcm: bytes) -> None:
        if self._is_closed or self._is_finishing:
            raise SpeechError("the stream is closed", retryable=False)
        if self._waiting_samples > MOST_UNSENT_MS * SAMPLES_PER_MS:
            raise SpeechError("Deepgram takes the audio too slowly", retryable=True)
        for at, frame in self._framer.add(first_sample, pcm):
            self._put(at, frame)

    def events(self) -> AsyncIterator[SpeechEvent]:
        return self._hearing.outbox.events()

    async def finish(self) -> None:
        """Waits for the last words, at most `finish_s`; what stays unheard becomes a gap."""
        if self._is_closed or self._is_finishing:
            return
        for at, frame in self._framer.flush():
            self._put(at, frame)
        self._is_finishing = True
        self._has_audio.set()
        limit = self._timings.finish_s if self._is_connected else self._timings.close_s
        await asyncio.wait({self._task}, timeout=limit)
        if not self._has_all:
            self._hearing.abandon(self._sent_ms, "Deepgram did not finish")
        await self.aclose()

    async def aclose(self) -> None:
        self._is_closed = True
        self._task.cancel()
        await asyncio.wait({self._task}, timeout=self._timings.close_s * 4)
        self._end(None)

    def _end(self, error: SpeechError | None) -> None:
        self._slot.give_back()
        self._hearing.meter()
        self._hearing.outbox.close(error)

    def _put(self, first_sample: int, frame: bytes) -> None:
        samples = self._samples(frame)
        self._hearing.expect(first_sample // SAMPLES_PER_MS)
        self._waiting.append((first_sample, frame))
        self._waiting_samples += samples
        self._sent_ms = max(self._sent_ms, (first_sample + samples) // SAMPLES_PER_MS)
        limit_ms = MOST_WAITING_MS if self._hearing.has_started else MOST_WAITING_AT_FIRST_MS
        while self._waiting_samples > limit_ms * SAMPLES_PER_MS and not self._is_connected:
            _, dropped = self._waiting.popleft()
            self._waiting_samples -= self._samples(dropped)
        self._has_audio.set()

    def _samples(self, frame: bytes) -> int:
        return len(frame) // (BYTES_PER_SAMPLE * self._spec.channels)

    # --- supervision --------------------------------------------------------------------------
    async def _run(self) -> None:
        while not self._is_closed and not self._has_all:
            try:
                await self._one_socket()
            except SpeechError as error:
                if not await self._recover(error):
                    return
            if self._is_finishing:
                return

    async def _recover(self, error: SpeechError) -> bool:
        """Tell, then wait for the next attempt. False when there must be none."""
        if isinstance(error, NoSlotError):
            self._hearing.down(error.reason, is_full=True)
            if not self._is_finishing:
                await self._slot.wait()
            return True
        metrics.errors.labels(service="speech").inc()
        details = {"call": self._spec.call_id, "reason": error.reason, "attempt": self._attempt}
        logger.warning("speech stream lost", extra=details)
        self._has_failed = True
        self._hearing.down(error.reason, is_full=error.is_full)
        if error.is_full:
            # The count was wrong, or others use the account too: whoever is next in the queue tries first.
            self._slot.note_busy(error.retry_after_s)
            self._slot.give_back()
        self._transcript.forget()
        if not error.retryable:
            self._is_closed = True
            self._hearing.abandon(self._sent_ms, error.reason)
            self._end(error)
            return False
        if not self._is_finishing:
            await asyncio.sleep(self._wait_s(error))
        return True

    def _wait_s(self, error: SpeechError) -> float:
        steps = self._timings.backoff_s
        wait = steps[min(self._attempt, len(steps) - 1)] * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret
        self._attempt += 1
        return max(wait, min(error.retry_after_s or 0.0, self._timings.most_wait_s))

    async def _one_socket(self) -> None:
        """From opening to its end. Raises SpeechError for every end that was not asked for."""
        if not await self._slot.take():
            raise NoSlotError
        try:
            if self._client is None:
                self._client = await new_client(self._account, self._timings, session_id=self._spec.call_id)
            async with connect(self._client, self._spec, self._account, self._timings) as socket:
                try:
                    await self._converse(socket)
                except Exception as error:
                    # Before the farewell, which a peer that is gone makes long: others may hear meanwhile.
                    self._hearing.down(speech_error(error).reason)
                    raise
        except Exception as error:
            raise speech_error(error) from error

    async def _converse(self, socket: Socket) -> None:
        self._clock = SocketClock()
        self._unheard_ms = self._unreadable = 0
        self._is_connected = True
        if not self._has_failed:
            self._hearing.up("Deepgram listens")
        reading = asyncio.create_task(self._read(socket))
        writing = asyncio.create_task(self._write(socket))
        try:
            done, _ = await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
            if writing in done and writing.exception() is None:
                done, _ = await asyncio.wait({reading}, timeout=self._timings.finish_s)
            for task in done:
                task.result()
        finally:
            self._is_connected = False
            for task in (reading, writing):
                task.cancel()
            await asyncio.gather(reading, writing, return_exceptions=True)
        if not self._is_finishing:
            raise SpeechError(ENDED, retryable=True)

    async def _write(self, socket: Socket) -> None:
        """Audio as it comes, KeepAlive when none does, CloseStream after the last."""
        is_first = True
        while True:
            while self._waiting:
                first_sample, frame = self._waiting.popleft()
                self._waiting_samples -= self._samples(frame)
                if is_first:
                    is_first = False
                    self._hearing.resume(first_sample // SAMPLES_PER_MS)
                await self._send_frame(socket, first_sample, frame)
            if self._is_finishing:
                await socket.close_stream()
                return
            self._has_audio.clear()
            try:
                # Not `wait_for`: up to Python 3.11 it forgets a cancellation that comes together with audio.
                async with asyncio.timeout(self._timings.keep_alive_s):
                    await self._has_audio.wait()
            except TimeoutError:
                await socket.keep_alive()

    async def _send_frame(self, socket: Socket, first_sample: int, frame: bytes) -> None:
        samples = self._samples(frame)
        self._clock.sent(first_sample, samples)
        await socket.send_audio(frame)
        self._hearing.used(samples)
        if sounds(frame):
            self._unheard_ms += samples // SAMPLES_PER_MS
        if self._unheard_ms > self._timings.unheard_ms:
            raise SpeechError("Deepgram hears audio but says nothing", retryable=True)

    async def _read(self, socket: Socket) -> None:
        async for raw in socket.messages():
            message = parse(raw)
            if isinstance(message, Results) and message.channel < len(self._hearing.channels):
                self._hears()
                self._transcript.results(message, self._clock)
            elif isinstance(message, UtteranceEnd):
                self._transcript.utterance_end(message)
            elif isinstance(message, Failure):
                raise SpeechError("Deepgram reported an error", retryable=True)
            elif isinstance(message, Unreadable):
                self._unreadable += 1
                if self._unreadable >= MOST_UNREADABLE:
                    raise SpeechError("Deepgram's answers can not be read", retryable=True)
            elif isinstance(message, Metadata) and self._is_finishing:
                self._all_heard()
                return

    def _hears(self) -> None:
        """Only results show that the service listens: it may take audio, and chatter, without hearing."""
        self._unheard_ms = self._unreadable = 0
        self._attempt = 0
        self._has_failed = False
        self._hearing.up("Deepgram listens")

    def _all_heard(self) -> None:
        self._has_all = True
        for channel in self._hearing.channels:
            self._hearing.progress(channel, self._sent_ms)
