"""Two scripted engines behind one seam, on a clock of the test's own."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from calls.speech.base import Progress, SpeechError, StreamSpec, StreamState
from calls.speech.fallback import GRACE_S, FallbackProvider
from calls.speech.fallback_stream import FallbackStream
from coaching.types import Channel, Line, Usage
from tests.speech.fakes import ScriptedProvider, ScriptedStream, ScriptedTurn
from tests.speech.hearing import SPEC, Listener

pytestmark = pytest.mark.sockets

TURNS = tuple(
    ScriptedTurn(channel, start_ms, start_ms + 1_600, f"{channel.value} speaks at {start_ms} milliseconds")
    for start_ms in range(1_000, 60_000, 2_000)
    for channel in (Channel.REP, Channel.CUSTOMER)
)


class Bench:
    """A fallback stream whose clock is the audio that was sent."""

    def __init__(self, *, grace_s: float = 3.0, retry_s: float = 5.0) -> None:
        self.now = 0.0
        self.first = ScriptedProvider(TURNS, name="first")
        self.second = ScriptedProvider(TURNS, name="second")
        self.provider = FallbackProvider(
            self.first, self.second, grace_s=grace_s, retry_s=retry_s, clock=lambda: self.now
        )
        self.listener: Listener

    async def open(self) -> None:
        self.listener = Listener(await self.provider.open(SPEC))

    @property
    def stream(self) -> FallbackStream:
        assert isinstance(self.listener.stream, FallbackStream)
        return self.listener.stream

    @property
    def primary(self) -> ScriptedStream:
        return self.first.streams[-1]

    async def send(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            await self.listener.send(100)
            await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)

    async def finish(self) -> None:
        await self.listener.stream.finish()
        await self.listener.end()

    @property
    def states(self) -> list[tuple[bool, str]]:
        return [(state.is_up, state.engine) for state in self.listener.of(StreamState)]

    @property
    def words(self) -> list[str]:
        """Every word that was told for good, with its channel, in order of time."""
        lines = sorted(self.listener.finals, key=lambda line: (line.channel, line.start_ms))
        return [f"{line.channel} {word.start_ms} {word.text}" for line in lines for word in line.words]

    def expected(self, until_ms: int) -> list[str]:
        told = [turn.line(provider="", utterance=0) for turn in TURNS if turn.end_ms <= until_ms]
        lines = sorted(told, key=lambda line: (line.channel, line.start_ms))
        return [f"{line.channel} {word.start_ms} {word.text}" for line in lines for word in line.words]

    def check_whole(self) -> None:
        """Nothing twice: not a word, not an utterance; and interims lead to their final or are withdrawn."""
        assert len(self.words) == len(set(self.words))
        keys = [(line.channel, line.utterance) for line in self.listener.finals]
        assert len(keys) == len(set(keys))
        open_interims: dict[tuple[Channel, int], Line] = {}
        for line in self.listener.of(Line):
            if line.is_final or not line.text:
                open_interims.pop((line.channel, line.utterance), None)
            else:
                open_interims[line.channel, line.utterance] = line
        assert not open_interims


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_while_the_first_hears_the_second_is_never_opened(bench: Bench) -> None:
    await bench.open()
    await bench.send(20)
    await bench.finish()
    assert bench.states == [(True, "first")]
    assert bench.second.streams == []
    assert bench.words[: len(bench.expected(20_000))]
    bench.check_whole()


async def test_a_short_drop_is_left_to_the_first(bench: Bench) -> None:
    await bench.open()
    await bench.send(10)
    bench.primary.go_down()
    await bench.send(2.5)
    bench.primary.go_up()
    await bench.send(10)
    await bench.finish()
    assert bench.states == [(True, "first"), (False, ""), (True, "first")]
    assert bench.second.streams == []
    assert {gap.end_ms for gap in bench.listener.gaps} == {12_500}
    bench.check_whole()


async def test_a_long_drop_is_heard_by_the_second_without_a_gap(bench: Bench) -> None:
    """The second gets the kept audio: it begins where the first stopped."""
    await bench.open()
    await bench.send(10)
    bench.primary.go_down()
    await bench.send(12)
    await bench.finish()
    assert bench.states[:3] == [(True, "first"), (False, ""), (True, "second")]
    providers = {line.provider for line in bench.listener.finals if line.start_ms > 14_000}
    assert providers == {"second"}
    assert set(bench.expected(22_000)) <= set(bench.words)
    assert bench.listener.gaps == []
    bench.check_whole()


async def test_the_first_takes_over_again_where_both_have_heard(bench: Bench) -> None:
    await bench.open()
    await bench.send(10)
    bench.primary.go_down()
    await bench.send(10)
    bench.primary.go_up()
    await bench.send(12)
    await bench.finish()
    assert bench.states == [(True, "first"), (False, ""), (True, "second"), (True, "first")]
    assert bench.second.streams[0].is_closed
    assert [line.provider for line in bench.listener.finals][-1] == "first"
    assert set(bench.expected(32_000)) <= set(bench.words)
    assert bench.listener.gaps == []
    bench.check_whole()


async def test_a_second_drop_opens_the_second_again(bench: Bench) -> None:
    await bench.open()
    for _ in range(2):
        await bench.send(8)
        bench.primary.go_down()
        await bench.send(8)
        bench.primary.go_up()
    await bench.send(10)
    await bench.finish()
    assert len(bench.second.streams) == 2
    assert bench.states[-1] == (True, "first")
    assert set(bench.expected(42_000)) <= set(bench.words)
    bench.check_whole()


async def test_a_first_that_never_comes_up_is_waited_for_no_longer_than_one_that_fell(bench: Bench) -> None:
    await bench.open()
    bench.primary.is_up = False
    bench.primary.outbox._waiting.clear()
    await bench.send(2.5)
    assert bench.second.streams == []
    await bench.send(8)
    await bench.finish()
    assert bench.states == [(True, "second")]
    assert set(bench.expected(10_000)) <= set(bench.words)
    assert bench.listener.gaps == []


async def test_a_refused_key_goes_to_the_second_at_once_and_stays_there(bench: Bench) -> None:
    bench.first.open_errors = [SpeechError("the key is refused", retryable=False)] * 10
    await bench.open()
    await bench.send(30)
    await bench.finish()
    assert bench.first.streams == []
    assert bench.states == [(False, ""), (True, "second")]
    assert set(bench.expected(30_000)) <= set(bench.words)
    bench.check_whole()


async def test_a_first_that_refused_for_a_moment_is_back_within_seconds(bench: Bench) -> None:
    bench.first.open_errors = [SpeechError("the key is refused", retryable=False)] * 2
    await bench.open()
    await bench.send(12)
    assert bench.states[-1] == (True, "first")
    await bench.finish()
    assert set(bench.expected(12_000)) <= set(bench.words)
    bench.check_whole()


async def test_a_first_that_dies_for_good_in_the_call_is_followed_at_once(bench: Bench) -> None:
    await bench.open()
    await bench.send(10)
    bench.first.open_errors = [SpeechError("no credit left", retryable=False)] * 10
    bench.primary.die(SpeechError("no credit left", retryable=False))
    await bench.send(1)
    assert bench.states[-1] == (True, "second")
    await bench.send(9)
    await bench.finish()
    assert len(bench.first.streams) == 1
    assert bench.listener.gaps == []
    assert set(bench.expected(20_000)) <= set(bench.words)
    bench.check_whole()


async def test_a_first_that_could_not_be_opened_is_tried_again(bench: Bench) -> None:
    bench.first.open_errors = [SpeechError("busy", retryable=True)]
    await bench.open()
    await bench.send(20)
    await bench.finish()
    assert bench.states[-1] == (True, "first")
    assert len(bench.first.streams) == 1
    assert set(bench.expected(20_000)) <= set(bench.words)
    bench.check_whole()


async def test_nobody_hears_when_the_second_has_no_place_and_a_gap_says_so(bench: Bench) -> None:
    bench.second.open_errors = [SpeechError("no free place", retryable=True, retry_after_s=100.0)]
    await bench.open()
    await bench.send(10)
    bench.primary.go_down()
    await bench.send(10)
    bench.primary.go_up()
    await bench.send(5)
    await bench.finish()
    assert bench.states == [(True, "first"), (False, ""), (True, "first")]
    assert {gap.end_ms for gap in bench.listener.gaps} == {20_000}
    bench.check_whole()


async def test_the_second_that_dies_is_opened_again(bench: Bench) -> None:
    await bench.open()
    await bench.send(5)
    bench.primary.go_down()
    await bench.send(6)
    bench.second.streams[-1].die(SpeechError("engine killed", retryable=True))
    await bench.send(8)
    assert len(bench.second.streams) == 2
    await bench.finish()
    assert set(bench.expected(19_000)) <= set(bench.words)
    bench.check_whole()


async def test_the_first_takes_over_when_the_second_has_died(bench: Bench) -> None:
    await bench.open()
    await bench.send(5)
    bench.primary.go_down()
    await bench.send(6)
    bench.second.open_errors = [SpeechError("no free place", retryable=True, retry_after_s=100.0)]
    bench.second.streams[-1].die(SpeechError("engine killed", retryable=True))
    await bench.send(2)
    bench.primary.go_up()
    await bench.send(8)
    assert bench.states[-1] == (True, "first")
    await bench.finish()
    assert {line.provider for line in bench.listener.finals if line.start_ms > 14_000} == {"first"}
    assert {gap.end_ms for gap in bench.listener.gaps} == {13_000}
    bench.check_whole()


async def test_when_both_are_lost_for_good_the_stream_ends_with_an_error(bench: Bench) -> None:
    bench.first.open_errors = [SpeechError("the key is refused", retryable=False)]
    bench.second.open_errors = [SpeechError("can not run here", retryable=False)]
    await bench.open()
    await bench.send(1)
    await bench.listener.end()
    assert bench.listener.error is not None
    assert not bench.listener.error.retryable


async def test_a_mute_first_is_followed_at_once_and_not_believed_again_for_opening_a_socket() -> None:
    bench = Bench(grace_s=GRACE_S)
    await bench.open()
    await bench.send(10)
    bench.first.is_mute = bench.primary.is_mute = True
    await bench.send(4)
    assert bench.stream.doubt("mute")
    await bench.send(0.1)
    assert [stream.sent[0][0] // 16 for stream in bench.second.streams] == [pytest.approx(9_000, abs=1_100)]
    assert not bench.stream.doubt("mute"), "while the second hears there is nobody else"
    for count in (2, 3, 4):
        await bench.send(2)
        assert len(bench.first.streams) == count, "it is opened again, and says that it hears"
        bench.primary.die(SpeechError("hung up", retryable=True))
    assert bench.states == [(True, "first"), (False, ""), (True, "second")]
    await bench.finish()
    assert set(bench.expected(14_000)) <= set(bench.words)
    assert bench.listener.gaps == []
    bench.check_whole()


async def test_a_first_that_connects_and_hangs_up_again_and_again_is_no_help() -> None:
    """Each time it says that it hears; none of them starts the grace anew."""
    bench = Bench(grace_s=GRACE_S)
    await bench.open()
    await bench.send(5)
    bench.primary.is_mute = True
    failed_at = bench.now
    for _ in range(6):
        bench.primary.outbox.put(StreamState(is_up=False, reason="hung up", engine=""))
        bench.primary.outbox.put(StreamState(is_up=True, reason="connected", engine="first"))
        await bench.send(0.2)
    assert len(bench.second.streams) == 1
    assert bench.now - failed_at <= GRACE_S + 0.3
    await bench.send(1)
    assert bench.states == [(True, "first"), (False, ""), (True, "second")]
    await bench.finish()
    bench.check_whole()


async def test_help_is_back_within_three_seconds_of_a_failure_and_nothing_is_missing() -> None:
    bench = Bench(grace_s=GRACE_S)
    await bench.open()
    await bench.send(10)
    bench.primary.go_down()
    await bench.send(3)
    assert max(line.end_ms for line in bench.listener.of(Line) if line.provider == "second") > 11_000
    await bench.finish()
    assert bench.listener.gaps == []
    assert set(bench.expected(13_000)) <= set(bench.words)


async def test_a_key_that_is_mended_is_used_again_in_the_same_call(bench: Bench) -> None:
    bench.first.open_errors = [SpeechError("the key is refused", retryable=False)] * 6
    await bench.open()
    await bench.send(33)
    assert bench.first.streams == []
    await bench.send(10)
    assert bench.states[-1] == (True, "first")
    await bench.finish()
    bench.check_whole()


async def test_a_fault_of_ours_in_the_first_engine_is_a_lost_stream_like_any_other(bench: Bench) -> None:
    await bench.open()
    await bench.send(5)
    bench.primary.breaks_with = KeyError("a fault of ours")
    await bench.send(10)
    await bench.finish()
    assert bench.listener.error is None
    assert set(bench.expected(15_000)) <= set(bench.words)
    bench.check_whole()


async def test_the_second_waits_while_the_browser_recognises(bench: Bench) -> None:
    await bench.open()
    await bench.send(5)
    bench.primary.go_down()
    bench.stream.hold_off(20)
    await bench.send(19)
    assert bench.second.streams == []
    await bench.send(2)
    assert len(bench.second.streams) == 1
    await bench.finish()
    assert bench.listener.gaps
    bench.check_whole()


async def test_progress_never_goes_back(bench: Bench) -> None:
    await bench.open()
    await bench.send(8)
    bench.primary.go_down()
    await bench.send(8)
    bench.primary.go_up()
    await bench.send(8)
    await bench.finish()

    for channel in Channel:
        places = [event.through_ms for event in bench.listener.of(Progress) if event.channel is channel]
        assert all(before < after for before, after in pairwise(places))


async def test_both_engines_usage_is_told(bench: Bench) -> None:
    await bench.open()
    await bench.send(5)
    bench.primary.go_down()
    await bench.send(5)
    await bench.finish()
    from coaching.types import Usage

    assert {usage.provider for usage in bench.listener.of(Usage)} == {"first", "second"}


async def test_a_recorded_span_goes_to_the_second_when_the_first_fails(bench: Bench) -> None:
    class Away(ScriptedProvider):
        async def transcribe(self, spec: StreamSpec, first_sample: int, pcm: bytes) -> tuple[list[Line], list[Usage]]:
            raise SpeechError("away", retryable=True)

    provider = FallbackProvider(Away(name="first"), bench.second)
    lines, _ = await provider.transcribe(SPEC, 0, bytes(16_000 * 4 * 5))
    assert {line.provider for line in lines} == {"second"}
