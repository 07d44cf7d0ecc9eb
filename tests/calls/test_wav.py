"""The head of a WAV file, and which bytes a player asks for."""

from __future__ import annotations

import io
import wave

import pytest

from calls.wav import HEAD_BYTES, NoSuchRangeError, Piece, head, piece_of


@pytest.mark.parametrize("channels", [1, 2])
def test_a_players_library_reads_the_head(channels: int) -> None:
    pcm = bytes(range(256)) * channels
    with wave.open(io.BytesIO(head(channels=channels, pcm_bytes=len(pcm)) + pcm)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (channels, 16_000, 2)
        assert file.readframes(1_000) == pcm


def test_the_head_has_its_size_also_for_a_call_of_days() -> None:
    assert len(head(channels=2, pcm_bytes=1 << 40)) == HEAD_BYTES


@pytest.mark.parametrize(
    ("header", "piece"),
    [
        ("bytes=0-99", Piece(0, 100)),
        ("bytes=100-", Piece(100, 1_000)),
        ("bytes=900-5000", Piece(900, 1_000)),
        ("bytes=-10", Piece(990, 1_000)),
        ("bytes=-5000", Piece(0, 1_000)),
        (" bytes=0-0 ", Piece(0, 1)),
    ],
)
def test_a_range_is_a_piece_of_the_file(header: str, piece: Piece) -> None:
    assert piece_of(header, 1_000) == piece


@pytest.mark.parametrize(
    "header",
    ["", "bytes=-", "bytes=5-2", "bytes=0-1,5-9", "items=0-5", "bytes=a-b", "bytes=1-2-3", "bytes=" + "9" * 99],
)
def test_what_is_no_single_range_asks_for_the_whole(header: str) -> None:
    assert piece_of(header, 1_000) is None


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=99999-100000", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(header: str) -> None:
    with pytest.raises(NoSuchRangeError):
        piece_of(header, 1_000)
