"""Calls that speak into a lane on the virtual clock, and what is heard of them."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from calls.live.audio import Frame, FrameCursor, samples
from calls.live.speech_lane import SpeechLane
from calls.speech.base import Gap, Progress, Refusal, SpeechProvider, StreamSpec, StreamState
from coaching.types import Channel, Line, Usage
from tests.speech.fakes import ScriptedProvider, ScriptedStream, ScriptedTurn

SPEC = StreamSpec(call_id="c", business="acme", channels=2)
TURNS = (
    ScriptedTurn(Channel.REP, 500, 1_500, "how do you do this today"),
    ScriptedTurn(Channel.CUSTOMER, 4_000, 6_000, "that is too expensive for us"),
    ScriptedTurn(Channel.CUSTOMER, 12_000, 13_000, "send me the contract"),
)
FRAME_MS = 100


class Ears:
    """A `LaneSink` that remembers."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.gaps: list[Gap] = []
        self.states: list[StreamState] = []
        self.refusals: list[Refusal] = []
        self.usages: list[Usage] = []
        self.doubts: list[bool] = []
        self.through: defaultdict[Channel, int] = defaultdict(int)

    def heard(self, line: Line) -> None:
        self.lines.append(line)

    def settled(self, progress: Progress) -> None:
        self.through[progress.channel] = max(self.through[progress.channel], progress.through_ms)

    def used(self, usage: Usage) -> None:
        self.usages.append(usage)

    def hearing(self, state: StreamState) -> None:
        self.states.append(state)

    def doubted(self, *, is_doubted: bool) -> None:
        self.doubts.append(is_doubted)

    def missed(self, gap: Gap) -> None:
        self.gaps.append(gap)

    def refused(self, refusal: Refusal) -> None:
        self.refusals.append(refusal)

    def settled_ms(self, channel: Channel) -> int:
        return self.through[channel]

    def finals(self) -> list[str]:
        return [line.text for line in self.lines if line.is_final]


class DeafProvider(ScriptedProvider):
    """Takes everything and never says anything."""

    async def open(self, spec: StreamSpec) -> ScriptedStream:
        stream = await super().open(spec)
        stream.is_mute = True
        return stream


class Call:
    """Speaks into a lane at real time, on the virtual clock."""

    def __init__(self, provider: SpeechProvider, *, is_patient: bool = False) -> None:
        self.ears = Ears()
        loop = asyncio.get_running_loop()
        self.lane = SpeechLane(provider, SPEC, self.ears, is_patient=is_patient, first_utterance=0, clock=loop.time)
        self.cursor = FrameCursor(2)
        self.running = asyncio.create_task(self.lane.run())

    async def speak(self, seconds: float, *, has_speech: bool = True, pace: float = 1.0) -> None:
        for _ in range(round(seconds * 1_000 / FRAME_MS)):
            piece = self.cursor.accept(Frame(self.cursor.next_sample, b"\1\0" * 2 * samples(FRAME_MS)))
            assert piece is not None
            self.lane.put(piece, has_speech=has_speech)
            await asyncio.sleep(FRAME_MS / 1_000 / pace)

    async def hang_up(self) -> list[Gap]:
        self.lane.finish()
        async with asyncio.timeout(60):
            await self.running
        return self.lane.unheard(self.cursor.next_sample)
