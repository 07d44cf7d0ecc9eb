"""One engine, many channels: decodes what is due in the order that matters.

Finals first, oldest first; then the newest interim of each channel; recorded spans when nothing live waits.
An interim that waited longer than 0.3 s is dropped, unless its channel was not looked at for 2 s; a final
never is: when the core is too slow, words come later, none is lost, and nobody seems deaf.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from calls.speech.engine.decoding import Decoder, Heard, without_echo
from calls.speech.engine.features import SAMPLE_RATE, Samples
from calls.speech.engine.utterances import CHUNK_MS, Cut, Purpose, Utterances, Voice, spread_words

INTERIM_LATE_S = 0.3
LOOKED_AT_EVERY_S = 2.0
PROGRESS_EVERY_MS = 250


@dataclass(frozen=True, slots=True)
class HeardLine:
    """What goes back: `channel` is the index in the interleaved audio, `utterance` is unique in the channel."""

    channel: int
    utterance: int
    text: str
    start_ms: int
    end_ms: int
    confidence: float
    is_final: bool
    ends_turn: bool
    words: list[tuple[str, int, int]]


@dataclass(frozen=True, slots=True)
class Settled:
    channel: int
    through_ms: int


Told = HeardLine | Settled


@dataclass(slots=True)
class _Waiting:
    cut: Cut
    since: float


@dataclass(slots=True)
class _Ear:
    """One channel of a stream: its cuts that wait and how far it has been told."""

    index: int
    utterances: Utterances
    finals: deque[_Waiting] = field(default_factory=deque)
    glimpse: _Waiting | None = None
    early: tuple[int, int, Heard] | None = None
    told_ms: int = 0
    looked_at: float = 0.0

    @property
    def settled_ms(self) -> int:
        return self.finals[0].cut.audio_ms if self.finals else self.utterances.settled_ms

    def take(self, cuts: list[Cut], now: float) -> None:
        for cut in cuts:
            if cut.purpose is Purpose.FINAL:
                self.finals.append(_Waiting(cut, now))
                self.glimpse = None
            else:
                self.glimpse = _Waiting(cut, now)


def deinterleave(pcm: bytes, channels: int) -> list[Samples]:
    whole = len(pcm) // (2 * channels) * 2 * channels
    samples = np.frombuffer(pcm[:whole], "<i2").astype(np.float32) / 32768
    return [np.ascontiguousarray(samples[index::channels]) for index in range(channels)]


class Listening:
    """One stream. `hear` only cuts, which is cheap; `step` decodes one piece and says what it found."""

    def __init__(
        self,
        *,
        decoder: Decoder,
        new_voice: Callable[[], Voice],
        channels: int,
        keyterms: tuple[str, ...] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._decoder = decoder
        self._new_voice = new_voice
        self._channels = channels
        self._keyterms = keyterms
        self._clock = clock
        self._ears: list[_Ear] = []
        self._next_sample: int | None = None

    def hear(self, first_sample: int, pcm: bytes) -> None:
        """A jump ahead ends what was open and moves the clock; what was heard before is skipped."""
        tracks = deinterleave(pcm, self._channels)
        expected = self._next_sample
        if expected is None:
            self._ears = [
                _Ear(i, Utterances(self._new_voice(), first_sample=first_sample)) for i in range(self._channels)
            ]
        elif first_sample > expected:
            self.flush()
            for ear in self._ears:
                ear.utterances.restart(first_sample)
        elif first_sample < expected:
            skip = expected - first_sample
            tracks = [track[skip:] for track in tracks]
            first_sample = expected
        now = self._clock()
        for ear, track in zip(self._ears, tracks, strict=True):
            ear.take(ear.utterances.feed(track), now)
        self._next_sample = first_sample + len(tracks[0])

    def flush(self) -> None:
        now = self._clock()
        for ear in self._ears:
            ear.take(ear.utterances.flush(), now)

    @property
    def next_final_since(self) -> float | None:
        """Since when the oldest final waits; None when none does."""
        return min((ear.finals[0].since for ear in self._ears if ear.finals), default=None)

    @property
    def next_interim_since(self) -> float | None:
        return min((ear.glimpse.since for ear in self._ears if ear.glimpse), default=None)

    def step_final(self) -> Iterator[Told]:
        """Decode the final that waits longest (or take its early text)."""
        ear = min((ear for ear in self._ears if ear.finals), key=lambda ear: ear.finals[0].since)
        cut = ear.finals[0].cut
        known = ear.early
        is_same = known is not None and known[:2] == (cut.utterance, cut.revision)
        heard = known[2] if known is not None and is_same else self._decoder.decode(cut.samples, self._keyterms)
        ear.finals.popleft()
        ear.early = None
        ear.looked_at = self._clock()
        yield self._line(ear, cut, heard)

    def step_interim(self) -> Iterator[Told]:
        """Decode the interim that waits longest, unless it is late already."""
        ear = min((ear for ear in self._ears if ear.glimpse), key=lambda ear: ear.glimpse.since if ear.glimpse else 0)
        waiting, ear.glimpse = ear.glimpse, None
        now = self._clock()
        is_patient = now - ear.looked_at < LOOKED_AT_EVERY_S
        if waiting is None or (is_patient and now - waiting.since > INTERIM_LATE_S):
            return
        ear.looked_at = now
        heard = self._decoder.decode(waiting.cut.samples, self._keyterms)
        if waiting.cut.purpose is Purpose.EARLY:
            ear.early = (waiting.cut.utterance, waiting.cut.revision, heard)
        if heard.text:
            yield self._line(ear, waiting.cut, heard)

    def progress(self, *, is_end: bool = False) -> Iterator[Settled]:
        """How far each channel is settled, told when it moved by a quarter of a second."""
        end_ms = (self._next_sample or 0) * 1000 // SAMPLE_RATE
        for ear in self._ears:
            through = end_ms if is_end else ear.settled_ms
            if through - ear.told_ms >= (1 if is_end else PROGRESS_EVERY_MS):
                ear.told_ms = through
                yield Settled(ear.index, through)

    def _line(self, ear: _Ear, cut: Cut, heard: Heard) -> HeardLine:
        text = without_echo(heard.text, len(cut.voiced_ms) * CHUNK_MS / 1000)
        return HeardLine(
            channel=ear.index,
            utterance=cut.utterance,
            text=text,
            start_ms=cut.start_ms,
            end_ms=cut.end_ms,
            confidence=heard.confidence,
            is_final=cut.purpose is Purpose.FINAL,
            ends_turn=cut.purpose is Purpose.FINAL and cut.ends_turn,
            words=spread_words(text, cut.voiced_ms) if cut.purpose is Purpose.FINAL else [],
        )


def transcribe_steps(listening: Listening, first_sample: int, pcm: bytes, channels: int) -> Iterator[list[HeardLine]]:
    """A recorded span in small steps (a second of audio, or one decode), so that live streams come between."""
    second = SAMPLE_RATE * 2 * channels
    for offset in range(0, len(pcm), second):
        listening.hear(first_sample + offset // (2 * channels), pcm[offset : offset + second])
        yield from _finals(listening)
    listening.flush()
    yield from _finals(listening)


def _finals(listening: Listening) -> Iterator[list[HeardLine]]:
    yield []
    while listening.next_final_since is not None:
        yield [told for told in listening.step_final() if isinstance(told, HeardLine) and told.text]
