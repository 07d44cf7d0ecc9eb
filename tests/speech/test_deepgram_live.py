"""The official SDK against a server that speaks Deepgram's protocol, over real sockets."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from coaching.types import Channel, Line
from tests.data import shared
from tests.speech.deepgram_stream import PACE_S, SCRIPT, is_up, listen, ups
from tests.speech.hearing import eventually, tone
from tests.vendors.deepgram import Emulator, Script, Turn

pytestmark = pytest.mark.sockets


async def test_both_sides_are_heard_with_interims_finals_words_and_turns(deepgram: Emulator) -> None:
    listener = await listen(deepgram)
    await listener.send(12_000, pace_s=PACE_S)
    await listener.stream.finish()
    await listener.end()

    assert [(line.channel.value, line.start_ms, line.text) for line in listener.finals] == [
        (turn.channel, turn.start_ms, turn.text) for turn in SCRIPT.turns
    ]
    assert all(line.ends_turn and line.provider == "deepgram" for line in listener.finals)
    first = listener.finals[0]
    assert [word.text for word in first.words] == first.text.split()
    assert first.words[0].start_ms == 200
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(first.words))
    interims = [line for line in listener.of(Line) if not line.is_final and line.text]
    for final in listener.finals:
        growing = [line.text for line in interims if line.utterance == final.utterance]
        assert len(growing) >= 3
        assert all(final.text.startswith(text) for text in growing)
    assert listener.gaps == []
    assert deepgram.violations == []


async def test_what_is_asked_of_the_service(deepgram: Emulator) -> None:
    listener = await listen(deepgram)
    await listener.send(1_000, pace_s=PACE_S)
    await listener.stream.finish()
    query = deepgram.sockets[0].query
    assert query["model"] == ["nova-3"]
    assert query["mip_opt_out"] == ["true"]
    assert query["multichannel"] == ["true"]
    assert query["keyterm"] == ["Acme Cloud", "SOC 2"]
    assert query["tag"] == ["business:acme", "call:c-1", "live"]
    assert deepgram.sockets[0].session == "c-1"
    assert deepgram.sockets[0].is_close_stream_seen
    assert deepgram.violations == []


async def test_one_channel_asks_for_one_channel(deepgram: Emulator) -> None:
    listener = await listen(deepgram, channels=1)
    await listener.send(9_000, channels=1, pace_s=PACE_S)
    await listener.stream.finish()
    assert {line.channel for line in listener.finals} == {Channel.REP}
    assert deepgram.violations == []


async def test_progress_advances_through_silence_on_both_channels(deepgram: Emulator) -> None:
    deepgram.script = Script()
    listener = await listen(deepgram)
    await listener.send(3_000, pace_s=PACE_S, sound=False)
    await listener.until(lambda it: min(it.through_ms(channel) for channel in Channel) >= 2_000)
    await listener.stream.finish()
    assert [listener.through_ms(channel) for channel in Channel] == [3_000, 3_000]
    assert listener.of(Line) == []


async def test_usage_counts_what_was_sent_on_each_channel(deepgram: Emulator) -> None:
    listener = await listen(deepgram)
    await listener.send(5_000, pace_s=PACE_S)
    await listener.stream.finish()
    await listener.end()
    assert listener.audio_ms == 2 * 5_000


async def test_usage_is_told_every_minute_and_on_leaving(deepgram: Emulator) -> None:
    deepgram.script = Script()
    listener = await listen(deepgram)
    await listener.until(is_up)
    await listener.send(61_000, pace_s=0.0, sound=False)
    await listener.until(lambda it: it.audio_ms > 0)
    assert listener.audio_ms == 2 * 60_000
    await listener.stream.aclose()
    await listener.end()
    assert listener.audio_ms == 2 * 61_000


async def test_keep_alive_while_no_audio_comes(deepgram: Emulator) -> None:
    listener = await listen(deepgram)
    await listener.until(is_up)
    await eventually(lambda: len(deepgram.sockets[0].keep_alives) >= 4)
    await listener.send(1_000, pace_s=PACE_S)
    await listener.stream.finish()
    assert ups(listener) == 1
    assert deepgram.violations == []


async def test_odd_pieces_are_sent_as_frames_the_service_likes(deepgram: Emulator) -> None:
    listener = await listen(deepgram)
    position = 0
    for samples in (80, 80, 300, 16_000, 37, 5_000, 1):
        await listener.stream.send(position, tone(1_000)[: samples * 4])
        position += samples
    await listener.stream.finish()
    assert deepgram.violations == []
    assert deepgram.sockets[0].audio_ms >= position // 16


async def test_an_overlap_is_sent_once(deepgram: Emulator) -> None:
    listener = await listen(deepgram)
    await listener.stream.send(0, tone(1_000))
    await listener.stream.send(8_000, tone(1_000))
    await listener.stream.finish()
    assert deepgram.sockets[0].audio_ms == 1_500


async def test_a_hole_moves_the_clock(deepgram: Emulator) -> None:
    """The service counts what it received; our times stay on the capture clock."""
    deepgram.script = Script((Turn("customer", 2_500, 4_000, "Too expensive."),))
    listener = await listen(deepgram)
    await listener.send(1_000, pace_s=PACE_S)
    listener.sent_ms += 7_000
    await listener.send(5_000, pace_s=PACE_S)
    await listener.stream.finish()
    assert [(line.start_ms, line.text) for line in listener.finals] == [(9_500, "Too expensive.")]
    assert listener.finals[0].words[0].start_ms == 9_500


async def test_recorded_answers_of_the_real_service_are_understood(deepgram: Emulator) -> None:
    folder = shared("wire", "deepgram-live")
    answers = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*-response.json"))]
    deepgram.script = Script()
    deepgram.live_answers = [json.dumps({"channel_index": [0, 1], **json.loads(answer)}) for answer in answers]
    listener = await listen(deepgram, channels=1)
    await listener.until(is_up)
    await listener.send(1_000, channels=1, pace_s=PACE_S, sound=False)
    await listener.stream.finish()
    texts = [line.text for line in listener.finals]
    assert "For the United States of America." in texts
    with_words = next(line for line in listener.finals if line.text.startswith("For the United States"))
    assert with_words.words[-1].text == "America."


async def test_unknown_and_broken_messages_are_passed_over(deepgram: Emulator) -> None:
    deepgram.live_answers = ['{"type": "BrandNewThing"}', "no json", '{"type": "Results"}', "[]", "7"]
    listener = await listen(deepgram)
    await listener.send(3_000, pace_s=PACE_S)
    await listener.stream.finish()
    assert listener.finals[0].text == SCRIPT.turns[0].text
    assert ups(listener) == 1
