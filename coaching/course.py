"""The course of one call, for plays that depend on it: what has come up, what has not been said, what time it is. Pure.

Times are milliseconds of the call's own clock. A play that waits has a window: opened at the start of the call or when
its `since` comes up, closed when it is answered, done, or too late. Bounded: one window a play.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from coaching.types import Channel, Play, SignalKind, Subject, Trigger

PATIENCE_MS = 60_000
"""How long a card that is due waits for a moment in which it may be shown."""

START = 0


@dataclass(slots=True)
class _Window:
    start_ms: int
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """A play whose time has come. `is_new` the first time it is given."""

    play: Play
    at_ms: int
    is_new: bool


class Course:
    """Used by one call from one place. What is said late (repaired) counts for the time when it was said."""

    def __init__(self, plays: Iterable[Play], *, is_mono: bool = False) -> None:
        self._timed = {play.key: play for play in plays if play.trigger is not Trigger.SAID}
        self._windows = {key: _Window(START) for key, play in self._timed.items() if play.since is None}
        self._first_ms: dict[Subject, int] = {}
        self._is_mono = is_mono

    def came_up(self, kind: SignalKind, topic: str, channel: Channel, start_ms: int, end_ms: int) -> None:
        """A signal: it opens the windows that wait for it and closes those that it answers."""
        for subject in (Subject(kind), Subject(kind, topic)):
            self._first_ms[subject] = min(start_ms, self._first_ms.get(subject, start_ms))
        for key, play in self._timed.items():
            if any(subject.covers(kind, topic) for subject in play.subjects) and self._speaks_for(play, channel):
                self.said(key, end_ms)
            if play.since is not None and play.since.covers(kind, topic) and key not in self._windows:
                self._windows[key] = _Window(end_ms)

    def said(self, key: str, at_ms: int) -> None:
        """A waiting play's own phrase was said: it is not missing any more."""
        window = self._windows.get(key)
        if window is not None and at_ms > window.start_ms and self._timed[key].trigger is Trigger.NOT_SAID:
            del self._windows[key]

    def allows(self, play: Play, at_ms: int) -> bool:
        """Whether the order of the call and its clock let this play fire for something at `at_ms`."""
        if at_ms < 1_000 * play.from_s or (play.until_s and at_ms > 1_000 * play.until_s):
            return False
        if play.before is not None and self._first_ms.get(play.before, at_ms) < at_ms:
            return False
        return play.after is None or self._first_ms.get(play.after, at_ms) < at_ms

    def due(self, now_ms: int, heard_ms: Mapping[Channel, int]) -> tuple[Due, ...]:
        """Plays whose time has come and that no card has shown yet, for up to a minute.

        `heard_ms` says for each channel that may be heard up to where all its words are known: nothing counts as
        unsaid before that, and for a channel that is not heard at all waiting begins anew.
        """
        found = []
        for key, window in list(self._windows.items()):
            play = self._timed[key]
            known_ms = self._known_ms(play, now_ms, heard_ms)
            if known_ms is None:
                window.start_ms = max(window.start_ms, now_ms)
                continue
            at_ms = self._due_ms(play, window)
            if at_ms is None:
                continue
            if now_ms > at_ms + PATIENCE_MS:
                del self._windows[key]
            elif known_ms >= at_ms and self.allows(play, now_ms):
                found.append(Due(play, at_ms, is_new=not window.is_told))
                window.is_told = True
        return tuple(sorted(found, key=lambda due: -due.play.priority))

    def done(self, key: str) -> None:
        """The play's card was shown. It waits again when what it waits for comes up again."""
        self._windows.pop(key, None)

    def _due_ms(self, play: Play, window: _Window) -> int | None:
        """When its time comes, or came; None while it waits for something to come up first."""
        after_ms = START if play.after is None else self._first_ms.get(play.after)
        if after_ms is None:
            return None
        return max(window.start_ms + 1_000 * play.within_s, 1_000 * play.from_s, after_ms + 1)

    def _known_ms(self, play: Play, now_ms: int, heard_ms: Mapping[Channel, int]) -> int | None:
        if play.trigger is Trigger.ELAPSED:
            return now_ms
        wanted = [play.channel] if play.channel is not None and not self._is_mono else list(heard_ms)
        known = [heard_ms[channel] for channel in wanted if channel in heard_ms]
        return min(known) if known and len(known) == len(wanted) else None

    def _speaks_for(self, play: Play, channel: Channel) -> bool:
        return self._is_mono or play.channel is None or play.channel is channel
