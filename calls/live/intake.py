"""Where audio comes in: order, pace, the door, meters, and the copy that is kept. Nothing here waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from calls import events, metrics
from calls.events import Kind, Payload
from calls.live import recording
from calls.live.audio import (
    NEVER_ARRIVED,
    ON_ITS_WAY,
    TOO_FAST,
    Frame,
    FrameCursor,
    FrameError,
    Piece,
    is_ahead_of_time,
    ms,
)
from calls.live.backlog import Backlog
from calls.live.door import Door
from calls.live.listening import Listening
from calls.live.memory import AudioMemory
from calls.live.meters import TalkMeters
from calls.live.opening import OpenedCall
from calls.live.recording import Recorder
from calls.speech.base import BYTES_PER_SAMPLE, SAMPLE_RATE
from coaching.coach import Coach
from coaching.types import Channel

METERS_EVERY = SAMPLE_RATE // 4
SHORTEST_HOLE_MS = 100

_stride_of = {channels: BYTES_PER_SAMPLE * channels for channels in (1, 2)}


class AudioCopy:
    """The copy that repairs read: a recording where the business keeps one, else the newest minute in memory."""

    def __init__(
        self,
        call: OpenedCall,
        *,
        on_stored: Callable[[int], None],
        on_trouble: Callable[[bool], None],
        on_superseded: Callable[[], None],
    ) -> None:
        self.recorder: Recorder | None = None
        self._memory: AudioMemory | None = None
        if call.stored_samples is None:
            self._memory = AudioMemory(call.channels)
        else:
            self.recorder = Recorder(
                recording.storage_root() / call.recording_path,
                call.channels,
                stored=max(call.stored_samples, call.acked_samples),
                on_stored=on_stored,
                on_trouble=on_trouble,
                epoch=call.epoch,
                on_superseded=on_superseded,
            )

    def add(self, piece: Piece) -> None:
        if self.recorder is not None:
            self.recorder.add(piece.first_sample, piece.pcm)
        if self._memory is not None:
            self._memory.add(piece)

    def pass_over(self, start: int, end: int) -> None:
        """Nothing comes for [start, end)."""
        if self.recorder is not None:
            self.recorder.pass_over(start, end)

    @property
    def is_full(self) -> bool:
        return self.recorder is not None and self.recorder.is_full

    def acknowledged(self, samples: int) -> None:
        if self._memory is not None:
            self._memory.forget_before(samples)

    @property
    def stored(self) -> int | None:
        return self.recorder.stored if self.recorder is not None else None

    async def flush(self) -> None:
        if self.recorder is not None:
            await self.recorder.flush()

    async def read(self, start: int, end: int) -> bytes:
        """PCM of [start, end) as far as it is here."""
        if self.recorder is not None:
            await self.recorder.flush()
            return await self.recorder.read(start, end)
        return self._memory.read(start, end) if self._memory is not None else b""


class Intake:
    """One per session. `attended_at` is the last time (monotonic seconds) anything came from the rep's side.

    While `sends_backlog`, what a frame jumps over is still to come: beside the live frames, for the second lane alone.
    """

    def __init__(
        self,
        call: OpenedCall,
        *,
        door: Door,
        copy: AudioCopy,
        listening: Listening,
        coach: Coach,
        append: Callable[[Kind, Payload], None],
        fleeting: Callable[[dict[str, Any]], None],
    ) -> None:
        self.cursor = FrameCursor(call.channels, max(call.acked_samples, call.stored_samples or 0))
        self.sends_backlog = False
        self._backlog = Backlog(call.channels)
        self.attended_at = time.monotonic()
        self._opened_at = self.attended_at
        self._call = call
        self._door = door
        self._copy = copy
        self._listening = listening
        self._coach = coach
        self._append = append
        self._fleeting = fleeting
        self._meters = TalkMeters(call.channels)
        self._meters_due = 0

    def take(self, frame: Frame) -> None:
        """Audio in any order: what is known already is dropped. Raises `FrameError` when it comes too fast."""
        now = time.monotonic()
        self.attended_at = now
        self._check_pace(frame, now)
        self._take_late(frame)
        piece = self.cursor.accept(frame)
        if piece is None:
            return
        metrics.frames.inc()
        if piece.hole:
            self._note_hole(piece.first_sample - piece.hole, piece.first_sample)
        # From here on nobody sees what may not be heard.
        piece = self._door.admit(piece)
        for change in self._meters.hear(piece):
            self._coach.note_speaking(change.channel, change.is_speaking, change.at_ms)
        self._copy.add(piece)
        self._listening.put(piece, has_speech=self._meters.is_anyone_speaking, now=now)
        if piece.end_sample >= self._meters_due:
            self._meters_due = piece.end_sample + METERS_EVERY
            self._publish_meters(piece.end_sample)

    @property
    def resume_at(self) -> int:
        """Where the client is to go on: what is missing first."""
        missing = self._backlog.oldest
        return self.cursor.next_sample if missing is None else missing

    def now_ms(self) -> int:
        """The capture clock as far as the server can know it: by audio, or by the call's age without any."""
        return max(int(self._age_s(time.monotonic()) * 1_000), ms(self.cursor.next_sample))

    def _age_s(self, now: float) -> float:
        return self._call.age_s + now - self._opened_at

    def _check_pace(self, frame: Frame, now: float) -> None:
        """A recording may come as fast as it is heard; a microphone can not speak in the future."""
        if self._call.is_replay:
            is_too_fast = self._listening.is_full
        else:
            end_sample = frame.first_sample + len(frame.pcm) // _stride_of[self._call.channels]
            is_too_fast = is_ahead_of_time(end_sample, self._age_s(now))
        if is_too_fast:
            raise FrameError(TOO_FAST)

    def _note_hole(self, start: int, end: int) -> None:
        """What is on its way holds the ack back; what never comes does not."""
        if self.sends_backlog:
            for start_ms, end_ms in self._backlog.open(start, end):
                if not self._door.is_shut and end_ms - start_ms >= SHORTEST_HOLE_MS:
                    self._append(Kind.GAP, events.gap(start_ms=start_ms, end_ms=end_ms, reason=ON_ITS_WAY))
                    self._listening.expect(start_ms, end_ms)
            return
        self._copy.pass_over(start, end)
        if ms(end) - ms(start) >= SHORTEST_HOLE_MS:
            self._append(Kind.GAP, events.gap(start_ms=ms(start), end_ms=ms(end), reason=NEVER_ARRIVED))

    def _take_late(self, frame: Frame) -> None:
        """What was jumped over: into the copy, and once a part of it is whole, to the second lane.

        Raises `FrameError` while the copy has enough to do with the live frames.
        """
        if self._backlog.oldest is None or frame.first_sample >= self.cursor.next_sample:
            return
        if self._copy.is_full:
            raise FrameError(TOO_FAST)
        for piece in self._backlog.take(frame):
            metrics.frames.inc()
            self._copy.add(self._door.admit(piece))
        for start_ms, end_ms in self._backlog.complete():
            if not self._door.is_shut and end_ms - start_ms >= SHORTEST_HOLE_MS:
                self._listening.repair_all(start_ms, end_ms)

    def _publish_meters(self, end_sample: int) -> None:
        meters = self._meters
        self._fleeting(
            events.meters(
                rep=meters.level(Channel.REP),
                customer=meters.level(Channel.CUSTOMER),
                rep_ms=meters.speaking_ms(Channel.REP),
                customer_ms=meters.speaking_ms(Channel.CUSTOMER),
                samples=end_sample,
            )
        )
