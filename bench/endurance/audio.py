"""What is said in every call: a recorded conversation as frames, and its words as the speech vendor's script.

The recording is the two-party telephone call of the outside data (docs: tests/data.py) where that lies beside the
checkout, else the sample call of the product, over and over. Every call begins at its beginning, so that what the
vendor says fits what is heard.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from tests.data import SHARED_DATA

RATE = 16_000
FRAME_SAMPLES = RATE // 10
LONGEST_S = 240
ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "static" / "audio" / "sample-call.flac"
OUTSIDE = SHARED_DATA / "audio"
SIDES = ("Auto_Repairs_40_UTC_agent.wav", "Auto_Repairs_40_UTC_caller.wav")
SPEAKERS = {"agent": "rep", "caller": "customer"}
WORD_MS = 300


@dataclass(frozen=True)
class Recording:
    """`pcm` is interleaved PCM16 of two channels at 16 kHz, as long as the longest call."""

    name: str
    pcm: bytes
    turns: list[dict[str, Any]]

    def frame(self, number: int) -> bytes:
        """100 ms, 6,400 bytes."""
        size = FRAME_SAMPLES * 4
        return self.pcm[number * size : (number + 1) * size]


def load() -> Recording:
    return _outside() if all((OUTSIDE / side).exists() for side in SIDES) else _sample()


def _outside() -> Recording:
    sides = []
    for side in SIDES:
        samples, rate = soundfile.read(OUTSIDE / side, dtype="int16")
        sides.append(soxr.resample(samples, rate, RATE))
    content = json.loads((OUTSIDE / "references.json").read_text(encoding="utf-8"))["Auto_Repairs_40"]
    said = content["transcript"]
    starts = [round(turn["start_s"] * 1_000) for turn in said] + [LONGEST_S * 1_000]
    turns = [
        {
            "channel": SPEAKERS[turn["speaker"]],
            "start_ms": start,
            "end_ms": max(start + 200, min(after, start + WORD_MS * len(turn["text"].split()))),
            "text": turn["text"],
        }
        for turn, start, after in zip(said, starts, starts[1:], strict=False)
    ]
    return Recording("a recorded telephone call of two parties", _pcm(np.stack(sides, axis=1)), turns)


def _sample() -> Recording:
    samples, _ = soundfile.read(SAMPLE, dtype="int16")
    once_ms = len(samples) * 1_000 // RATE
    said = json.loads(SAMPLE.with_suffix(".json").read_text(encoding="utf-8"))["turns"]
    turns = [
        {**turn, "start_ms": turn["start_ms"] + shift, "end_ms": turn["end_ms"] + shift}
        for shift in range(0, LONGEST_S * 1_000, once_ms)
        for turn in said
    ]
    return Recording("the sample call, over and over", _pcm(samples), turns)


def _pcm(samples: np.ndarray) -> bytes:
    return np.resize(samples, (LONGEST_S * RATE, 2)).astype("<i2").tobytes()
