"""What one call hears: every line through detection, phrases and tracking in one step. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from coaching.playbook import Playbook, PlayHit, with_phrases
from coaching.signals.detector import Detector
from coaching.signals.tracker import Found, Tracker
from coaching.types import Channel, Line, Material, Play

MATERIALS_KEPT = 64


def compiled(material: Material) -> tuple[Detector, Playbook]:
    """What a material compiles to. Takes up to 0.3 s the first time, so `load_material` does it off the loop."""
    return _detector(material.competitors, material.aliases), _playbook(material.plays)


@lru_cache(maxsize=MATERIALS_KEPT)
def _detector(competitors: tuple[str, ...], aliases: tuple[tuple[str, str], ...]) -> Detector:
    return Detector(competitors, aliases)


@lru_cache(maxsize=MATERIALS_KEPT)
def _playbook(plays: tuple[Play, ...]) -> Playbook:
    return Playbook(plays)


@dataclass(frozen=True, slots=True)
class Heard:
    """The signals of one line and the plays whose phrases it says."""

    found: tuple[Found, ...]
    phrases: tuple[PlayHit, ...]


class Ears:
    """Detection of one call. `is_mono`: one channel carries both people, so the speaker is not known."""

    def __init__(self, material: Material, *, is_mono: bool = False) -> None:
        self._detector, self._playbook = compiled(material)
        self._is_mono = is_mono
        self.tracker = Tracker()

    def hear(self, line: Line) -> Heard:
        channel = None if self._is_mono else line.channel
        even = self.tracker.even(line)
        phrases = self._playbook.match(even, channel)
        hits = with_phrases(self._detector.detect(even, channel), phrases)
        return Heard(self.tracker.update(line, even, hits), phrases)

    def best_play(self, heard: Heard) -> tuple[Found, Play] | None:
        """The play for the most important new signal of a line, or None."""
        best: tuple[Found, Play] | None = None
        for found in heard.found:
            if not found.is_new:
                continue
            play = self._playbook.answer(found.hit, heard.phrases)
            if play is None or not self._is_heard_by(play, found.signal.channel):
                continue
            if best is None or play.priority > best[1].priority:
                best = (found, play)
        return best

    def _is_heard_by(self, play: Play, channel: Channel) -> bool:
        return self._is_mono or play.channel is None or play.channel is channel
