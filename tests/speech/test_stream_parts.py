"""What every live stream keeps, and what Deepgram's needs besides: queues, frames, clocks, the cut between engines."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close

from calls.speech.base import Gap, Progress, SpeechError, SpeechEvent, StreamState
from calls.speech.deepgram.audio import Framer, SocketClock, sounds
from calls.speech.deepgram.errors import speech_error
from calls.speech.deepgram.messages import Results, Unreadable, parse
from calls.speech.hearing import Hearing
from calls.speech.outbox import Outbox
from calls.speech.relay import after
from coaching.types import Channel, Line, Usage, Word
from tests.speech.hearing import SPEC, silence, tone


def line(text: str, *, is_final: bool = True, start_ms: int = 0, utterance: int = 0) -> Line:
    words = tuple(
        Word(word, start_ms + 500 * index, start_ms + 500 * index + 400, 0.9) for index, word in enumerate(text.split())
    )
    end_ms = words[-1].end_ms if words else start_ms
    return Line(Channel.REP, text, start_ms, end_ms, 0.9, is_final, utterance, "engine", words)


async def drain(outbox: Outbox) -> list[SpeechEvent]:
    outbox.close()
    return [event async for event in outbox.events()]


async def test_a_full_outbox_drops_interims_and_keeps_finals() -> None:
    outbox = Outbox(limit=3)
    for number in range(5):
        outbox.put(line("maybe", is_final=False, utterance=number))
    outbox.put(line("for sure"))
    outbox.put(Progress(Channel.REP, 100))
    outbox.put(Progress(Channel.REP, 200))
    events = await drain(outbox)
    assert outbox.dropped_interims == 2
    assert events[-2:] == [line("for sure"), Progress(Channel.REP, 200)]


async def test_what_waits_is_told_before_the_error() -> None:
    outbox = Outbox()
    outbox.put(line("last words"))
    outbox.close(SpeechError("lost", retryable=False))
    outbox.close()
    outbox.put(line("too late"))
    events = outbox.events()
    assert await anext(events) == line("last words")
    with pytest.raises(SpeechError, match="lost"):
        await anext(events)


async def test_a_stream_answers_for_its_own_audio_only() -> None:
    hearing = Hearing(SPEC, engine="engine", model="model")
    hearing.expect(60_000)
    hearing.up("listens")
    hearing.resume(60_000)
    assert await drain(hearing.outbox) == [StreamState(is_up=True, reason="listens", engine="engine")]


async def test_what_passed_before_the_first_hearing_is_a_gap_on_each_channel() -> None:
    hearing = Hearing(SPEC, engine="engine", model="model")
    hearing.expect(1_000)
    hearing.resume(4_000)
    gaps = [event for event in await drain(hearing.outbox) if isinstance(event, Gap)]
    assert [(gap.channel, gap.start_ms, gap.end_ms) for gap in gaps] == [
        (Channel.REP, 1_000, 4_000),
        (Channel.CUSTOMER, 1_000, 4_000),
    ]


async def test_a_gap_begins_where_each_channel_was_settled() -> None:
    hearing = Hearing(SPEC, engine="engine", model="model")
    hearing.expect(0)
    hearing.resume(0)
    hearing.progress(Channel.REP, 5_000)
    hearing.progress(Channel.CUSTOMER, 3_000)
    hearing.progress(Channel.CUSTOMER, 2_000)
    hearing.down("cut")
    hearing.resume(8_000)
    gaps = {event.channel: event for event in await drain(hearing.outbox) if isinstance(event, Gap)}
    assert gaps[Channel.REP] == Gap(Channel.REP, 5_000, 8_000, "cut")
    assert gaps[Channel.CUSTOMER].start_ms == 3_000


async def test_usage_is_per_minute_and_the_rest() -> None:
    hearing = Hearing(SPEC, engine="engine", model="model")
    for _ in range(900):
        hearing.used(1_600)
    hearing.meter()
    hearing.meter()
    usages = [event for event in await drain(hearing.outbox) if isinstance(event, Usage)]
    assert [usage.quantity for usage in usages] == [120_000, 60_000]


def frames(*pieces: tuple[int, int]) -> list[tuple[int, int]]:
    """`(first_sample, samples)` in, `(first_sample, ms)` out; two channels."""
    framer = Framer(2)
    found = [frame for first, count in pieces for frame in framer.add(first, bytes(count * 4))]
    found += framer.flush()
    return [(first, len(pcm) // 64) for first, pcm in found]


def test_usual_frames_pass_as_they_are() -> None:
    assert frames((0, 1_600), (1_600, 1_600)) == [(0, 100), (1_600, 100)]


def test_large_pieces_are_cut_and_small_ones_joined() -> None:
    assert frames((0, 4_000)) == [(0, 100), (1_600, 100), (3_200, 50)]
    assert frames((0, 160), (160, 160), (320, 80)) == [(0, 20), (320, 20)]


def test_a_hole_is_kept_and_what_stood_before_it_filled_up() -> None:
    assert frames((0, 160), (16_000, 1_600)) == [(0, 20), (16_000, 100)]


def test_half_samples_and_old_audio_are_let_go() -> None:
    framer = Framer(2)
    assert [len(pcm) for _, pcm in framer.add(0, bytes(6_403))] == [6_400]
    assert list(framer.add(0, bytes(6_400))) == []
    assert list(framer.add(0, b"")) == []


def test_the_clock_of_a_socket_leads_back_to_the_calls() -> None:
    clock = SocketClock()
    assert clock.to_ms(1.0) == 1_000
    clock.sent(160_000, 16_000)
    clock.sent(176_000, 16_000)
    clock.sent(800_000, 16_000)
    assert [clock.to_ms(second) for second in (0.0, 1.5, 2.0, 2.5, 9.0)] == [10_000, 11_500, 50_000, 50_500, 57_000]
    assert clock.sent_samples == 48_000
    # What ends at the hole ends before it: the last word would else last as long as the hole.
    assert [clock.end_to_ms(second) for second in (0.0, 1.5, 2.0, 2.5)] == [10_000, 11_500, 12_000, 50_500]


def test_a_hum_sounds_and_silence_does_not() -> None:
    assert sounds(tone(100))
    assert not sounds(silence(100))
    assert not sounds(b"")


@pytest.mark.parametrize("raw", ["", "null", "[1]", '{"type": "Results", "channel": {}}', b"\xff", "[" * 100_000])
def test_what_can_not_be_read_says_so(raw: str | bytes) -> None:
    assert parse(raw) == Unreadable()


@pytest.mark.parametrize("raw", ["{}", '{"type": 3}', '{"type": "SpeechStarted"}'])
def test_what_we_do_not_know_is_nothing(raw: str) -> None:
    assert parse(raw) is None


def test_a_message_is_read_without_the_sdk() -> None:
    raw = (
        '{"type":"Results","channel_index":[1,2],"start":2.0,"duration":1.5,"is_final":true,"speech_final":false,'
        '"channel":{"alternatives":[{"transcript":" Too dear. ","confidence":0.9,"words":'
        '[{"word":"too","punctuated_word":"Too","start":2.1,"end":2.3,"confidence":0.8}]}]}}'
    )
    message = parse(raw)
    assert isinstance(message, Results)
    assert (message.channel, message.text, message.end_s, message.is_final) == (1, "Too dear.", 3.5, True)
    assert message.words[0].text == "Too"


def test_a_line_is_cut_at_the_place_by_its_words() -> None:
    whole = line("one two three four", start_ms=1_000)
    assert after(whole, 500) is whole
    cut = after(whole, 1_900)
    assert cut is not None
    assert (cut.text, cut.start_ms) == ("three four", 2_000)
    assert after(whole, 9_000) is None


def test_a_line_without_words_goes_where_its_middle_lies() -> None:
    plain = Line(Channel.REP, "text", 1_000, 3_000, 0.9, True, 0, "engine")
    assert after(plain, 1_900) is plain
    assert after(plain, 2_100) is None


@pytest.mark.parametrize(("code", "words"), [(1000, "ended the stream"), (1006, "lost (1006)"), (1011, "lost (1011)")])
def test_a_close_in_form_is_named_so_whoever_meets_it_first(code: int, words: str) -> None:
    """The writer meets it as an error, the reader as the end."""
    found = speech_error(ConnectionClosed(Close(code, ""), None))
    assert words in found.reason
    assert found.retryable
