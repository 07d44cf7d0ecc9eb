"""Who is believed, channel by channel, when two engines hear the same call. Pure.

One leg owns a channel: its lines and progress go out. It gives the channel over at a place both have heard:
what the owner settled is told, what the next one heard after that place follows. So a switch neither repeats
nor loses a word; a line that lies across the place is cut at it by its words' times.
"""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass, field, replace

from calls.speech.base import Gap, Progress
from calls.speech.outbox import Outbox
from coaching.types import Channel, Line

MOST_KEPT_LINES = 200


def after(line: Line, place_ms: int) -> Line | None:
    """The part of `line` that begins at or after `place_ms`; None when nothing does.

    A line without words is kept whole when most of it lies after the place.
    """
    if line.start_ms >= place_ms:
        return line
    words = tuple(word for word in line.words if (word.start_ms + word.end_ms) // 2 >= place_ms)
    if not line.words:
        return line if (line.start_ms + line.end_ms) // 2 >= place_ms else None
    if not words:
        return None
    text = " ".join(word.text for word in words)
    return replace(line, text=text, words=words, start_ms=words[0].start_ms)


@dataclass(slots=True)
class Leg:
    """What one engine's stream has said about each channel since it was last up."""

    name: str
    is_up: bool = False
    from_ms: dict[Channel, int] = field(default_factory=dict)
    through_ms: dict[Channel, int] = field(default_factory=dict)
    kept: deque[Line] = field(default_factory=lambda: deque(maxlen=MOST_KEPT_LINES))
    utterances: dict[tuple[Channel, int], int] = field(default_factory=dict)
    unproved: dict[Channel, Gap] = field(default_factory=dict)
    """Gaps it told before it was believed again: the other engine may hear them yet."""

    def went_down(self) -> None:
        self.is_up = False
        self.from_ms.clear()

    def note(self, event: Line | Progress | Gap) -> None:
        """Where the leg hears from: the end of its gap, or what it had settled before it speaks again."""
        channel = event.channel
        if isinstance(event, Gap):
            self.from_ms[channel] = event.end_ms
            self.through_ms[channel] = max(event.end_ms, self.through_ms.get(channel, 0))
            return
        if self.is_up and channel not in self.from_ms:
            self.from_ms[channel] = self.through_ms.get(channel, event.start_ms if isinstance(event, Line) else 0)
        if isinstance(event, Progress):
            self.through_ms[channel] = max(event.through_ms, self.through_ms.get(channel, 0))


class Relay:
    """The outbox of the whole and the owners of its channels."""

    def __init__(self, channels: tuple[Channel, ...], outbox: Outbox, owner: Leg) -> None:
        self._outbox = outbox
        self._ids = itertools.count()
        self._open: dict[Channel, Line] = {}
        self.channels = channels
        self.owners: dict[Channel, Leg] = dict.fromkeys(channels, owner)
        self.settled_ms: dict[Channel, int] = dict.fromkeys(channels, 0)

    def begin(self, from_ms: int) -> None:
        self.settled_ms = dict.fromkeys(self.channels, from_ms)

    def take(self, leg: Leg, event: Line | Progress | Gap) -> None:
        leg.note(event)
        is_owner = self.owners.get(event.channel) is leg
        if isinstance(event, Line):
            if is_owner:
                self._tell_gap(leg, event.channel)
                self._line(leg, event)
            elif event.is_final:
                leg.kept.append(event)
        elif is_owner and isinstance(event, Gap):
            leg.unproved[event.channel] = event
            self._tell_gap(leg, event.channel)
        elif is_owner and isinstance(event, Progress):
            self._tell_gap(leg, event.channel)
            self._progress(event.channel, event.through_ms)

    def give_all(self, leg: Leg, *, from_ms: int, reason: str) -> None:
        """`leg` hears from `from_ms` on and nobody else does: it owns every channel; before it is a gap."""
        for channel in self.channels:
            self._withdraw(channel)
            self.owners[channel] = leg
            self.gap(channel, from_ms, reason)

    def give_back(self, leg: Leg, channel: Channel, *, is_alone: bool = False) -> bool:
        """Hand `channel` over if `leg` has heard since before the settled place. True when `leg` owns it.

        `is_alone`: nobody else will hear what lies before; then it is a gap.
        """
        if self.owners[channel] is leg:
            return True
        if not leg.is_up or channel not in leg.from_ms:
            return False
        if leg.from_ms[channel] > self.settled_ms[channel]:
            if not is_alone:
                return False
            self.gap(channel, leg.from_ms[channel], "no engine was listening")
        self._withdraw(channel)
        self.owners[channel] = leg
        for line in [line for line in leg.kept if line.channel is channel]:
            self._line(leg, line)
        self._progress(channel, leg.through_ms.get(channel, 0))
        return True

    def _tell_gap(self, leg: Leg, channel: Channel) -> None:
        if leg.is_up and (gap := leg.unproved.pop(channel, None)) is not None:
            self.gap(channel, gap.end_ms, gap.reason)

    def gap(self, channel: Channel, end_ms: int, reason: str) -> None:
        start_ms = self.settled_ms[channel]
        if end_ms > start_ms:
            self._outbox.put(Gap(channel, start_ms, end_ms, reason))
            self.settled_ms[channel] = end_ms

    def withdraw_all(self) -> None:
        for channel in self.channels:
            self._withdraw(channel)

    def _progress(self, channel: Channel, through_ms: int) -> None:
        if through_ms > self.settled_ms[channel]:
            self.settled_ms[channel] = through_ms
            self._outbox.put(Progress(channel, through_ms))

    def _line(self, leg: Leg, line: Line) -> None:
        kept = after(line, self.settled_ms[line.channel]) if line.text else line
        if kept is None:
            return
        key = (line.channel, line.utterance)
        if key not in leg.utterances:
            leg.utterances[key] = next(self._ids)
        told = replace(kept, utterance=leg.utterances[key])
        if told.is_final or not told.text:
            leg.utterances.pop(key)
            self._open.pop(line.channel, None)
        else:
            self._open[line.channel] = told
        self._outbox.put(told)

    def _withdraw(self, channel: Channel) -> None:
        line = self._open.pop(channel, None)
        if line is not None:
            self._outbox.put(replace(line, text="", words=(), confidence=0.0))
