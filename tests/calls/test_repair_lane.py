"""The second lane: gaps are heard again from what was kept, in turns, until they are closed or nobody can."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from calls.live.repair_lane import HURRIED_S, Missing, ReadAudio, RepairLane, sliced
from calls.speech.base import SpeechError, SpeechProvider, StreamSpec
from coaching.types import Channel, Line, Usage
from tests.calls import virtual_time
from tests.calls.lanes import SPEC, TURNS
from tests.speech.fakes import ScriptedProvider
from tests.speech.hearing import eventually


def test_a_repaired_line_is_marked_and_what_was_heard_already_is_not_told_twice() -> None:
    async def scene() -> None:
        delivered: list[tuple[Missing, list[Line]]] = []

        async def read(start: int, end: int) -> bytes:
            return bytes((end - start) * 4)

        lane = RepairLane(
            ScriptedProvider(TURNS), SPEC, read=read, deliver=lambda *found: delivered.append(found),
            used=lambda _: None, give_up=lambda _: None, first_utterance=900,
        )  # fmt: skip
        running = asyncio.create_task(lane.run())
        heard_further = {Channel.REP: (2_000, 8_000), Channel.CUSTOMER: (0, 8_000)}
        lane.put(Missing(0, 8_000, "x", heard_further))
        await lane.idle()
        running.cancel()
        [(_, lines)] = delivered
        assert [(line.text, line.recovered, line.utterance) for line in lines] == [(TURNS[1].text, True, 901)]

    virtual_time.run(scene())


@dataclass
class Found:
    """What a repair lane did."""

    lines: list[str] = field(default_factory=list)
    given_up: list[Missing] = field(default_factory=list)
    running: asyncio.Task[None] = field(init=False)


async def whole(start: int, end: int) -> bytes:
    return bytes((end - start) * 4)


def repairs(provider: SpeechProvider, *, read: ReadAudio = whole) -> tuple[RepairLane, Found]:
    found = Found()
    lane = RepairLane(
        provider, SPEC, read=read, deliver=lambda _, lines: found.lines.extend(line.text for line in lines),
        used=lambda _: None, give_up=found.given_up.append, first_utterance=0,
    )  # fmt: skip
    found.running = asyncio.create_task(lane.run())
    return lane, found


def missing(start_ms: int, end_ms: int) -> Missing:
    return Missing(start_ms, end_ms, "x", dict.fromkeys(Channel, (start_ms, end_ms)))


class Failing(ScriptedProvider):
    """`transcribe` raises what `errors` says, span by span; then it hears."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__(TURNS)
        self.errors = list(errors)

    async def transcribe(self, spec: StreamSpec, first_sample: int, pcm: bytes) -> tuple[list[Line], list[Usage]]:
        if self.errors:
            raise self.errors.pop(0)
        return await super().transcribe(spec, first_sample, pcm)


def test_a_gap_that_fails_lets_the_others_go_first_and_is_tried_until_it_is_heard() -> None:
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        lane, found = repairs(Failing(*[SpeechError("down", retryable=True)] * 6))
        lane.put(missing(0, 2_000))
        lane.put(missing(3_000, 8_000))
        await lane.idle()
        assert (found.lines, found.given_up) == ([], [])
        await eventually(lambda: len(found.lines) == 2, limit_s=30)
        assert loop.time() < 15
        assert sorted(found.lines) == sorted(turn.text for turn in TURNS[:2])
        found.running.cancel()

    virtual_time.run(scene())


def test_once_an_engine_hears_again_what_failed_is_repaired_within_ten_seconds() -> None:
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        provider = Failing(*[SpeechError("no credit", retryable=False)] * 3)
        lane, found = repairs(provider)
        for start_ms in (0, 3_000, 11_000):
            lane.put(missing(start_ms, start_ms + 5_000))
        await asyncio.sleep(15)
        assert found.lines == []
        recovered_at = loop.time()
        lane.hurry()
        await eventually(lambda: len(found.lines) == 3, limit_s=30)
        assert loop.time() - recovered_at <= 10
        found.running.cancel()

    virtual_time.run(scene())


def test_a_service_that_never_answers_costs_a_turn_and_not_the_lane() -> None:
    async def scene() -> None:
        class Hanging(ScriptedProvider):
            asked = 0

            async def transcribe(
                self, spec: StreamSpec, first_sample: int, pcm: bytes
            ) -> tuple[list[Line], list[Usage]]:
                Hanging.asked += 1
                if Hanging.asked == 1:
                    await asyncio.Event().wait()
                return await super().transcribe(spec, first_sample, pcm)

        lane, found = repairs(Hanging(TURNS))
        lane.put(missing(0, 2_000))
        lane.put(missing(3_000, 8_000))
        await asyncio.sleep(60)
        assert sorted(found.lines) == sorted(turn.text for turn in TURNS[:2])
        found.running.cancel()

    virtual_time.run(scene())


def test_what_was_asked_of_a_mute_service_is_asked_anew_once_it_is_well() -> None:
    """It took the request and never answers it: until its own time-out the transcript would stay without it."""

    async def scene() -> None:
        class Mute(ScriptedProvider):
            is_well = False

            async def transcribe(
                self, spec: StreamSpec, first_sample: int, pcm: bytes
            ) -> tuple[list[Line], list[Usage]]:
                if not self.is_well:
                    await asyncio.Event().wait()
                return await super().transcribe(spec, first_sample, pcm)

        provider = Mute(TURNS)
        lane, found = repairs(provider)
        lane.put(missing(0, 2_000))
        lane.put(missing(3_000, 8_000))
        await asyncio.sleep(10)
        assert found.lines == []
        provider.is_well = True
        lane.hurry()
        await asyncio.sleep(HURRIED_S + 1)
        assert sorted(found.lines) == sorted(turn.text for turn in TURNS[:2])
        lane.hurry()
        found.running.cancel()

    virtual_time.run(scene())


def test_a_request_that_is_answered_in_time_is_not_cut_short() -> None:
    async def scene() -> None:
        class Slow(ScriptedProvider):
            asked = 0

            async def transcribe(
                self, spec: StreamSpec, first_sample: int, pcm: bytes
            ) -> tuple[list[Line], list[Usage]]:
                self.asked += 1
                await asyncio.sleep(HURRIED_S - 0.5)
                return await super().transcribe(spec, first_sample, pcm)

        provider = Slow(TURNS)
        lane, found = repairs(provider)
        lane.put(missing(0, 2_000))
        await asyncio.sleep(0.1)
        lane.hurry()
        await lane.idle()
        assert (found.lines, provider.asked) == ([TURNS[0].text], 1)
        found.running.cancel()

    virtual_time.run(scene())


def test_a_fault_of_ours_is_given_up_after_three_tries_and_the_next_gap_is_repaired() -> None:
    async def scene() -> None:
        lane, found = repairs(Failing(*[KeyError("what was said")] * 3))
        lane.put(missing(0, 2_000))
        await asyncio.sleep(10)
        lane.put(missing(3_000, 8_000))
        await asyncio.sleep(10)
        assert found.lines == [TURNS[1].text]
        assert [gap.start_ms for gap in found.given_up] == [0]
        found.running.cancel()

    virtual_time.run(scene())


def test_no_gap_is_dropped_without_a_word_however_many_there_are() -> None:
    async def scene() -> None:
        lane, found = repairs(ScriptedProvider(TURNS))
        for number in range(300):
            lane.put(missing(number * 10, number * 10 + 10))
        assert len(found.given_up) == 300 - 256
        await lane.idle()
        found.running.cancel()

    virtual_time.run(scene())


def test_a_long_gap_is_cut_into_parts_of_half_a_minute() -> None:
    gap = replace(missing(0, 70_000), by_channel={Channel.REP: (0, 70_000), Channel.CUSTOMER: (20_000, 30_000)})
    parts = sliced(gap)
    assert [(part.start_ms, part.end_ms) for part in parts] == [(0, 23_333), (23_333, 46_666), (46_666, 70_000)]
    assert [part.by_channel.get(Channel.CUSTOMER) for part in parts] == [(20_000, 23_333), (23_333, 30_000), None]
    assert sliced(missing(5, 5 + 30_000)) == [missing(5, 5 + 30_000)]


def test_a_gap_whose_audio_is_gone_is_left() -> None:
    async def scene() -> None:
        async def read(start: int, end: int) -> bytes:
            return b""

        lane, found = repairs(ScriptedProvider(TURNS), read=read)
        lane.put(Missing(0, 8_000, "x", {Channel.REP: (0, 8_000)}))
        await lane.idle()
        assert found.lines == []
        assert [(missing.start_ms, missing.end_ms) for missing in found.given_up] == [(0, 8_000)]
        found.running.cancel()

    virtual_time.run(scene())
