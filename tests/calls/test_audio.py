"""Frames: every kind of bad one is refused with its code; good ones come out in order, once, with holes counted."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.live import audio
from calls.live.audio import Frame, FrameCursor, FrameError, build_frame, is_ahead_of_time, parse_frame
from calls.live.memory import AudioMemory


def pcm(samples: int, channels: int = 2, value: int = 1) -> bytes:
    return struct.pack("<h", value) * samples * channels


@pytest.mark.parametrize(
    ("data", "channels", "refusal"),
    [
        (b"", 1, audio.TOO_SHORT),
        (b"\0" * 8, 1, audio.TOO_SHORT),
        (b"\0" * 9, 1, audio.TOO_SHORT),
        (build_frame(0, pcm(10, 1) + b"\0"), 1, audio.ODD),
        (build_frame(0, pcm(3, 1)), 2, audio.PARTIAL),
        (build_frame(0, pcm(16_001, 1)), 1, audio.TOO_LARGE),
        (build_frame(0, pcm(16_000, 2) + pcm(2_000, 2)), 2, audio.TOO_LARGE),
        (build_frame(1 << 63, pcm(10, 1)), 1, audio.NO_SUCH_POSITION),
        (b"\xff" * 8 + pcm(10, 1), 1, audio.NO_SUCH_POSITION),
    ],
)
def test_a_bad_frame_is_refused_with_its_code(data: bytes, channels: int, refusal: audio.Refusal) -> None:
    with pytest.raises(FrameError) as caught:
        parse_frame(data, channels)
    assert caught.value.refusal == refusal
    assert len(refusal.reason.encode()) <= 123


def test_a_good_frame_keeps_position_and_bytes() -> None:
    assert parse_frame(build_frame(4_800, pcm(1_600)), 2) == Frame(4_800, pcm(1_600))


@given(st.binary(max_size=300), st.sampled_from([1, 2]))
def test_any_bytes_are_a_frame_or_a_refusal(data: bytes, channels: int) -> None:
    codes = []
    try:
        frame = parse_frame(data, channels)
    except FrameError as error:
        codes.append(error.refusal.code)
    else:
        assert build_frame(frame.first_sample, frame.pcm) == data
    assert set(codes) <= {4400, 4413}


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=60), st.sampled_from([1, 2]))
def test_a_cursor_takes_every_sample_at_most_once_and_counts_what_is_missing(
    spans: list[tuple[int, int]], channels: int
) -> None:
    cursor = FrameCursor(channels)
    heard: list[int] = []
    holes = 0
    for first, samples in spans:
        values = b"".join(struct.pack("<h", first + i) * channels for i in range(samples))
        piece = cursor.accept(Frame(first, values))
        if piece is None:
            assert first + samples <= cursor.next_sample
            continue
        holes += piece.hole
        found = struct.unpack(f"<{piece.samples * channels}h", piece.pcm)[::channels]
        assert list(found) == list(range(piece.first_sample, piece.end_sample))
        heard += found
        assert cursor.next_sample == piece.end_sample
    assert heard == sorted(set(heard))
    assert len(heard) + holes == cursor.next_sample


def test_audio_from_the_future_is_ahead_of_time_and_a_resend_is_not() -> None:
    assert not is_ahead_of_time(60 * 16_000, call_age_s=60.0)
    assert not is_ahead_of_time(60 * 16_000, call_age_s=3_600.0)
    assert is_ahead_of_time(60 * 16_000, call_age_s=29.0)


def test_memory_gives_back_what_it_holds_and_silence_between() -> None:
    memory = AudioMemory(1)
    cursor = FrameCursor(1)
    for first, value in ((0, 1), (200, 2)):
        piece = cursor.accept(Frame(first, pcm(100, 1, value)))
        assert piece is not None
        memory.add(piece)
    assert memory.read(50, 250) == pcm(50, 1, 1) + pcm(100, 1, 0) + pcm(50, 1, 2)
    memory.forget_before(100)
    assert memory.read(0, 100) == b""
    assert memory.read(200, 210) == pcm(10, 1, 2)


def test_memory_is_bounded() -> None:
    memory = AudioMemory(1)
    cursor = FrameCursor(1)
    for second in range(70):
        piece = cursor.accept(Frame(second * 16_000, pcm(16_000, 1)))
        assert piece is not None
        memory.add(piece)
    assert memory.read(0, 160_000) == b""
    assert memory.read(69 * 16_000, 70 * 16_000) == pcm(16_000, 1)
