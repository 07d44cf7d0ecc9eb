"""The first lane: live audio into a speech stream, what is heard out of it. Live first, repair second.

The lane watches progress, not connections: speech goes in and nothing comes out for 4 s, so the stream is dead
(`watchdog`); a new one carries live audio at once and what lies between is told as a gap. Well before that it is in
doubt, and others are asked to hear beside it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from calls import metrics
from calls.live.audio import Piece, ms, samples
from calls.live.lane_sink import LaneSink
from calls.live.tasks import stop
from calls.live.watchdog import Watchdog
from calls.speech.base import (
    REFUSED_S,
    Gap,
    Progress,
    Refusal,
    SecondEar,
    SpeechError,
    SpeechEvent,
    SpeechProvider,
    SpeechStream,
    StreamSpec,
    StreamState,
)
from coaching.types import Channel, Line, Usage

LOOK_EVERY_S = 0.25
OPEN_WITHIN_S = 10.0
RETRY_S = (0.25, 0.5, 1.0, 2.0, 4.0)
MOST_WAIT_S = 60.0
LIVE_WAITING_SAMPLES = samples(5_000)
PATIENT_WAITING_SAMPLES = samples(60_000)
PATIENT_AHEAD_MS = 8_000
LONGEST_UTTERANCES = 100_000

MUTE = "Speech went in and nothing came out."
FAULT = SpeechError("The speech engine failed.", retryable=True)
"""A fault of ours in an engine must not end the call: it is a lost stream like any other."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    piece: Piece
    has_speech: bool


class SpeechLane:
    """One per session. `put` never waits.

    A live call's queue is bounded to 5 s: beyond that the oldest audio goes to the second lane. A patient
    lane (a replayed recording) keeps order instead, up to 60 s, and paces itself by what has been settled;
    `is_full` says when no more can be taken.
    """

    def __init__(
        self,
        provider: SpeechProvider,
        spec: StreamSpec,
        sink: LaneSink,
        *,
        is_patient: bool,
        first_utterance: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._spec = spec
        self._sink = sink
        self._is_patient = is_patient
        self._watchdog = Watchdog(clock)
        self._leaving: set[asyncio.Task[None]] = set()
        self._channels = list(Channel)[: spec.channels]
        self._queue: deque[Waiting] = deque()
        self._queued = 0
        self._news = asyncio.Event()
        self._progress = asyncio.Event()
        self._finishing = asyncio.Event()
        self._utterance_base = first_utterance
        self._open_utterances: set[tuple[Channel, int]] = set()
        self._missing: dict[Channel, int] = {}
        self._told_ms: dict[Channel, int] = {}
        """Through where the stream itself has told its gaps: they are not told, and repaired, a second time."""
        self._missing_why = ""
        self._is_finishing = False
        self._is_over = False
        self._is_up = False
        self._has_failed = False
        self._has_heard = False
        self._held_back: StreamState | None = None
        self.sent_through = 0

    def put(self, piece: Piece, *, has_speech: bool) -> None:
        """Audio in capture order. After the lane has ended it is left to the end-of-call gap."""
        if self._is_over:
            return
        self._queue.append(Waiting(piece, has_speech))
        self._queued += piece.samples
        while self._queued > LIVE_WAITING_SAMPLES and not self.keeps_order:
            self._drop_oldest()
        self._news.set()

    @property
    def keeps_order(self) -> bool:
        """A patient lane whose engine hears, or is only just starting: nothing is dropped."""
        return self._is_patient and (self._is_up or not self._has_failed)

    @property
    def is_full(self) -> bool:
        return self._queued >= PATIENT_WAITING_SAMPLES

    async def run(self) -> None:
        """Until `finish` is through, or cancellation: a lost service is asked again as long as the call lives."""
        attempt = 0
        try:
            while not self._is_over and not (self._is_finishing and attempt):
                error = await self._once()
                attempt = 0 if self._has_heard else attempt
                await self._pause(_wait_s(error, attempt))
                attempt += 1
        finally:
            self._is_over = True
            if self._leaving:
                await asyncio.wait(self._leaving)

    async def _once(self) -> SpeechError:
        """One stream from its opening to its end; returns why it ended. Meaningless when the lane is over."""
        self._has_heard = False
        try:
            async with asyncio.timeout(OPEN_WITHIN_S):
                stream = await self._provider.open(self._spec)
        except TimeoutError:
            error = SpeechError("The speech service did not answer in time.", retryable=True)
        except SpeechError as refusal:
            error = refusal
        except Exception:
            logger.exception("Speech failed", extra={"call": self._spec.call_id})
            error = FAULT
        else:
            return await self._use(stream)
        self._lost(error)
        return error

    async def _pause(self, seconds: float) -> None:
        """Cut short by `finish`: the end of a call waits for nobody."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._finishing.wait()

    def hush(self, admit: Callable[[Piece], Piece], *, is_shut: bool) -> None:
        """The door has changed: what waits goes through it once more, or nowhere when it is shut."""
        if is_shut:
            self._queue.clear()
            self._queued = 0
            self._missing.clear()
            return
        self._queue = deque(replace(waiting, piece=admit(waiting.piece)) for waiting in self._queue)

    def finish(self) -> None:
        """No more audio comes: `run` ends once everything sent has been heard."""
        self._is_finishing = True
        self._finishing.set()
        self._news.set()

    def unheard(self, end_sample: int) -> list[Gap]:
        """After `run`: what nobody heard up to `end_sample`, by channel."""
        gaps = []
        for channel in self._channels:
            start_ms = min(self._missing.get(channel, ms(end_sample)), self._done_ms(channel))
            if start_ms < ms(end_sample):
                gaps.append(Gap(channel, start_ms, ms(end_sample), self._missing_why or "Nobody was listening."))
        return gaps

    # One stream -------------------------------------------------------------------------------------

    async def _use(self, stream: SpeechStream) -> SpeechError:
        """Sends and reads until the stream is lost, and returns why; or until it was finished: the lane is over."""
        try:
            error = await self._hear_out(stream)
            if not self._is_over:
                # Before the farewell, which a peer that is gone makes long: others may hear meanwhile.
                self._lost(error)
        finally:
            leaving = asyncio.create_task(self._leave(stream), name="speech-farewell")
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
        return error

    async def _leave(self, stream: SpeechStream) -> None:
        """Beside whatever comes next. What the stream used until its end is metered yet."""
        await stream.aclose()
        with suppress(SpeechError):
            async for event in stream.events():
                if isinstance(event, Usage):
                    self._sink.used(event)

    async def _hear_out(self, stream: SpeechStream) -> SpeechError:
        self._utterance_base += LONGEST_UTTERANCES
        self._watchdog.begin()
        sending = asyncio.create_task(self._send_all(stream))
        reading = asyncio.create_task(self._read_all(stream))
        watching = asyncio.create_task(self._watch(stream))
        error = SpeechError("The speech service hung up.", retryable=True)
        try:
            await self._until_over(sending, reading, watching)
        except SpeechError as loss:
            error = loss
        except Exception:
            logger.exception("Speech failed", extra={"call": self._spec.call_id})
            error = FAULT
        finally:
            await stop((sending, reading, watching))
        return error

    async def _until_over(self, sending: asyncio.Task[None], *others: asyncio.Task[None]) -> None:
        """Returns when the stream has ended, whoever wanted that; raises what it was lost by."""
        done, _ = await asyncio.wait({sending, *others}, return_when=asyncio.FIRST_COMPLETED)
        if done == {sending} and sending.exception() is None:
            # Finished: what was still open comes out of the reader.
            done, _ = await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        self._is_over = self._is_finishing

    async def _send_all(self, stream: SpeechStream) -> None:
        while True:
            if not self._queue:
                if self._is_finishing:
                    await stream.finish()
                    return
                self._news.clear()
                await self._news.wait()
                continue
            if self._is_patient:
                await self._pace(self._queue[0].piece)
            waiting = self._queue.popleft()
            self._queued -= waiting.piece.samples
            self._tell_missing(waiting.piece.first_sample)
            await stream.send(waiting.piece.first_sample, waiting.piece.pcm)
            self._sent(stream, waiting)

    async def _pace(self, piece: Piece) -> None:
        """Not far ahead of what is settled, but never slower than the audio itself."""
        settled_ms = min(self._sink.settled_ms(channel) for channel in self._channels)
        if ms(piece.first_sample) - settled_ms > PATIENT_AHEAD_MS and not self._is_finishing:
            self._progress.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(ms(piece.samples) / 1_000):
                    await self._progress.wait()

    def _sent(self, stream: SpeechStream, waiting: Waiting) -> None:
        self.sent_through = waiting.piece.end_sample
        if waiting.has_speech and self._is_up:
            self._watchdog.sent(ms(waiting.piece.samples))
        if self._watchdog.begins_to_doubt() and not (isinstance(stream, SecondEar) and stream.suspect(MUTE)):
            self._sink.doubted(is_doubted=True)

    async def _watch(self, stream: SpeechStream) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._watchdog.finds_deaf():
                self._is_deaf(stream)

    def _is_deaf(self, stream: SpeechStream) -> None:
        """Another engine of the same stream, or else `SpeechError`: another stream."""
        self._watchdog.forget()
        if isinstance(stream, SecondEar) and stream.doubt(MUTE):
            metrics.errors.labels("speech").inc()
            return
        self._watchdog.wait_longer()
        raise SpeechError(MUTE, retryable=True)

    async def _read_all(self, stream: SpeechStream) -> None:
        async for event in stream.events():
            self._take(event)

    def _take(self, event: SpeechEvent) -> None:
        if isinstance(event, Line):
            self._answered()
            self._heard(event)
        elif isinstance(event, Progress):
            self._answered()
            self._sink.settled(event)
            self._progress.set()
        elif isinstance(event, Usage):
            self._sink.used(event)
        elif isinstance(event, Gap):
            self._told_ms[event.channel] = max(event.end_ms, self._told_ms.get(event.channel, 0))
            self._sink.missed(event)
        elif isinstance(event, Refusal):
            self._sink.refused(event)
        else:
            self._state(event)

    def _heard(self, line: Line) -> None:
        line = replace(line, utterance=self._utterance_base + line.utterance)
        key = (line.channel, line.utterance)
        if line.is_final or not line.text:
            self._open_utterances.discard(key)
        else:
            self._open_utterances.add(key)
        self._sink.heard(line)

    def _answered(self) -> None:
        self._has_heard = True
        if self._held_back is not None:
            state, self._held_back = self._held_back, None
            self._sink.hearing(state)
        if self._watchdog.answered():
            self._sink.doubted(is_doubted=False)

    def _state(self, state: StreamState) -> None:
        self._is_up = state.is_up
        self._held_back = None
        if not state.is_up:
            # The stream reconnects by itself and tells its own gaps.
            self._watchdog.forget()
        elif self._has_failed and not self._has_heard:
            # A service that was lost and can be reached again is no help yet: it is once it says something.
            self._held_back = state
            return
        self._sink.hearing(state)

    # What nobody hears ------------------------------------------------------------------------------

    def _lost(self, error: SpeechError) -> None:
        metrics.errors.labels("speech").inc()
        logger.warning("Speech lost: %s", error.reason, extra={"call": self._spec.call_id})
        self._is_up = False
        self._has_failed = True
        self._held_back = None
        if self.sent_through:
            for channel in self._channels:
                self._miss(channel, self._done_ms(channel), error.reason)
        for channel, utterance in sorted(self._open_utterances):
            self._sink.heard(_withdrawn(channel, utterance, self._provider.name))
        self._open_utterances.clear()
        self._sink.hearing(StreamState(is_up=False, reason=error.reason, engine=""))
        if not error.retryable:
            self._sink.refused(Refusal(self._provider.name, error.reason))

    def _done_ms(self, channel: Channel) -> int:
        """Before it everything is settled or told as a gap."""
        return max(self._sink.settled_ms(channel), self._told_ms.get(channel, 0))

    def _drop_oldest(self) -> None:
        piece = self._queue.popleft().piece
        self._queued -= piece.samples
        for channel in self._channels:
            self._miss(channel, ms(piece.first_sample), "Audio came faster than it could be heard.")

    def _miss(self, channel: Channel, from_ms: int, why: str) -> None:
        self._missing_why = self._missing_why or why
        self._missing[channel] = min(from_ms, self._missing.get(channel, from_ms))

    def _tell_missing(self, next_sample: int) -> None:
        """Hearing goes on at `next_sample`: what lies before is work for the second lane."""
        if not self._missing:
            return
        for channel, start_ms in self._missing.items():
            if start_ms < ms(next_sample):
                self._sink.missed(Gap(channel, start_ms, ms(next_sample), self._missing_why))
        self._missing.clear()
        self._missing_why = ""


def _wait_s(error: SpeechError, attempt: int) -> float:
    """Until the next try: what the service asked for, 3 s to a minute after a refusal for good, else 0.25 to 4 s."""
    if not error.retryable:
        return REFUSED_S[min(attempt, len(REFUSED_S) - 1)]
    return max(RETRY_S[min(attempt, len(RETRY_S) - 1)], min(error.retry_after_s or 0.0, MOST_WAIT_S))


def _withdrawn(channel: Channel, utterance: int, provider: str) -> Line:
    return Line(channel, "", 0, 0, 0.0, is_final=False, utterance=utterance, provider=provider)
