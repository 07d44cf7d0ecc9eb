"""Levels and talk time from the energy of each channel: works without any speech engine. Pure.

A channel speaks when its level rises above its own noise floor by `ON_DB`, and stops when it has been
below `OFF_DB` for `HANGOVER_MS`: two thresholds and a delay, so that it does not flicker between words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from calls.live.audio import Piece, ms
from coaching.types import Channel

QUIET_DB = -60.0
LOUDEST_FLOOR_DB = -40.0
ON_DB = 12.0
OFF_DB = 8.0
HANGOVER_MS = 300
FLOOR_RISE_DB_PER_S = 3.0
SILENCE_DB = -96.0


class ChannelMeter:
    """One channel. `speaking_ms` is talk time so far; `level` 0–1 is for the screen."""

    def __init__(self) -> None:
        self.is_speaking = False
        self.speaking_ms = 0
        self.level = 0.0
        self._floor_db = QUIET_DB
        self._below_ms = 0

    def hear(self, level_db: float, length_ms: int) -> bool:
        """Takes the level of the next `length_ms`. True when speaking began or ended with it."""
        self.level = min(1.0, max(0.0, (level_db - QUIET_DB) / -QUIET_DB))
        above_db = level_db - self._floor_db
        self._follow_floor(level_db, length_ms)
        was_speaking = self.is_speaking
        if above_db >= ON_DB:
            self.is_speaking, self._below_ms = True, 0
        elif above_db < OFF_DB:
            self._below_ms += length_ms
            if self._below_ms >= HANGOVER_MS:
                self.is_speaking = False
        if self.is_speaking:
            self.speaking_ms += length_ms
        return self.is_speaking is not was_speaking

    def _follow_floor(self, level_db: float, length_ms: int) -> None:
        """Down at once, up slowly; digital silence is no room."""
        if level_db < self._floor_db:
            self._floor_db = max(QUIET_DB, level_db)
        elif not self.is_speaking or level_db < LOUDEST_FLOOR_DB:
            self._floor_db = min(LOUDEST_FLOOR_DB, self._floor_db + FLOOR_RISE_DB_PER_S * length_ms / 1_000)


@dataclass(frozen=True, slots=True)
class Change:
    """`channel` began or stopped to speak at `at_ms` of the capture clock."""

    channel: Channel
    is_speaking: bool
    at_ms: int


class TalkMeters:
    """Both channels of a call. A mono call has the rep's channel only."""

    def __init__(self, channels: int) -> None:
        self._meters = [ChannelMeter() for _ in range(channels)]

    def hear(self, piece: Piece) -> list[Change]:
        """Takes new audio; returns who began or stopped to speak in it."""
        length_ms = ms(piece.samples)
        changes = []
        for channel, meter, level in zip(Channel, self._meters, levels_db(piece.pcm, len(self._meters)), strict=False):
            if meter.hear(level, length_ms):
                changes.append(Change(channel, meter.is_speaking, ms(piece.end_sample)))
        return changes

    @property
    def is_anyone_speaking(self) -> bool:
        return any(meter.is_speaking for meter in self._meters)

    def level(self, channel: Channel) -> float:
        return self._meters[channel.index].level if channel.index < len(self._meters) else 0.0

    def speaking_ms(self, channel: Channel) -> int:
        return self._meters[channel.index].speaking_ms if channel.index < len(self._meters) else 0


def levels_db(pcm: bytes, channels: int) -> list[float]:
    """Level of each channel in dB below full scale (RMS)."""
    values = np.frombuffer(pcm, dtype="<i2").reshape(-1, channels).astype(np.float32)
    power = np.einsum("ij,ij->j", values, values) / max(1, len(values))
    return [10.0 * math.log10(mean / 32_768.0**2) if mean > 0 else SILENCE_DB for mean in power.tolist()]
