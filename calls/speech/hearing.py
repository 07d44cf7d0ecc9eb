"""What every live stream keeps: how far each channel is settled, which interims are open, what was used."""

from __future__ import annotations

from dataclasses import replace

from calls.speech.base import SAMPLES_PER_MS, Gap, Progress, StreamSpec, StreamState
from calls.speech.outbox import Outbox
from coaching.types import Channel, Component, Line, Usage

USAGE_EVERY_MS = 60_000


def channels_of(spec: StreamSpec) -> tuple[Channel, ...]:
    return tuple(Channel)[: spec.channels]


class Hearing:
    """Turns what an engine found into the events of the stream's contract. No I/O, no clock.

    Order is the caller's: `down` when hearing is lost, `up` when it is back, `resume` with the first audio
    that is heard again; `resume` yields the gaps.
    """

    def __init__(self, spec: StreamSpec, *, engine: str, model: str, outbox: Outbox | None = None) -> None:
        self.outbox = outbox or Outbox()
        self.channels = channels_of(spec)
        self.settled_ms = dict.fromkeys(self.channels, 0)
        self.is_up = False
        self._down_told: StreamState | None = None
        self._engine = engine
        self._model = model
        self._open: dict[Channel, Line] = {}
        self.has_started = False
        self._expected_ms: int | None = None
        self._lost_because = ""
        self._unmetered = 0

    def line(self, line: Line) -> None:
        if line.is_final:
            self._open.pop(line.channel, None)
        else:
            self._open[line.channel] = line
        self.outbox.put(line)

    def withdraw(self, channel: Channel) -> None:
        """The open interim of `channel` came to nothing."""
        line = self._open.pop(channel, None)
        if line is not None:
            self.outbox.put(replace(line, text="", words=(), confidence=0.0))

    def progress(self, channel: Channel, through_ms: int) -> None:
        if through_ms > self.settled_ms[channel]:
            self.settled_ms[channel] = through_ms
            self.outbox.put(Progress(channel, through_ms))

    def up(self, reason: str) -> None:
        if not self.is_up:
            self.is_up, self._down_told = True, None
            self.outbox.put(StreamState(is_up=True, reason=reason, engine=self._engine))

    def down(self, reason: str, *, is_full: bool = False) -> None:
        """Hearing is lost, or could not begin. Said once, until `up`, and again when it begins or ends to be for want
        of a slot.
        """
        self._lost_because = reason
        for channel in self.channels:
            self.withdraw(channel)
        if self._down_told is None or self._down_told.is_full is not is_full:
            self.is_up = False
            self._down_told = StreamState(is_up=False, reason=reason, engine="", is_full=is_full)
            self.outbox.put(self._down_told)

    def resume(self, from_ms: int) -> None:
        """Audio is heard from `from_ms` on; whatever was not settled before is a gap.

        The first time the stream answers for its own audio only: see `expect`.
        """
        self.expect(from_ms)
        self.has_started = True
        for channel in self.channels:
            self._gap(channel, from_ms)
            self.settled_ms[channel] = max(self.settled_ms[channel], from_ms)

    def expect(self, from_ms: int) -> None:
        """The first audio that was sent, heard or not: the stream answers for all since, for nothing before."""
        if self._expected_ms is None:
            self._expected_ms = from_ms
            self.settled_ms = dict.fromkeys(self.channels, from_ms)

    def abandon(self, through_ms: int, reason: str) -> None:
        """Nothing more will be heard: what is not settled up to `through_ms` is a gap."""
        self._lost_because = reason
        for channel in self.channels:
            self.withdraw(channel)
            self._gap(channel, through_ms)
            self.settled_ms[channel] = max(self.settled_ms[channel], through_ms)

    def _gap(self, channel: Channel, end_ms: int) -> None:
        start_ms = self.settled_ms[channel]
        if end_ms > start_ms:
            self.outbox.put(Gap(channel, start_ms, end_ms, self._lost_because or "audio was not heard"))

    def used(self, samples: int) -> None:
        """Audio that the engine was given, per channel; metered every minute of it."""
        self._unmetered += samples * len(self.channels)
        if self._unmetered >= USAGE_EVERY_MS * SAMPLES_PER_MS * len(self.channels):
            self.meter()

    def meter(self) -> None:
        """The rest since the last entry, summed over the channels: services charge each of them."""
        quantity, self._unmetered = self._unmetered // SAMPLES_PER_MS, 0
        if quantity:
            self.outbox.put(Usage(Component.SPEECH, self._engine, self._model, "audio_ms", quantity))
