"""Live first, repair second: a dead stream is noticed by its silence, replaced at once, and its gap is told."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from calls.live.repair_lane import join
from calls.speech.base import REFUSED_S, Gap, Refusal, SpeechError, StreamSpec
from calls.speech.fallback import FallbackProvider
from coaching.types import Channel
from tests.calls import virtual_time
from tests.calls.lanes import TURNS, Call, DeafProvider
from tests.speech.fakes import ScriptedProvider, ScriptedStream


def test_a_whole_call_is_heard_and_nothing_is_missing() -> None:
    async def scene() -> None:
        call = Call(ScriptedProvider(TURNS))
        await call.speak(15)
        assert await call.hang_up() == []
        assert call.ears.finals() == [turn.text for turn in TURNS]
        assert call.ears.gaps == []
        assert call.ears.usages

    virtual_time.run(scene())


def test_speech_in_and_nothing_out_for_four_seconds_is_a_dead_stream() -> None:
    async def scene() -> None:
        provider = ScriptedProvider(TURNS)
        call = Call(provider)
        await call.speak(3)
        provider.streams[0].is_mute = True
        await call.speak(12)
        assert len(provider.streams) == 2
        assert provider.streams[0].is_closed
        assert await call.hang_up() == []
        gaps = {gap.channel: gap for gap in call.ears.gaps}
        assert set(gaps) == set(Channel)
        assert gaps[Channel.CUSTOMER].start_ms == pytest.approx(3_000, abs=200)
        assert 6_500 <= gaps[Channel.CUSTOMER].end_ms <= 9_000
        assert call.ears.finals() == [TURNS[0].text, TURNS[2].text]

    virtual_time.run(scene())


def test_who_is_deaf_is_told_before_the_farewell() -> None:
    """The peer of a lost connection answers no farewell: whoever hears instead need not wait for that."""

    async def scene() -> None:
        provider = ScriptedProvider(TURNS)
        call = Call(provider)
        await call.speak(3)
        provider.streams[0].is_mute = True
        provider.streams[0].farewell_s = 30.0
        await call.speak(5)
        assert [state.is_up for state in call.ears.states][:2] == [True, False]
        call.running.cancel()

    virtual_time.run(scene())


def test_the_next_stream_does_not_wait_for_the_farewell_of_the_last() -> None:
    async def scene() -> None:
        provider = ScriptedProvider(TURNS)
        call = Call(provider)
        await call.speak(3)
        provider.streams[0].is_mute = True
        provider.streams[0].farewell_s = 30.0
        await call.speak(5)
        assert [state.is_up for state in call.ears.states] == [True, False, True]
        await call.speak(2)
        assert await call.hang_up() == []
        assert provider.streams[0].is_closed, "and it is said before all is over"

    virtual_time.run(scene())


def test_what_a_lost_stream_had_used_is_metered() -> None:
    async def scene() -> None:
        provider = ScriptedProvider(TURNS)
        call = Call(provider)
        await call.speak(3)
        provider.streams[0].is_mute = True
        await call.speak(6)
        assert await call.hang_up() == []
        assert len(provider.streams) == 2
        assert sum(usage.quantity for usage in call.ears.usages) == pytest.approx(9_000 * 2, abs=1_000)

    virtual_time.run(scene())


def test_silence_is_no_reason_to_reopen() -> None:
    async def scene() -> None:
        provider = ScriptedProvider(TURNS)
        call = Call(provider)
        await call.speak(1)
        provider.streams[0].is_mute = True
        await call.speak(30, has_speech=False)
        assert len(provider.streams) == 1
        await call.hang_up()

    virtual_time.run(scene())


def test_a_slow_engine_gets_more_time_after_each_try() -> None:
    async def scene() -> None:
        provider = DeafProvider(TURNS)
        call = Call(provider)
        await call.speak(60)
        assert 3 <= len(provider.streams) <= 6
        call.running.cancel()

    virtual_time.run(scene())


def test_a_mute_first_engine_is_followed_within_a_second_of_the_verdict_and_the_call_is_whole() -> None:
    """Speech from 3 s on is not answered: at 7 s the second engine hears, from where the first stopped."""

    async def scene() -> None:
        first, second = ScriptedProvider(TURNS, name="first"), ScriptedProvider(TURNS, name="second")
        loop = asyncio.get_running_loop()
        call = Call(FallbackProvider(first, second, clock=loop.time))
        await call.speak(3)
        first.is_mute = first.streams[0].is_mute = True
        await call.speak(4.5)
        [stream] = second.streams
        assert (stream.sent[0][0]) // 16 <= 3_000
        assert [state.engine for state in call.ears.states if state.is_up] == ["first", "second"]
        await call.speak(40)
        assert [state.engine for state in call.ears.states if state.is_up] == ["first", "second"], "no flapping"
        assert await call.hang_up() == []
        assert call.ears.gaps == []
        assert call.ears.finals() == [turn.text for turn in TURNS]

    virtual_time.run(scene())


def test_who_refuses_for_good_is_asked_again_soon_at_first_and_each_minute_then() -> None:
    """So that an ill moment of its sign-in, up to 15 s, costs no more than five seconds."""

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        asked: list[float] = []

        class Refusing(ScriptedProvider):
            async def open(self, spec: StreamSpec) -> ScriptedStream:
                asked.append(loop.time())
                raise SpeechError("no such key", retryable=False)

        call = Call(Refusing(TURNS))
        await call.speak(220)
        waits = [round(after - before, 2) for before, after in pairwise(asked)]
        assert waits == [*REFUSED_S, 60.0]
        until_s = 0.0
        for wait in waits:
            assert wait <= 5.0 or until_s > 15.0
            until_s += wait
        await call.hang_up()

    virtual_time.run(scene())


def test_a_service_that_names_a_time_is_asked_after_it_and_others_after_a_quarter_of_a_second() -> None:
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        asked: list[float] = []

        class Counting(ScriptedProvider):
            async def open(self, spec: StreamSpec) -> ScriptedStream:
                asked.append(loop.time())
                return await super().open(spec)

        provider = Counting(TURNS)
        provider.open_errors = [
            SpeechError("at its limit", retryable=True, retry_after_s=7.0),
            SpeechError("down", retryable=True),
            SpeechError("no such key", retryable=False),
        ]
        call = Call(provider)
        await call.speak(90)
        assert [round(after - before, 2) for before, after in pairwise(asked)] == [7.0, 0.5, 5.0]
        assert call.ears.states[-1].is_up
        assert await call.hang_up() == []

    virtual_time.run(scene())


def test_a_fault_of_ours_in_an_engine_costs_a_stream_and_not_the_call() -> None:
    async def scene() -> None:
        provider = ScriptedProvider(TURNS)
        provider.open_errors = [KeyError("a fault of ours")]
        call = Call(provider)
        await call.speak(11)
        provider.streams[0].breaks_with = TypeError("another")
        await call.speak(4)
        assert await call.hang_up() == []
        assert call.ears.finals() == [turn.text for turn in TURNS]

    virtual_time.run(scene())


def test_a_service_that_was_lost_is_no_help_before_it_says_something() -> None:
    async def scene() -> None:
        provider = ScriptedProvider(TURNS)
        call = Call(provider)
        await call.speak(3)
        provider.is_mute = provider.streams[0].is_mute = True
        await call.speak(20)
        assert [state.is_up for state in call.ears.states][:2] == [True, False]
        assert not any(state.is_up for state in call.ears.states[1:])
        call.running.cancel()

    virtual_time.run(scene())


def test_a_hung_up_stream_is_replaced_and_its_open_interim_is_withdrawn() -> None:
    async def scene() -> None:
        provider = ScriptedProvider(TURNS)
        call = Call(provider)
        await call.speak(5)
        interim = call.ears.lines[-1]
        assert not interim.is_final
        provider.streams[0].die(SpeechError("scripted end", retryable=True))
        await call.speak(1)
        withdrawn = [line for line in call.ears.lines if not line.is_final and not line.text]
        assert [(line.channel, line.utterance) for line in withdrawn] == [(interim.channel, interim.utterance)]
        await call.speak(9)
        await call.hang_up()
        assert len(provider.streams) == 2
        utterances = [(line.channel, line.utterance) for line in call.ears.lines if line.is_final]
        assert len(utterances) == len(set(utterances))

    virtual_time.run(scene())


def test_before_the_first_stream_opens_audio_waits() -> None:
    async def scene() -> None:
        provider = ScriptedProvider(TURNS)
        provider.open_errors = [SpeechError("busy", retryable=True)] * 2
        call = Call(provider)
        await call.speak(15)
        assert await call.hang_up() == []
        assert call.ears.gaps == []
        assert call.ears.finals() == [turn.text for turn in TURNS]

    virtual_time.run(scene())


def test_a_long_outage_sends_old_audio_to_the_second_lane_and_stays_bounded() -> None:
    async def scene() -> None:
        provider = ScriptedProvider(TURNS)
        provider.open_errors = [SpeechError("down", retryable=True)] * 5
        call = Call(provider)
        await call.speak(30)
        assert await call.hang_up() == []
        [rep, customer] = sorted(call.ears.gaps, key=lambda gap: gap.channel.index)
        assert (rep.start_ms, customer.start_ms) == (0, 0)
        assert rep.end_ms == customer.end_ms
        first_sent = provider.streams[-1].sent[0][0]
        assert rep.end_ms == first_sent // 16

    virtual_time.run(scene())


def test_a_service_that_is_lost_for_good_leaves_one_gap_to_the_end() -> None:
    async def scene() -> None:
        provider = ScriptedProvider(TURNS)
        provider.open_errors = [SpeechError("no such key", retryable=False)] * 10
        call = Call(provider)
        await call.speak(8)
        gaps = await call.hang_up()
        assert [(gap.channel, gap.start_ms, gap.end_ms) for gap in gaps] == [
            (Channel.REP, 0, 8_000), (Channel.CUSTOMER, 0, 8_000),
        ]  # fmt: skip
        assert not call.ears.states[-1].is_up
        assert set(call.ears.refusals) == {Refusal("scripted", "no such key")}

    virtual_time.run(scene())


def test_a_replayed_recording_keeps_its_order_however_fast_it_comes() -> None:
    async def scene() -> None:
        call = Call(ScriptedProvider(TURNS), is_patient=True)
        await call.speak(15, pace=50)
        assert await call.hang_up() == []
        assert call.ears.gaps == []
        assert call.ears.finals() == [turn.text for turn in TURNS]

    virtual_time.run(scene())


def test_gaps_of_both_channels_become_one() -> None:
    gaps = [Gap(Channel.REP, 1_000, 5_000, "x"), Gap(Channel.CUSTOMER, 3_000, 5_000, "x")]
    [both] = join([*gaps, *gaps])
    assert (both.start_ms, both.end_ms) == (1_000, 5_000)
    assert both.by_channel == {Channel.REP: (1_000, 5_000), Channel.CUSTOMER: (3_000, 5_000)}
    assert len(join([gaps[0], Gap(Channel.REP, 9_000, 9_500, "y")])) == 2
