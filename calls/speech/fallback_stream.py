"""One call heard by one of two engines."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from calls.speech.base import (
    BYTES_PER_SAMPLE,
    REFUSED_S,
    SAMPLES_PER_MS,
    Gap,
    Progress,
    Refusal,
    SpeechError,
    SpeechEvent,
    SpeechProvider,
    SpeechStream,
    StreamSpec,
    StreamState,
)
from calls.speech.hearing import channels_of
from calls.speech.outbox import Outbox
from calls.speech.relay import Leg, Relay
from calls.speech.side import Side
from coaching.types import Line, Usage

FAULT = SpeechError("the speech engine failed", retryable=True)
"""A fault of ours in an engine costs a stream, as any other failure does."""

logger = logging.getLogger(__name__)

KEPT_MS = 12_000
"""The newest audio, kept for the second engine: it begins where the first one stopped hearing, not later. Longer
than it takes to notice that an engine is mute (4 s of speech, with its pauses) and to open the other one."""
OVERLAP_MS = 500
AGAIN_S = 1.0
"""A stream that had heard something and ended is opened again this soon; one that was refused, later."""


class FallbackStream:
    """The first engine's stream goes on reconnecting by itself; this one listens to whoever hears.

    Down for `grace_s`, refused, without a slot or mute: the second engine is opened with the newest 12 s of audio.
    When the first has said something again (that its socket opens proves nothing), each channel goes back to it at a
    place both have heard, and the second is closed.
    Times are looked at whenever audio comes, which it does ten times a second while a call lives.
    """

    def __init__(
        self,
        spec: StreamSpec,
        primary: SpeechProvider,
        secondary: SpeechProvider,
        *,
        grace_s: float,
        retry_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._spec = spec
        self._primary = Side(primary, Leg(primary.name))
        self._secondary = Side(secondary, Leg(secondary.name))
        self._grace_s = grace_s
        self._retry_s = retry_s
        self._clock = clock
        self._outbox = Outbox()
        self._relay = Relay(channels_of(spec), self._outbox, self._primary.leg)
        self._kept: deque[tuple[int, bytes]] = deque()
        self._kept_samples = 0
        self._told = StreamState(is_up=False, reason="", engine="")
        self._held_until = 0.0
        self._sent_ms: int | None = None
        self._is_closed = False
        self._leaving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Open the first engine; when it refuses, the second is tried with the first audio."""
        await self._open(self._primary)

    def hold_off(self, seconds: float) -> None:
        """Somebody else writes lines (the browser recognises): do not open the second engine for now."""
        self._held_until = self._clock() + seconds

    def suspect(self, reason: str) -> bool:
        """As `SecondEar`: the second is opened; the first goes on and is back with its next word."""
        first, second = self._primary, self._secondary
        if self._is_closed or first.stream is None or second.stream is not None or second.lost is not None:
            return False
        first.suspect(reason, self._clock(), grace_s=self._grace_s)
        self._decide()
        return True

    def doubt(self, reason: str) -> bool:
        """Speech went in and nothing came out. True when the second engine takes over, at once; False when it is
        the second that is mute, or can not be had: then this stream has nothing more to offer.
        """
        second = self._secondary
        if self._is_closed or second.lost is not None or self._primary.stream is None:
            return False
        if second.stream is not None and not self._primary.is_suspected:
            return False
        self._lost(self._primary, SpeechError(reason, retryable=True))
        self._primary.down_since = self._clock() - self._grace_s
        self._decide()
        return True

    # --- SpeechStream -------------------------------------------------------------------------
    async def send(self, first_sample: int, pcm: bytes) -> None:
        if self._is_closed:
            raise SpeechError("the stream is closed", retryable=False)
        samples = len(pcm) // (BYTES_PER_SAMPLE * self._spec.channels)
        if self._sent_ms is None:
            self._relay.begin(first_sample // SAMPLES_PER_MS)
        self._sent_ms = (first_sample + samples) // SAMPLES_PER_MS
        self._keep(first_sample, pcm, samples)
        for side in (self._primary, self._secondary):
            if side.is_fed:
                await self._send_to(side, first_sample, pcm)
        self._decide()

    def events(self) -> AsyncIterator[SpeechEvent]:
        return self._outbox.events()

    async def finish(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        sides = [side for side in (self._primary, self._secondary) if side.stream is not None]
        await asyncio.gather(*(side.stream.finish() for side in sides if side.stream), return_exceptions=True)
        readers = [side.reader for side in sides if side.reader is not None]
        await asyncio.gather(*readers, return_exceptions=True)
        self._give_back()
        self._relay.withdraw_all()
        for channel in self._relay.channels:
            self._relay.gap(channel, self._sent_ms or 0, "no speech engine heard the end")
        await self.aclose()

    async def aclose(self) -> None:
        self._is_closed = True
        for side in (self._primary, self._secondary):
            if side.opening is not None:
                side.opening.cancel()
            self._leave(side)
        if self._leaving:
            await asyncio.wait(self._leaving)
        self._outbox.close()

    # --- the two sides ------------------------------------------------------------------------
    def _keep(self, first_sample: int, pcm: bytes, samples: int) -> None:
        self._kept.append((first_sample, pcm))
        self._kept_samples += samples
        while self._kept_samples > KEPT_MS * SAMPLES_PER_MS:
            _, dropped = self._kept.popleft()
            self._kept_samples -= len(dropped) // (BYTES_PER_SAMPLE * self._spec.channels)

    async def _send_to(self, side: Side, first_sample: int, pcm: bytes) -> None:
        stream = side.stream
        try:
            if stream is not None:
                await stream.send(first_sample, pcm)
        except SpeechError as error:
            self._lost(side, error)
        except Exception:
            logger.exception("speech engine failed", extra={"engine": side.leg.name})
            self._lost(side, FAULT)

    def _decide(self) -> None:
        """Open what is due. The opening runs aside: `send` must not wait for it."""
        now = self._clock()
        if self._primary.is_overdue(now):
            self._lost(self._primary, SpeechError(self._primary.reason, retryable=True))
        if self._primary.stream is None:
            self._open_aside(self._primary, now)
        if self._primary.is_away(now, self._grace_s) and self._secondary.stream is None and now >= self._held_until:
            self._open_aside(self._secondary, now)

    def _open_aside(self, side: Side, now: float) -> None:
        is_opening = side.opening is not None and not side.opening.done()
        if not is_opening and now >= side.not_before:
            side.not_before = now + self._retry_s
            side.opening = asyncio.create_task(self._open(side), name=f"open {side.leg.name} {self._spec.call_id}")

    async def _open(self, side: Side) -> None:
        try:
            stream = await side.provider.open(self._spec)
        except SpeechError as error:
            self._refused(side, error)
            return
        except Exception:
            logger.exception("speech engine failed", extra={"engine": side.leg.name})
            self._refused(side, FAULT)
            return
        if self._is_closed:
            await stream.aclose()
            return
        side.leg = Leg(side.leg.name)
        side.stream = stream
        if side.down_since is None:
            side.down_since = self._clock()  # until it says that it hears
        side.reader = asyncio.create_task(self._read(side, stream), name=f"read {side.leg.name} {self._spec.call_id}")
        await self._catch_up(side, stream)

    async def _catch_up(self, side: Side, stream: SpeechStream) -> None:
        """The newest audio first of all; `side` takes the channels if nobody else has a stream that may hear."""
        settled_ms = min(self._relay.settled_ms.values())
        begin = max(0, settled_ms - OVERLAP_MS) * SAMPLES_PER_MS
        kept = [first_sample for first_sample, _ in self._kept if first_sample >= begin]
        if side is self._secondary or self._secondary.stream is None:
            from_ms = kept[0] // SAMPLES_PER_MS if kept else settled_ms
            self._relay.give_all(side.leg, from_ms=from_ms, reason=self._primary.reason or "no engine was listening")
        while side.stream is stream and (piece := next((p for p in self._kept if p[0] >= begin), None)):
            begin = piece[0] + 1
            await self._send_to(side, *piece)
        side.is_fed = side.stream is stream

    async def _read(self, side: Side, stream: SpeechStream) -> None:
        try:
            async for event in stream.events():
                self._take(side, stream, event)
            self._lost(side, SpeechError("the stream ended", retryable=True), stream)
        except SpeechError as error:
            self._lost(side, error, stream)
        except Exception:
            logger.exception("speech engine failed", extra={"engine": side.leg.name})
            self._lost(side, FAULT, stream)

    def _take(self, side: Side, stream: SpeechStream, event: SpeechEvent) -> None:
        if isinstance(event, Usage):
            self._outbox.put(event)
        elif side.stream is not stream:
            return  # already left: only what it used still counts
        elif isinstance(event, StreamState):
            self._state(side, event)
        elif isinstance(event, Line | Progress | Gap):
            if side.has_proved(event):
                self._tell(f"{side.leg.name} listens")
            self._relay.take(side.leg, event)
            self._give_back()

    def _state(self, side: Side, state: StreamState) -> None:
        if state.is_up:
            side.connected(self._clock())
        else:
            side.went_down(state.reason, self._clock(), is_full=state.is_full)
        self._tell(state.reason)

    def _refused(self, side: Side, error: SpeechError, *, again_in_s: float | None = None) -> None:
        logger.warning("speech engine not opened", extra={"engine": side.leg.name, "reason": error.reason})
        side.went_down(error.reason, self._clock(), is_full=error.is_full)
        wait_s = error.retry_after_s or again_in_s or self._retry_s
        side.lost = None if error.retryable else error
        if side.lost is not None:
            self._outbox.put(Refusal(side.leg.name, error.reason))
            wait_s = max(wait_s, REFUSED_S[min(side.refusals, len(REFUSED_S) - 1)])
            side.refusals += 1
        side.not_before = self._clock() + wait_s
        self._tell(error.reason)
        self._end_if_nobody_can()

    def _lost(self, side: Side, error: SpeechError, stream: SpeechStream | None = None) -> None:
        """The side's stream is over. A side that was left on purpose has none any more."""
        if side.stream is None or (stream is not None and side.stream is not stream):
            return
        if self._is_closed:
            return
        self._relay.withdraw_all()
        self._leave(side)
        self._refused(side, error, again_in_s=min(AGAIN_S, self._retry_s))

    def _leave(self, side: Side) -> None:
        """Close the side's stream aside; its reader stays until the last usage is in."""
        stream, side.stream, side.is_fed = side.stream, None, False
        if stream is None:
            return

        async def leave(reader: asyncio.Task[None] | None) -> None:
            with suppress(Exception):
                await stream.aclose()
            if reader is not None and reader is not asyncio.current_task():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait({reader}, timeout=5)
                    reader.cancel()

        task = asyncio.create_task(leave(side.reader), name=f"leave {side.leg.name} {self._spec.call_id}")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _end_if_nobody_can(self) -> None:
        if self._primary.lost is not None and self._secondary.lost is not None:
            self._outbox.close(self._secondary.lost)

    def _hears(self, side: Side) -> bool:
        return side.stream is not None and side.leg.is_up

    def _give_back(self) -> None:
        """Channels return to the first engine as soon as nothing is lost by it; then the second is closed."""
        first, is_alone = self._primary.leg, self._secondary.stream is None
        if not self._hears(self._primary) or (is_alone and set(map(id, self._relay.owners.values())) == {id(first)}):
            return
        given = [self._relay.give_back(first, channel, is_alone=is_alone) for channel in self._relay.channels]
        if all(given):
            if not self._is_closed:
                self._leave(self._secondary)
            self._tell(f"{self._primary.leg.name} listens again")

    def _tell(self, reason: str) -> None:
        """The whole's state: who owns the channels, if that engine is up. Said once per change."""
        owners = {leg.name for leg in self._relay.owners.values() if leg.is_up}
        side = self._secondary if self._secondary.leg.name in owners else self._primary
        engine = side.leg.name if self._hears(side) and side.leg.name in owners else ""
        if not engine and self._hears(self._primary) and self._secondary.stream is None:
            engine = self._primary.leg.name
        told, is_full = self._told, self._primary.is_full
        if (engine, bool(engine), is_full) != (told.engine, told.is_up, told.is_full) or not told.reason:
            self._told = StreamState(is_up=bool(engine), reason=reason, engine=engine, is_full=is_full)
            self._outbox.put(self._told)
