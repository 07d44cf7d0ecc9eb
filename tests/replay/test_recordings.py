"""Recordings from disk become the audio of a call, or say plainly why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from calls.replay.recordings import RecordingError, read_recording

SECOND_HZ = 440


def tone(
    path: Path, *, rate: int = 16_000, seconds: float = 1.0, channels: int = 1, subtype: str | None = None
) -> Path:
    clock = np.arange(int(rate * seconds)) / rate
    wave = 0.5 * np.sin(2 * np.pi * SECOND_HZ * clock)
    soundfile.write(path, np.stack([wave] * channels, axis=1), rate, subtype=subtype)
    return path


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_any_rate_becomes_16_khz(tmp_path: Path, rate: int) -> None:
    recording = read_recording(tone(tmp_path / "a.wav", rate=rate))
    assert recording.channels == 1
    assert abs(recording.duration_ms - 1_000) <= 1
    samples = np.frombuffer(recording.pcm, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples))
    assert abs(int(spectrum.argmax()) * 16_000 / len(samples) - SECOND_HZ) < 2
    assert 15_000 < samples.max() < 18_000


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.ogg"])
def test_wav_flac_mp3_and_ogg_are_read(tmp_path: Path, name: str) -> None:
    assert abs(read_recording(tone(tmp_path / name)).duration_ms - 1_000) < 100


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "ULAW"])
def test_8_bit_16_bit_and_telephone_coding_are_read(tmp_path: Path, subtype: str) -> None:
    samples = np.frombuffer(read_recording(tone(tmp_path / "a.wav", rate=8_000, subtype=subtype)).pcm, "<i2")
    assert 14_000 < samples.max() < 18_000


def test_a_stereo_file_is_both_sides(tmp_path: Path) -> None:
    recording = read_recording(tone(tmp_path / "a.wav", channels=2))
    assert (recording.channels, recording.samples) == (2, 16_000)


def test_two_mono_files_are_both_sides_and_the_shorter_one_is_padded(tmp_path: Path) -> None:
    recording = read_recording(tone(tmp_path / "rep.wav"), tone(tmp_path / "customer.wav", seconds=0.5))
    sides = np.frombuffer(recording.pcm, "<i2").reshape(-1, 2)
    assert (recording.channels, len(sides)) == (2, 16_000)
    assert abs(sides[10_000:, 0]).max() > 10_000
    assert not sides[8_100:, 1].any()


def test_a_frame_is_cut_at_sample_positions_and_shorter_at_the_end(tmp_path: Path) -> None:
    recording = read_recording(tone(tmp_path / "a.wav", channels=2, seconds=0.15))
    assert len(recording.frame(0, 1_600)) == 6_400
    assert len(recording.frame(1_600, 1_600)) == 800 * 4


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nope\.wav: no such file"):
        read_recording(tmp_path / "nope.wav")


def test_a_file_that_is_no_audio_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_text("hello")
    with pytest.raises(RecordingError, match="not a recording"):
        read_recording(path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(0), 16_000)
    with pytest.raises(RecordingError, match="holds no audio"):
        read_recording(path)


def test_a_cut_wav_plays_what_it_holds(tmp_path: Path) -> None:
    path = tone(tmp_path / "a.wav", seconds=2)
    path.write_bytes(path.read_bytes()[:16_044])
    assert 400 <= read_recording(path).duration_ms <= 600


def test_more_than_two_channels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="3 channels"):
        read_recording(tone(tmp_path / "a.wav", channels=3))


def test_a_rate_outside_8_to_48_khz_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="96000 Hz"):
        read_recording(tone(tmp_path / "a.wav", rate=96_000))


def test_a_recording_of_more_than_two_hours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(8_000 * 7_201, dtype=np.uint8).astype(np.int16), 8_000, subtype="PCM_U8")
    with pytest.raises(RecordingError, match="longer than 2 hours"):
        read_recording(path)


def test_a_stereo_file_beside_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="two channels"):
        read_recording(tone(tmp_path / "a.wav", channels=2), tone(tmp_path / "b.wav"))
