"""Log-mel features as Whisper wants them, over a window no longer than the speech needs.

Whisper pads every input to 30 s. CTranslate2 takes a shorter window; `max(8 s, speech + 3 s)` costs a quarter
and keeps the words. Less padding makes the model repeat itself.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

SAMPLE_RATE = 16_000
MELS = 80
FFT = 400
HOP = 160
MIN_WINDOW_S = 8.0
PADDING_S = 3.0
MAX_WINDOW_S = 30
_MAX_FRAMES = MAX_WINDOW_S * SAMPLE_RATE // HOP


def _hertz(mel: Samples) -> npt.NDArray[np.float64]:
    """Slaney's mel scale, as Whisper's filters use it: linear below 1 kHz, logarithmic above."""
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * math.log(6.4) / 27))


def mel_filters() -> Samples:
    top = 15 + 27 * math.log(8000 / 1000) / math.log(6.4)
    edges = _hertz(np.linspace(0, top, MELS + 2, dtype=np.float32))
    ramps = edges[:, None] - np.linspace(0, SAMPLE_RATE / 2, FFT // 2 + 1)[None]
    widths = np.diff(edges)[:, None]
    triangles = np.maximum(0, np.minimum(-ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]))
    filters: Samples = (triangles * (2 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)
    return filters


class LogMel:
    """Turns samples (-1..1, 16 kHz) into `[1, 80, frames]`."""

    def __init__(self) -> None:
        self._filters = mel_filters()
        self._window: Samples = np.hanning(FFT + 1)[:-1].astype(np.float32)

    def __call__(self, samples: Samples) -> Samples:
        window = int(max(MIN_WINDOW_S, len(samples) / SAMPLE_RATE + PADDING_S) * SAMPLE_RATE)
        edge = FFT // 2
        padded = np.pad(samples, (edge, max(0, window - len(samples)) + edge))[: MAX_WINDOW_S * SAMPLE_RATE + FFT]
        frames = np.lib.stride_tricks.sliding_window_view(padded, FFT)[::HOP] * self._window
        power = np.abs(np.fft.rfft(frames, axis=1)[:, : FFT // 2 + 1]).astype(np.float32) ** 2
        mel = np.log10(np.maximum(self._filters @ power.T, 1e-10))
        mel = (np.maximum(mel, mel.max() - 8) + 4) / 4
        even = min(_MAX_FRAMES, mel.shape[1] // 2 * 2)
        result: Samples = np.ascontiguousarray(mel[None, :, :even], dtype=np.float32)
        return result
