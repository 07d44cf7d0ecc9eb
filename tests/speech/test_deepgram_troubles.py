"""What a stream to Deepgram lives through: cuts, refusals, silence, a peer that reads nothing. Real SDK and sockets."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from calls.speech.base import SpeechError, StreamState
from coaching.types import Channel, Line
from tests.speech.deepgram_stream import PACE_S, QUICK, SCRIPT, is_up, listen, provider, until_up, ups
from tests.speech.hearing import FRAME_MS, SPEC, eventually, tone
from tests.vendors.deepgram import Emulator, Fault, Script

pytestmark = pytest.mark.sockets


async def test_a_cut_connection_is_opened_again_on_the_same_clock(deepgram: Emulator) -> None:
    deepgram.faults.append(Fault("abort", after_bytes=3_000 * 64))
    listener = await listen(deepgram)
    await listener.until(is_up)
    await listener.send(3_000, pace_s=PACE_S)
    await listener.until(lambda it: not is_up(it))
    await listener.send(2_000)
    dropped_ms = listener.sent_ms
    await listener.until(lambda it: ups(it) == 2)
    await listener.until(lambda it: len(deepgram.sockets) == 2)
    await listener.send(8_000, pace_s=PACE_S)
    await listener.stream.finish()

    states = [(state.is_up, state.engine) for state in listener.of(StreamState)]
    assert states == [(True, "deepgram"), (False, ""), (True, "deepgram")]
    gap = next(gap for gap in listener.gaps if gap.channel is Channel.CUSTOMER)
    # Only live audio is sent after the drop: at most the newest 1.5 s of what came meanwhile.
    assert gap.start_ms <= 3_000 <= dropped_ms - 1_500 <= gap.end_ms <= dropped_ms
    assert listener.through_ms(Channel.REP) == listener.sent_ms
    assert deepgram.violations == []


async def test_times_after_a_reconnect_are_the_calls_own(deepgram: Emulator) -> None:
    deepgram.faults.append(Fault("abort", after_bytes=4_000 * 64))
    listener = await listen(deepgram)
    await listener.send(4_000, pace_s=PACE_S)
    await until_up(listener, 2)
    await listener.send(8_000, pace_s=PACE_S)
    await listener.stream.finish()
    texts = {line.text: line.start_ms for line in listener.finals}
    offset = listener.gaps[0].end_ms - deepgram.sockets[0].audio_ms if listener.gaps else 0
    assert abs(texts["Globex asks for half of that."] - 8_500 - offset) <= 2 * FRAME_MS
    assert len({(line.channel, line.utterance) for line in listener.finals}) == len(listener.finals)


async def test_an_interim_that_is_lost_with_its_socket_is_withdrawn(deepgram: Emulator) -> None:
    deepgram.faults.append(Fault("abort", after_bytes=4_000 * 64))
    listener = await listen(deepgram)
    await listener.send(4_000, pace_s=PACE_S)
    await listener.until(lambda it: not is_up(it))
    customer = [line for line in listener.of(Line) if line.channel is Channel.CUSTOMER]
    assert customer[-2].text
    assert (customer[-1].text, customer[-1].utterance) == ("", customer[-2].utterance)
    await listener.stream.aclose()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("close", code=1011, reason="NET-0000"), "NET-0000"),
        (Fault("close", code=1011, reason="NET-0001"), "NET-0001"),
        (Fault("close", code=1008, reason="DATA-0000"), "DATA-0000"),
        (Fault("abort"), "1006"),
        (Fault("close", code=1000, reason=""), "ended the stream"),
        (Fault("refuse", status=500), "500"),
        (Fault("refuse", status=503), "503"),
        (Fault("stall"), "in time"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.kind}-{value.reason}-{value.status}",
)
async def test_every_passing_trouble_is_named_and_overcome(deepgram: Emulator, fault: Fault, words: str) -> None:
    deepgram.faults.append(fault)
    listener = await listen(deepgram)
    if fault.kind in {"refuse", "stall"}:
        await until_up(listener, 1)
    else:
        await until_up(listener, 2)
        down = next(state for state in listener.of(StreamState) if not state.is_up)
        assert words in down.reason
    await listener.send(2_000, pace_s=PACE_S)
    await listener.stream.finish()
    assert listener.finals
    assert listener.error is None


@pytest.mark.parametrize(("status", "words"), [(401, "key"), (402, "credit"), (403, "may not"), (400, "parameter")])
async def test_a_refusal_that_will_not_pass_ends_the_stream(deepgram: Emulator, status: int, words: str) -> None:
    deepgram.faults.append(Fault("refuse", status=status))
    listener = await listen(deepgram)
    await listener.send(500)
    await listener.end()
    assert listener.error is not None
    assert not listener.error.retryable
    assert words in listener.error.reason
    assert "a-key" not in listener.error.reason
    assert deepgram.refused == 1
    assert {gap.end_ms for gap in listener.gaps} == {500}
    with pytest.raises(SpeechError):
        await listener.send(100)


async def test_a_full_house_is_asked_again_after_the_time_it_names(deepgram: Emulator) -> None:
    deepgram.faults.append(Fault("refuse", status=429, retry_after="1"))
    began = asyncio.get_running_loop().time()
    listener = await listen(deepgram)
    await until_up(listener, 1)
    assert asyncio.get_running_loop().time() - began >= 1.0
    await listener.stream.aclose()


async def test_a_service_that_is_away_is_tried_until_it_is_back() -> None:
    async with Emulator(script=SCRIPT) as emulator:
        await emulator.stop()
        listener = await listen(emulator)
        await listener.send(1_000, pace_s=PACE_S)
        await listener.until(lambda it: [state.is_up for state in it.of(StreamState)] == [False])
        async with emulator:
            await listener.until(is_up)
            await listener.send(2_000, pace_s=PACE_S)
            await listener.stream.finish()
    assert listener.finals[0].text == SCRIPT.turns[0].text
    assert listener.gaps == []


async def test_a_peer_that_answers_no_ping_is_left(deepgram: Emulator) -> None:
    deepgram.faults.append(Fault("half_open"))
    listener = await listen(deepgram)
    await listener.until(is_up)
    async with asyncio.timeout(3.0):
        await until_up(listener, 2)
    await listener.stream.aclose()


async def test_a_stream_that_hears_and_says_nothing_is_opened_again(deepgram: Emulator) -> None:
    deepgram.faults.append(Fault("mute"))
    listener = await listen(deepgram)
    await listener.until(is_up)
    await listener.send(3_900, pace_s=PACE_S)
    assert ups(listener) == 1
    await listener.send(1_000, pace_s=PACE_S)
    await until_up(listener, 2)
    await listener.send(2_000, pace_s=PACE_S)
    await listener.stream.finish()
    assert {gap.start_ms for gap in listener.gaps} == {0}


async def test_chatter_is_no_hearing(deepgram: Emulator) -> None:
    """Messages that are no results keep no dead stream alive."""
    deepgram.script = Script()
    chatter = ['{"type": "SpeechStarted"}', '{"type": "UtteranceEnd", "channel": [7]}', '{"type": "BrandNew"}']
    deepgram.faults.append(Fault("chatter"))
    deepgram.live_answers = chatter * 25
    listener = await listen(deepgram)
    await listener.until(is_up)
    await listener.send(5_000, pace_s=PACE_S)
    await listener.until(lambda it: [state.is_up for state in it.of(StreamState)][:2] == [True, False])
    assert "says nothing" in listener.of(StreamState)[1].reason
    await listener.stream.aclose()


async def test_who_speaks_nonsense_is_left_before_its_silence_would_tell(deepgram: Emulator) -> None:
    deepgram.faults.append(Fault("chatter"))
    deepgram.live_answers = ["no json", '{"type": "Results", "channel": 7}', "[]", "7", '{"type": "SpeechStarted"}'] * 5
    listener = await listen(deepgram)
    await listener.until(is_up)
    await listener.send(1_000, pace_s=PACE_S)
    await listener.until(lambda it: [state.is_up for state in it.of(StreamState)][:2] == [True, False])
    assert "can not be read" in listener.of(StreamState)[1].reason
    deepgram.live_answers = []
    await until_up(listener, 2)
    await listener.stream.aclose()


async def test_a_loss_is_told_before_the_farewell(deepgram: Emulator) -> None:
    """A peer that is gone answers no farewell: whoever hears instead need not wait for that."""
    deepgram.faults.append(Fault("half_open"))
    listener = await listen(deepgram, replace(QUICK, ping_every_s=60.0, close_s=1.0))
    await listener.until(is_up)
    await listener.send(5_000, pace_s=PACE_S)
    await listener.until(lambda it: not is_up(it))
    assert deepgram.open_sockets
    await listener.stream.aclose()


async def test_a_service_that_stays_mute_is_never_said_to_hear_again(deepgram: Emulator) -> None:
    deepgram.faults.extend([Fault("mute")] * 10)
    listener = await listen(deepgram)
    await listener.until(is_up)
    await listener.send(15_000, pace_s=PACE_S)
    await eventually(lambda: len(deepgram.sockets) >= 3)
    assert [state.is_up for state in listener.of(StreamState)] == [True, False]
    await listener.stream.aclose()


async def test_a_mute_stream_is_fine_while_nobody_speaks(deepgram: Emulator) -> None:
    deepgram.faults.append(Fault("mute"))
    listener = await listen(deepgram)
    await listener.until(is_up)
    await listener.send(6_000, pace_s=PACE_S, sound=False)
    assert ups(listener) == 1
    await listener.stream.aclose()


async def test_sending_never_blocks_when_the_service_stops_reading(deepgram: Emulator) -> None:
    deepgram.faults.append(Fault("unread"))
    listener = await listen(deepgram, replace(QUICK, unheard_ms=10_000_000, ping_every_s=20.0))
    await listener.until(is_up)
    loop = asyncio.get_running_loop()
    slowest = 0.0
    piece = tone(20_000)
    while is_up(listener) and listener.sent_ms < 3_600_000:
        before = loop.time()
        with suppress(SpeechError):  # a minute waits already
            await listener.stream.send(listener.sent_ms * 16, piece)
            listener.sent_ms += 20_000
        slowest = max(slowest, loop.time() - before)
        await asyncio.sleep(0.001)
    await until_up(listener, 2)
    await listener.stream.aclose()
    assert slowest < 0.5


async def test_leaving_is_quick_when_the_peer_ignores_it(deepgram: Emulator) -> None:
    deepgram.faults.append(Fault("half_open"))
    listener = await listen(deepgram, replace(QUICK, ping_every_s=20.0))
    await listener.until(is_up)
    async with asyncio.timeout(2):
        await listener.stream.aclose()
        await listener.stream.aclose()


@pytest.mark.parametrize("turns", range(8))
async def test_leaving_while_audio_comes_leaves_nothing_behind(deepgram: Emulator, turns: int) -> None:
    """Whatever the loop was about to do with the audio: a writer that goes on would keep the socket alive for ever."""
    before = asyncio.all_tasks()
    stream = await provider(deepgram).open(SPEC)
    await eventually(lambda: stream._is_connected)  # type: ignore[attr-defined]
    await asyncio.sleep(QUICK.keep_alive_s / 2)
    await stream.send(0, tone(FRAME_MS))
    for _ in range(turns):
        await asyncio.sleep(0)
    await stream.aclose()
    assert not {task for task in asyncio.all_tasks() - before if "deepgram" in task.get_name()}


async def test_finishing_without_an_answer_leaves_a_gap(deepgram: Emulator) -> None:
    deepgram.faults.append(Fault("mute"))
    listener = await listen(deepgram, replace(QUICK, finish_s=0.2))
    await listener.until(is_up)
    await listener.send(1_000, pace_s=PACE_S)
    await listener.stream.finish()
    await listener.end()
    assert {(gap.channel, gap.start_ms, gap.end_ms) for gap in listener.gaps} == {
        (Channel.REP, 0, 1_000),
        (Channel.CUSTOMER, 0, 1_000),
    }
