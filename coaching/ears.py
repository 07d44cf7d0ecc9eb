"""What one call hears: every line through detection, phrases and tracking in one step. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from coaching.course import Course
from coaching.playbook import Playbook, PlayHit, with_phrases
from coaching.signals.detector import Detector
from coaching.signals.labels import SHOWN, Label, threshold_name
from coaching.signals.tracker import Found, Tracker
from coaching.types import Card, Channel, Line, Match, Material, Play, Signal, SignalKind, Trigger

MATERIALS_KEPT = 64
TOGETHER_MS = 30_000
"""How far apart the phrase and the signal of a play may be that needs both."""


def compiled(material: Material) -> tuple[Detector, Playbook]:
    """What a material compiles to. Takes up to 0.2 s the first time, so `load_material` does it off the loop."""
    thresholds = tuple((label, material.settings.get(threshold_name(label), 0) / 100) for label in SHOWN)
    own = tuple((label, each) for label, each in thresholds if each)
    return _detector(material.competitors, material.aliases, own), _playbook(material.plays)


@lru_cache(maxsize=MATERIALS_KEPT)
def _detector(
    competitors: tuple[str, ...], aliases: tuple[tuple[str, str], ...], thresholds: tuple[tuple[Label, float], ...]
) -> Detector:
    return Detector(competitors, aliases, dict(thresholds))


@lru_cache(maxsize=MATERIALS_KEPT)
def _playbook(plays: tuple[Play, ...]) -> Playbook:
    return Playbook(plays)


@dataclass(frozen=True, slots=True)
class Cue:
    """A play that fires, and why: a signal, or without one its own phrases or time. `at_ms` is the trigger's end.

    `stands_back`: another play answers the same signal better.
    """

    play: Play
    at_ms: int
    signal: Signal | None = None
    quote: str = ""
    stands_back: bool = False

    @property
    def kind(self) -> SignalKind:
        return self.signal.kind if self.signal is not None else self.play.kind

    @property
    def card_id(self) -> str:
        """A play that answers a signal shares its card's id with the signal; the others have their own."""
        if self.signal is not None and self.play.match is Match.ANY:
            return f"play-{self.signal.id}"
        return f"play-{self.play.key}-{self.at_ms}"

    @property
    def topic(self) -> str:
        return self.signal.topic if self.signal is not None else self.play.topic


@dataclass(frozen=True, slots=True)
class Heard:
    """The signals of one line, the plays whose phrases it says, and the plays that it makes fire, best first."""

    found: tuple[Found, ...]
    phrases: tuple[PlayHit, ...]
    cues: tuple[Cue, ...]

    @property
    def best(self) -> Cue | None:
        """What the line calls for most."""
        return next((cue for cue in self.cues if not cue.stands_back), None)


@dataclass(slots=True)
class _Halves:
    """When a play that needs both last heard its phrase and its signal."""

    phrase_ms: int | None = None
    signal_ms: int | None = None
    signal: Signal | None = None


def recalled(material: Material, lines: Sequence[Line], cards: Sequence[Card], *, is_mono: bool) -> Course:
    """The course of a call that another process coached, from its log. May take half a second for a long call."""
    ears = Ears(material, is_mono=is_mono)
    if any(play.trigger is not Trigger.SAID or play.before or play.after for play in material.plays):
        ears.recall(lines, cards)
    return ears.course


class Ears:
    """Detection of one call. `is_mono`: one channel carries both people, so the speaker is not known.

    `is_spent` says of a play that it may not fire any more in this call.
    """

    def __init__(
        self, material: Material, *, is_mono: bool = False, is_spent: Callable[[Play], bool] | None = None
    ) -> None:
        self._detector, self._playbook = compiled(material)
        self._is_mono = is_mono
        self._is_spent = is_spent
        self._halves = {
            play.key: (play, _Halves())
            for play in material.plays
            if play.trigger is Trigger.SAID and play.match is Match.ALL
        }
        self.tracker = Tracker()
        self.course = Course(material.plays, is_mono=is_mono)

    def hear(self, line: Line) -> Heard:
        channel = None if self._is_mono else line.channel
        even = self.tracker.even(line)
        phrases = self._playbook.match(even, channel)
        hits = with_phrases(self._detector.detect(even, channel), phrases)
        found = self.tracker.update(line, even, hits)
        cues = (*self._answering(found, phrases), *self._together(line, found, phrases))
        self._note(line, found, phrases)
        return Heard(found, phrases, tuple(sorted(cues, key=lambda cue: -cue.play.priority)))

    def due(self, now_ms: int, heard_ms: Mapping[Channel, int]) -> tuple[tuple[Cue, bool], ...]:
        """Plays whose time has come, best first, and whether for the first time. Units as in `Course.due`."""
        found = self.course.due(now_ms, heard_ms)
        return tuple((Cue(due.play, due.at_ms), due.is_new) for due in found if not self._has_had_its_once(due.play))

    def recall(self, lines: Iterable[Line], cards: Iterable[Card]) -> None:
        """Take in what was heard and shown before, each in its order, as if it had been heard here."""
        shown = sorted(((card.trigger_end_ms, card.play) for card in cards if card.play), reverse=True)
        for line in lines:
            self.hear(line)
            while shown and shown[-1][0] <= line.end_ms:
                self.course.done(shown.pop()[1])
            if not line.recovered:
                self.course.due(line.end_ms, dict.fromkeys(Channel, line.end_ms))
        for _, key in reversed(shown):
            self.course.done(key)

    def _answering(self, found: Iterable[Found], phrases: tuple[PlayHit, ...]) -> Iterator[Cue]:
        """For every new signal the play that answers it, and those that would if that one were not there."""
        for each in found:
            if not each.is_new:
                continue
            signal = each.signal
            answers = dict.fromkeys(self._playbook.answers(each.hit, phrases))
            able = [play for play in answers if self._is_heard_by(play, signal.channel)]
            able = [play for play in able if self._may(play, signal.start_ms)]
            for place, play in enumerate(able):
                yield Cue(play, signal.end_ms, signal, signal.quote, stands_back=place > 0)

    def _together(self, line: Line, found: tuple[Found, ...], phrases: tuple[PlayHit, ...]) -> Iterator[Cue]:
        """Plays that need a phrase and a signal, once the second of the two is heard."""
        said = {phrase.play.key for phrase in phrases}
        new = [each.signal for each in found if each.is_new]
        for key, (play, halves) in self._halves.items():
            signal = next((one for one in new if self._counts_for(play, one)), None)
            if key not in said and signal is None:
                continue
            if key in said:
                halves.phrase_ms = line.end_ms
            if signal is not None:
                halves.signal_ms, halves.signal = signal.end_ms, signal
            if halves.phrase_ms is None or halves.signal_ms is None:
                continue
            if abs(halves.phrase_ms - halves.signal_ms) <= TOGETHER_MS and self._may(play, line.start_ms):
                yield Cue(play, max(halves.phrase_ms, halves.signal_ms), halves.signal, line.text)
                halves.phrase_ms = halves.signal_ms = None

    def _note(self, line: Line, found: Iterable[Found], phrases: Iterable[PlayHit]) -> None:
        for phrase in phrases:
            if phrase.play.trigger is Trigger.NOT_SAID:
                self.course.said(phrase.play.key, line.end_ms)
        for each in found:
            if each.is_new:
                signal = each.signal
                self.course.came_up(signal.kind, signal.topic, signal.channel, signal.start_ms, signal.end_ms)

    def _counts_for(self, play: Play, signal: Signal) -> bool:
        is_subject = any(subject.covers(signal.kind, signal.topic) for subject in play.subjects)
        return is_subject and self._is_heard_by(play, signal.channel)

    def _has_had_its_once(self, play: Play) -> bool:
        return self._is_spent is not None and self._is_spent(play)

    def _may(self, play: Play, at_ms: int) -> bool:
        return not self._has_had_its_once(play) and self.course.allows(play, at_ms)

    def _is_heard_by(self, play: Play, channel: Channel) -> bool:
        return self._is_mono or play.channel is None or play.channel is channel
