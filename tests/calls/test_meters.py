"""Talk meters hear speech above the room, per channel, without flicker."""

from __future__ import annotations

import numpy as np
import pytest

from calls.live.audio import Frame, FrameCursor
from calls.live.meters import SILENCE_DB, TalkMeters, levels_db
from coaching.types import Channel

FRAME = 1_600


def sound(*levels: float) -> bytes:
    """100 ms of noise, one amplitude (0-1) per channel."""
    noise = np.random.default_rng(7).uniform(-1, 1, (FRAME, len(levels)))
    return bytes((noise * np.array(levels) * 32_767).astype("<i2").tobytes())


def play(meters: TalkMeters, cursor: FrameCursor, frames: int, *levels: float) -> list[tuple[str, bool]]:
    changes = []
    for _ in range(frames):
        piece = cursor.accept(Frame(cursor.next_sample, sound(*levels)))
        assert piece is not None
        changes += [(change.channel.value, change.is_speaking) for change in meters.hear(piece)]
    return changes


def test_silence_has_a_level_and_full_scale_is_zero() -> None:
    assert levels_db(b"\0\0" * 100, 1) == [SILENCE_DB]
    square = np.full(100, 32_767, dtype="<i2").tobytes()
    assert levels_db(square, 1)[0] == pytest.approx(0.0, abs=0.01)


def test_each_channel_speaks_for_itself() -> None:
    meters, cursor = TalkMeters(2), FrameCursor(2)
    assert play(meters, cursor, 10, 0.002, 0.002) == []
    assert play(meters, cursor, 10, 0.2, 0.002) == [("rep", True)]
    assert play(meters, cursor, 10, 0.002, 0.2) == [("customer", True), ("rep", False)]
    assert meters.speaking_ms(Channel.REP) == pytest.approx(1_200, abs=200)
    assert meters.speaking_ms(Channel.CUSTOMER) == 1_000
    assert meters.level(Channel.CUSTOMER) > 0.5


def test_a_short_pause_does_not_end_speaking() -> None:
    meters, cursor = TalkMeters(1), FrameCursor(1)
    play(meters, cursor, 5, 0.002)
    assert play(meters, cursor, 5, 0.2) == [("rep", True)]
    assert play(meters, cursor, 2, 0.002) == []
    assert play(meters, cursor, 5, 0.2) == []


def test_a_loud_room_is_no_speech_after_a_while() -> None:
    meters, cursor = TalkMeters(1), FrameCursor(1)
    play(meters, cursor, 100, 0.008)
    assert not meters.is_anyone_speaking
    assert play(meters, cursor, 3, 0.3) == [("rep", True)]


def test_a_mono_call_has_no_customer() -> None:
    meters = TalkMeters(1)
    assert meters.level(Channel.CUSTOMER) == 0.0
    assert meters.speaking_ms(Channel.CUSTOMER) == 0
