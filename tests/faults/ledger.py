"""The accounts of one call: what was said against what is kept, to the sample, the word and the event. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from tests.faults import sound
from tests.faults.sound import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES, RATE, WIDTH

CHANNELS = ("rep", "customer")
OFF_BY_MS = 60
"""A word may stand this far from where it was said: times on the wire are milliseconds, pieces 20 ms."""
SHOWN = 6

Logged = tuple[int, str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Account:
    """What was found; all but the first and the last must be 0 or empty."""

    captured_samples: int
    lost_samples: int
    wrong_samples: int
    missing_words: int
    doubled_words: int
    misplaced_words: int
    event_breaches: tuple[str, ...]
    ack_breaches: tuple[str, ...]
    open_gaps: int = 0
    only_words_samples: int = 0
    """Silent in the recording, but in the log: neither lost nor wrong."""
    where: str = ""
    """For people: the frames whose words are missing or doubled."""

    @property
    def lost_s(self) -> float:
        """Speech of which there is neither sound nor word, in seconds."""
        return max(self.lost_samples + self.wrong_samples, self.missing_words * FRAME_SAMPLES) / RATE

    @property
    def faults(self) -> list[str]:
        """For people; empty when the call is whole."""
        counts = {
            "samples lost": self.lost_samples, "samples wrong": self.wrong_samples, "words missing": self.missing_words,
            "words doubled": self.doubled_words, "words misplaced": self.misplaced_words, "gaps open": self.open_gaps,
        }  # fmt: skip
        told = [f"{count} {what}" for what, count in counts.items() if count]
        told += [f"at {self.where}"] if self.where else []
        return [*told, *_first(self.event_breaches), *_first(self.ack_breaches)]


def spans_of(frames: Sequence[int]) -> str:
    """`12-18 21`: neighbours joined."""
    spans: list[list[int]] = []
    for index in frames:
        if spans and index == spans[-1][1] + 1:
            spans[-1][1] = index
        else:
            spans.append([index, index])
    return " ".join(f"{first}-{last}" if first < last else f"{first}" for first, last in spans)


def _first(breaches: Sequence[str]) -> list[str]:
    more = [f"… and {len(breaches) - SHOWN} more"] if len(breaches) > SHOWN else []
    return [*breaches[:SHOWN], *more]


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples by what became of them. `only_words`: silence in the recording, and what was said is in the log."""

    lost: int
    wrong: int
    only_words: int


def sound_of(recording: bytes, *, call: int, frames: int, told: AbstractSet[int]) -> Sound:
    """What the recording holds of `frames` frames, where the words of the frames `told` are in the log."""
    lost, only_words = 0, 0
    wrong = max(0, len(recording) // WIDTH - frames * FRAME_SAMPLES)
    for index in range(frames):
        held = recording[index * FRAME_BYTES : (index + 1) * FRAME_BYTES].ljust(FRAME_BYTES, b"\0")
        silent, other = _unlike_samples(held, sound.pcm(call, index))
        wrong += other
        if _is_told(index, told):
            only_words += silent
        else:
            lost += silent
    return Sound(lost, wrong, only_words)


def _unlike_samples(held: bytes, genuine: bytes) -> tuple[int, int]:
    """Samples (instants of both channels) that differ: those that are silent instead, and the others."""
    if held == genuine:
        return 0, 0
    silence = bytes(WIDTH)
    pairs = [(held[at : at + WIDTH], genuine[at : at + WIDTH]) for at in range(0, len(genuine), WIDTH)]
    unlike = [kept for kept, said in pairs if kept != said]
    return unlike.count(silence), len(unlike) - unlike.count(silence)


def _is_told(index: int, told: AbstractSet[int]) -> bool:
    """Whether the log knows this frame: its word, or the words around its pause."""
    if sound.sounds(index):
        return index in told
    around = [near for near in (index - 1, index + 1, index - 2, index + 2) if near >= 0 and sound.sounds(near)]
    return any(near in told for near in around)


def first_wrong(recording: bytes, *, call: int, start: int, end: int) -> int | None:
    """The first sample of [start, end) that `recording`, which begins with sample `start`, does not hold as said."""
    index = start // FRAME_SAMPLES
    genuine = b""
    while len(genuine) < (end - index * FRAME_SAMPLES) * WIDTH:
        genuine += sound.pcm(call, start // FRAME_SAMPLES + len(genuine) // FRAME_BYTES)
    genuine = genuine[(start - index * FRAME_SAMPLES) * WIDTH : (end - index * FRAME_SAMPLES) * WIDTH]
    if recording[: len(genuine)] == genuine:
        return None
    for at in range(0, len(genuine), WIDTH):
        if recording[at : at + WIDTH] != genuine[at : at + WIDTH]:
            return start + at // WIDTH
    return None


@dataclass(frozen=True, slots=True)
class Words:
    missing: int
    doubled: int
    misplaced: int
    told: frozenset[int]
    unlike: tuple[int, ...] = ()
    """The frames of those that are missing or doubled."""


def words_of(lines: Iterable[Mapping[str, Any]], *, call: int, frames: int) -> Words:
    """Each word that was said has to stand in exactly one line, on its side, at its time."""
    told: Counter[int] = Counter()
    misplaced = 0
    for line in lines:
        for frame in sound.words_in(line["text"]):
            told[frame.index] += 1
            misplaced += frame.call != call or line["channel"] != CHANNELS[sound.speaker(frame.index)]
        misplaced += sum(_is_off(*word[:2]) for word in line.get("words", ()))
    expected = sound.words_before(frames)
    doubled = sum(count - 1 for count in told.values()) + len(set(told) - expected)
    unlike = sorted(expected - set(told) | {index for index, count in told.items() if count > 1})
    return Words(len(expected - set(told)), doubled, misplaced, frozenset(told), tuple(unlike))


def _is_off(text: str, start_ms: int) -> bool:
    return any(abs(start_ms - frame.index * FRAME_MS) > OFF_BY_MS for frame in sound.words_in(text))


def numbering(log: Sequence[Logged], seen: Mapping[int, Mapping[str, Any]]) -> list[str]:
    """Breaches: a hole or a double in the log; a reader that knows something else than the log."""
    numbers = [seq for seq, _, _ in log]
    breaches = [f"the log has {found} where {number} is due" for number, found in _unlike(numbers)]
    kept = {seq: (kind, payload) for seq, kind, payload in log}
    for seq, event in sorted(seen.items()):
        if seq not in kept:
            breaches.append(f"a reader was told event {seq} ({event['kind']}), which is not in the log")
        elif kept[seq][0] != event["kind"] or not _is_same(kept[seq][1], event["payload"]):
            breaches.append(f"a reader was told another event {seq} ({event['kind']}, logged: {kept[seq][0]})")
    return breaches


def _unlike(numbers: Sequence[int]) -> list[tuple[int, int]]:
    return [(due, found) for due, found in enumerate(numbers, start=1) if due != found][:1]


def _is_same(logged: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """Text stands for the rest: what is cleared later (names, in an erasure) is not compared here."""
    return bool(logged.get("text") == told.get("text") and logged.get("id") == told.get("id"))


def complete_at(words_at: Mapping[int, float], *, frames: int) -> float | None:
    """When the last of the words in the first `frames` frames was on the screen; None when one is missing."""
    expected = sound.words_before(frames)
    if not expected <= set(words_at):
        return None
    return max((words_at[index] for index in expected), default=0.0)


def helped_at(help_at: Sequence[tuple[float, int]], *, after: float, frames: int) -> float | None:
    """When the first help came about something said after the first `frames` frames, if it did."""
    return next((at for at, newest in help_at if at > after and newest >= frames), None)
