"""The embedded engine's parts without its model: cutting, deciding, framing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from calls.speech.engine import wire
from calls.speech.engine.decoding import Heard, is_noise, without_echo
from calls.speech.engine.features import SAMPLE_RATE, LogMel, Samples
from calls.speech.engine.listening import HeardLine, Listening, Settled, Told, transcribe_steps
from calls.speech.engine.utterances import CHUNK, CHUNK_MS, Cut, Purpose, Utterances, spread_words


def loud(chunk: Samples) -> float:
    """A voice detector for tests: loud is speech. The gain control makes silence of zeros stay zero."""
    return 1.0 if float(np.abs(chunk).max()) > 0.1 else 0.0


def speech(length_ms: int) -> Samples:
    return np.full(length_ms * 16, 0.5, np.float32)


def quiet(length_ms: int) -> Samples:
    return np.zeros(length_ms * 16, np.float32)


def pcm(samples: Samples) -> bytes:
    return bytes((samples * 32767).astype("<i2").tobytes())


class CountingDecoder:
    """Hears the length of what it gets, in tenths of a second."""

    def __init__(self, after: Callable[[], None] = lambda: None) -> None:
        self.decoded: list[int] = []
        self._after = after

    def decode(self, samples: Samples, keyterms: tuple[str, ...]) -> Heard:
        self.decoded.append(len(samples))
        self._after()
        return Heard(f"heard {len(samples) * 10 // SAMPLE_RATE} tenths", 0.9)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def cuts(*pieces: Samples) -> list[Cut]:
    return Utterances(loud).feed(np.concatenate(pieces))


def test_an_utterance_ends_after_the_pause_and_knows_when_it_was_spoken() -> None:
    found = cuts(quiet(1_000), speech(2_000), quiet(1_000))
    (final,) = [cut for cut in found if cut.purpose is Purpose.FINAL]
    assert abs(final.start_ms - 1_000) <= CHUNK_MS
    assert abs(final.end_ms - 3_000) <= CHUNK_MS
    assert final.audio_ms < final.start_ms
    assert final.ends_turn


def test_interims_come_while_it_grows_and_one_early_in_the_pause() -> None:
    found = cuts(quiet(1_000), speech(3_000), quiet(1_000))
    assert [cut.purpose for cut in found].count(Purpose.INTERIM) == 4
    assert [cut.purpose for cut in found][-2:] == [Purpose.EARLY, Purpose.FINAL]
    assert found[-2].revision == found[-1].revision


def test_speech_after_the_early_cut_makes_it_stale() -> None:
    found = cuts(speech(1_000), quiet(300), speech(1_000), quiet(1_000))
    early = [cut for cut in found if cut.purpose is Purpose.EARLY]
    (final,) = [cut for cut in found if cut.purpose is Purpose.FINAL]
    assert len(early) == 2
    assert early[0].revision != final.revision == early[1].revision


def test_who_never_pauses_is_cut_without_ending_the_turn() -> None:
    found = [cut for cut in cuts(speech(30_000), quiet(1_000)) if cut.purpose is Purpose.FINAL]
    assert [cut.ends_turn for cut in found] == [False, False, True]
    assert max(len(cut.samples) for cut in found) <= 14.1 * SAMPLE_RATE


def test_silence_is_settled_up_to_the_lead_of_an_utterance_to_come() -> None:
    utterances = Utterances(loud)
    utterances.feed(quiet(5_000))
    assert 4_500 <= utterances.settled_ms < 5_000
    utterances.feed(speech(1_000))
    assert utterances.settled_ms < 5_000


def test_words_are_spread_over_the_voiced_chunks_only() -> None:
    voiced = (*range(1_000, 2_000, CHUNK_MS), *range(5_000, 6_000, CHUNK_MS))
    words = spread_words("one two six ten", voiced)
    assert [word for word, _, _ in words] == ["one", "two", "six", "ten"]
    assert words[0][1] == 1_000
    assert words[1][1] < 2_000
    assert words[2][1] >= 5_000
    assert all(start < end for _, start, end in words)
    assert spread_words("", voiced) == []


def run(listening: Listening) -> list[Told]:
    """Everything that waits, finals first."""
    told: list[Told] = []
    while True:
        if listening.next_final_since is not None:
            told += listening.step_final()
        elif listening.next_interim_since is not None:
            told += listening.step_interim()
        else:
            return [*told, *listening.progress()]


def new_listening(decoder: CountingDecoder, clock: Clock | None = None, channels: int = 1) -> Listening:
    return Listening(decoder=decoder, new_voice=lambda: loud, channels=channels, clock=clock or Clock())


def in_frames(listening: Listening, samples: Samples, *, start: int = 0) -> list[Told]:
    told: list[Told] = []
    for offset in range(0, len(samples), 1_600):
        listening.hear(start + offset, pcm(samples[offset : offset + 1_600]))
        told += run(listening)
    return told


def test_the_early_text_becomes_the_final_without_another_decode() -> None:
    decoder = CountingDecoder()
    told = in_frames(new_listening(decoder), np.concatenate([quiet(500), speech(1_000), quiet(1_000)]))
    lines = [item for item in told if isinstance(item, HeardLine)]
    assert lines[-1].is_final
    assert lines[-1].text == lines[-2].text
    assert len(decoder.decoded) == len(lines) - 1


def test_late_interims_are_dropped_and_finals_never() -> None:
    clock = Clock()
    decoder = CountingDecoder()
    listening = new_listening(decoder, clock)
    spoken = np.concatenate([speech(1_500), quiet(800), speech(1_500)])
    for offset in range(0, len(spoken), 1_600):
        listening.hear(offset, pcm(spoken[offset : offset + 1_600]))
    clock.now = 0.4
    told = run(listening)
    lines = [item for item in told if isinstance(item, HeardLine)]
    assert [line.is_final for line in lines] == [True]
    assert len(decoder.decoded) == 1


def test_however_late_a_channel_is_looked_at_every_two_seconds() -> None:
    clock = Clock()
    listening = new_listening(CountingDecoder(), clock)
    looked = []
    for offset in range(0, 8 * SAMPLE_RATE, SAMPLE_RATE):
        listening.hear(offset, pcm(speech(1_000)))
        clock.now += 1.0
        looked.append(bool([item for item in run(listening) if isinstance(item, HeardLine)]))
    assert looked == [False, True] * 4


def test_channels_of_interleaved_audio_are_heard_apart() -> None:
    listening = new_listening(CountingDecoder(), channels=2)
    rep = np.concatenate([speech(1_000), quiet(3_000)])
    customer = np.concatenate([quiet(2_000), speech(1_000), quiet(1_000)])
    listening.hear(0, pcm(np.stack([rep, customer], axis=1).reshape(-1)))
    finals = [item for item in run(listening) if isinstance(item, HeardLine) and item.is_final]
    assert [(line.channel, round(line.start_ms, -3)) for line in finals] == [(0, 0), (1, 2_000)]


def test_a_hole_ends_what_was_open_and_moves_the_clock() -> None:
    listening = new_listening(CountingDecoder())
    told = in_frames(listening, speech(1_000))
    told += in_frames(listening, np.concatenate([speech(1_000), quiet(1_000)]), start=160_000)
    finals = [item for item in told if isinstance(item, HeardLine) and item.is_final]
    assert [round(line.start_ms, -3) for line in finals] == [0, 10_000]
    settled = [item.through_ms for item in told if isinstance(item, Settled)]
    assert settled == sorted(settled)


def test_audio_that_was_heard_before_is_skipped() -> None:
    listening = new_listening(CountingDecoder())
    told = in_frames(listening, np.concatenate([speech(1_000), quiet(2_000)]))
    told += in_frames(listening, np.concatenate([speech(1_000), quiet(2_000)]))
    assert len([item for item in told if isinstance(item, HeardLine) and item.is_final]) == 1


def test_progress_waits_for_a_final_that_is_not_decoded_yet() -> None:
    listening = new_listening(CountingDecoder())
    listening.hear(0, pcm(np.concatenate([quiet(2_000), speech(1_000), quiet(3_000)])))
    assert max(item.through_ms for item in listening.progress()) <= 2_000
    list(listening.step_final())
    assert max(item.through_ms for item in listening.progress()) > 5_000


def test_a_recorded_span_comes_in_small_steps() -> None:
    listening = new_listening(CountingDecoder())
    span = np.concatenate([speech(1_000), quiet(1_000)] * 5)
    steps = list(transcribe_steps(listening, 16_000, pcm(span), 1))
    assert len(steps) >= 10
    assert [round(line.start_ms, -3) for step in steps for line in step] == [1_000, 3_000, 5_000, 7_000, 9_000]


def test_what_the_model_says_twice_in_no_time_was_said_once() -> None:
    assert without_echo("forget it? Will we ever forget it?", 5.0) == "forget it? Will we ever forget it?"
    assert without_echo("Good morning Steve. Good morning Steve. Good morning Steve.", 0.9) == "Good morning Steve."
    assert without_echo("No. No.", 0.2) == "No. No."


def test_noise_is_no_text() -> None:
    assert is_noise("Thank you.", 0.2, 0.9)
    assert not is_noise("Thank you.", 0.9, 0.9)
    assert is_noise("the the " * 40, 0.9, 0.0)


@pytest.mark.parametrize(("seconds", "frames"), [(1, 800), (4, 800), (10, 1_300), (29, 3_000)])
def test_the_window_is_as_short_as_the_speech_allows(seconds: int, frames: int) -> None:
    features = LogMel()(np.zeros(seconds * SAMPLE_RATE, np.float32))
    assert features.shape == (1, 80, frames)
    assert features.dtype == np.float32


def test_frames_survive_the_wire() -> None:
    span = wire.Span(48_000, 2, ("Acme Cloud", "é"), b"\1\2\3\4")
    for frame in (wire.audio(7, 1 << 40, b"ab"), span.to_frame(9), wire.with_json(wire.Kind.OPEN, 1, {"channels": 2})):
        encoded = frame.encode()
        prefix, rest = encoded[: wire.PREFIX_BYTES], encoded[wire.PREFIX_BYTES :]
        assert wire.body_bytes(prefix) == len(rest)
        assert wire.decode(prefix, rest) == frame
    assert wire.read_audio(wire.audio(7, 1 << 40, b"ab").payload) == (1 << 40, b"ab")
    assert wire.Span.from_payload(span.to_frame(9).payload) == span


@pytest.mark.parametrize("length", [0, 4, wire.MAX_FRAME_BYTES + 1])
def test_a_length_out_of_step_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="frame of"):
        wire.body_bytes(length.to_bytes(4, "little"))


def test_a_chunk_is_what_the_detector_takes() -> None:
    assert CHUNK * 1000 / SAMPLE_RATE == CHUNK_MS
