"""The accounts find what they are there to find: a lost sample, a doubled word, an event too many, an early ack."""

from __future__ import annotations

import io
import wave
from typing import Any

import pytest

from tests.faults import ledger, sound
from tests.faults.chaos import Tally
from tests.faults.ears import Ear, transcript
from tests.faults.ledger import Account, Logged
from tests.faults.outbox import Outbox
from tests.faults.screen import Seen
from tests.faults.sound import FRAME_BYTES, FRAME_SAMPLES, WIDTH, Frame

CALL, FRAMES = 7, 40
ALL = frozenset(sound.words_before(FRAMES))


def said(frames: int = FRAMES, *, start: int = 0) -> bytes:
    return b"".join(sound.pcm(CALL, index) for index in range(start, frames))


def line(*indices: int, channel: str = "", off_ms: int = 0) -> dict[str, Any]:
    words = [(sound.word(Frame(CALL, index)), index * 100 + off_ms, index * 100 + 100, 0.9) for index in indices]
    return {
        "channel": channel or ledger.CHANNELS[sound.speaker(indices[0])],
        "text": " ".join(word[0] for word in words),
        "words": words,
        "recovered": False,
    }


def whole() -> list[dict[str, Any]]:
    return [line(*range(first + 1, first + 9)) for first in range(0, FRAMES, 10)]


def sound_of(recording: bytes, told: frozenset[int] = frozenset()) -> ledger.Sound:
    return ledger.sound_of(recording, call=CALL, frames=FRAMES, told=told)


def words_of(lines: list[dict[str, Any]]) -> tuple[int, int, int]:
    found = ledger.words_of(lines, call=CALL, frames=FRAMES)
    return found.missing, found.doubled, found.misplaced


# --- sound -------------------------------------------------------------------------------------------
def test_a_whole_recording_has_no_fault() -> None:
    assert sound_of(said()) == ledger.Sound(0, 0, 0)


def test_one_lost_sample_at_the_end_is_found() -> None:
    assert sound_of(said()[:-WIDTH]).lost == 1


def test_one_silent_sample_in_the_middle_is_found_where_no_word_stands_for_it() -> None:
    recording = bytearray(said())
    at = 15 * FRAME_BYTES + 400 * WIDTH
    recording[at : at + WIDTH] = bytes(WIDTH)
    assert sound_of(bytes(recording)) == ledger.Sound(lost=1, wrong=0, only_words=0)
    assert sound_of(bytes(recording), ALL) == ledger.Sound(lost=0, wrong=0, only_words=1)
    assert sound_of(bytes(recording), ALL - {15}).lost == 1


def test_a_sample_that_stands_twice_shifts_all_that_follow() -> None:
    at = 15 * FRAME_BYTES
    recording = said()[: at + WIDTH] + said()[at:]
    assert sound_of(recording).wrong > 20 * FRAME_SAMPLES


def test_another_calls_sound_is_wrong_though_words_stand_for_it() -> None:
    foreign = said()[: 5 * FRAME_BYTES] + sound.pcm(CALL + 1, 5) + said()[6 * FRAME_BYTES :]
    assert sound_of(foreign, ALL).wrong > FRAME_SAMPLES // 2


# --- words -------------------------------------------------------------------------------------------
def test_each_word_once_at_its_place_is_right() -> None:
    assert words_of(whole()) == (0, 0, 0)


def test_a_line_too_few_and_a_word_too_many_are_counted() -> None:
    assert words_of(whole()[1:]) == (8, 0, 0)
    assert words_of([*whole(), line(12)]) == (0, 1, 0)


def test_a_line_on_the_wrong_side_or_at_the_wrong_time_is_counted() -> None:
    first, *rest = whole()
    assert words_of([{**first, "channel": "rep"}, *rest]) == (0, 0, 8)
    assert words_of([line(*range(1, 9), off_ms=900), *rest]) == (0, 0, 8)


# --- events ------------------------------------------------------------------------------------------
LOG: list[Logged] = [(1, "call_started", {}), (2, "line", {"text": "a"}), (3, "line", {"text": "b"})]


def event(seq: int, text: str = "", kind: str = "line") -> dict[str, Any]:
    return {"type": "event", "seq": seq, "kind": kind, "payload": {"text": text, "recovered": False} if text else {}}


def test_a_hole_and_a_double_in_the_log_are_found() -> None:
    assert ledger.numbering(LOG, {}) == []
    assert ledger.numbering([LOG[0], LOG[2]], {}) == ["the log has 3 where 2 is due"]
    assert ledger.numbering([LOG[0], LOG[0], LOG[1]], {}) == ["the log has 1 where 2 is due"]


def test_a_reader_that_was_told_something_else_is_found() -> None:
    assert ledger.numbering(LOG, {2: event(2, "a")}) == []
    assert len(ledger.numbering(LOG, {2: event(2, "never saved")})) == 1
    assert len(ledger.numbering(LOG, {4: event(4, "b")})) == 1


def test_a_reader_notes_holes_and_doubles_and_forgets_what_is_taken_back() -> None:
    seen = Seen()
    word = sound.word(Frame(CALL, 1))
    assert seen.take(event(1, kind="call_started"), 1.0)
    assert not seen.take(event(3, word), 2.0)
    assert seen.breaches == ["event 3 after 1"]
    assert seen.take(event(2, word), 3.0)
    assert seen.words_at == {1: 3.0}
    assert seen.take(event(2, word), 4.0)
    assert len(seen.breaches) == 2
    seen.take({"type": "rewind", "seq": 1, "epoch": 2}, 5.0)
    assert (seen.seq, seen.epoch, seen.words_at) == (1, 2, {})


# --- acks and times ----------------------------------------------------------------------------------
def test_an_ack_ahead_of_the_disk_is_found_at_its_sample() -> None:
    held = said(30)
    assert ledger.first_wrong(held, call=CALL, start=0, end=30 * FRAME_SAMPLES) is None
    assert ledger.first_wrong(held, call=CALL, start=0, end=30 * FRAME_SAMPLES + 1) == 30 * FRAME_SAMPLES
    assert ledger.first_wrong(held[160 * WIDTH :], call=CALL, start=160, end=4_000) is None
    assert ledger.first_wrong(held[164 * WIDTH :], call=CALL, start=160, end=4_000) == 160


def test_help_counts_only_about_what_was_said_after_the_strike() -> None:
    helps = [(10.0, 80), (12.5, 95), (13.0, 110)]
    assert ledger.helped_at(helps, after=12.0, frames=100) == 13.0
    assert ledger.helped_at(helps, after=13.0, frames=100) is None


def test_a_transcript_is_whole_when_its_last_missing_word_has_come() -> None:
    words = {index: float(index) for index in ALL}
    assert ledger.complete_at({**words, 3: 99.0}, frames=FRAMES) == 99.0
    del words[3]
    assert ledger.complete_at(words, frames=FRAMES) is None


@pytest.mark.parametrize("field", ["lost_samples", "missing_words", "doubled_words", "misplaced_words", "open_gaps"])
def test_one_fault_in_one_account_is_a_broken_run(field: str) -> None:
    good: dict[str, Any] = {
        "captured_samples": 16_000, "lost_samples": 0, "wrong_samples": 0, "missing_words": 0, "doubled_words": 0,
        "misplaced_words": 0, "event_breaches": (), "ack_breaches": (),
    }  # fmt: skip
    tally = Tally(seed=1)
    assert tally.verdict().startswith("BROKEN"), "a run without a call proves nothing"
    tally.add("one", Account(**good))
    assert tally.verdict().startswith("CLEAN: 1 calls")
    tally.add("two", Account(**{**good, field: 1}))
    assert tally.verdict().startswith("BROKEN")


# --- the instruments ---------------------------------------------------------------------------------
def heard(*pieces: bytes) -> list[dict[str, Any]]:
    ear = Ear()
    return [message for piece in pieces for message in ear.hear(piece)] + list(ear.finish())


def finals(messages: list[dict[str, Any]]) -> list[int]:
    texts = [message["channel"]["alternatives"][0]["transcript"] for message in messages if message["is_final"]]
    return [frame.index for text in texts for frame in sound.words_in(text)]


def test_an_ear_says_what_it_hears_and_nothing_else() -> None:
    audio = said()
    pieces = [audio[at : at + 4_000] for at in range(0, len(audio), 4_000)]
    assert finals(heard(*pieces)) == sorted(ALL)
    assert finals(heard(said(14), said(40, start=16))) == sorted(ALL - {14, 15})
    changed = bytearray(audio)
    changed[12 * FRAME_BYTES + 3_000] ^= 64
    assert finals(heard(bytes(changed))) == sorted(ALL - {12})


def test_a_file_is_heard_like_a_stream() -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setnchannels(2)
        recording.setsampwidth(2)
        recording.setframerate(16_000)
        recording.writeframes(said(25, start=15))
    utterances = transcript(file.getvalue())["results"]["utterances"]
    words = [frame.index for one in utterances for frame in sound.words_in(one["transcript"])]
    assert words == [15, 16, 17, 18, 21, 22, 23, 24]
    assert utterances[0]["start"] == 0.0


def test_an_outbox_sends_live_first_and_keeps_what_is_not_acknowledged() -> None:
    outbox = Outbox()
    outbox.capture(50)
    outbox.rewind(3 * FRAME_SAMPLES)
    outbox.go_live()
    outbox.capture(51)
    assert outbox.take_live() == 50
    assert outbox.take_run(2) == [3, 4]
    outbox.ack(51 * FRAME_SAMPLES)
    assert not outbox.is_live_first
    outbox.capture(52)
    assert outbox.take() == 51
    outbox.rewind(0)
    assert outbox.take() == 51
