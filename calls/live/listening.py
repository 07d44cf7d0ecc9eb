"""What is heard becomes the log, the screen and the coach's business: both lanes end here."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from calls import events, metrics
from calls.events import Kind, Payload
from calls.live.acks import Watermarks
from calls.live.audio import Piece, ms
from calls.live.backlog import Spans
from calls.live.door import Door
from calls.live.known import Known
from calls.live.ladder import Part, Rung
from calls.live.lag import SpeechLag
from calls.live.log import EventLog
from calls.live.repair_lane import Missing, RepairLane, join, sliced, without
from calls.live.speech_lane import SpeechLane
from calls.live.tasks import stop
from calls.live.told import Told
from calls.live.who_hears import WhoHears
from calls.redaction import CleanLine, Redactor, withheld
from calls.speech.base import Gap, Progress, Refusal, SpeechProvider, StreamSpec, StreamState
from calls.speech.browser import NAME as BROWSER
from calls.speech.browser import BrowserLine, BrowserLines
from coaching.coach import Coach
from coaching.types import Channel, Line, Usage

FINISH_WITHIN_S = 8.0
REPAIR_WITHIN_S = 5.0
SHORTEST_GAP_MS = 50
UTTERANCES_PER_EPOCH = 1_000_000_000
REPAIR_UTTERANCES = 900_000_000
BROWSER_UTTERANCES = 800_000_000

logger = logging.getLogger(__name__)

_detection = metrics.stage_seconds.labels("detection")


class Listening:
    """The ears of one session. Implements `LaneSink`; owns both lanes, which it runs and ends.

    Every line of the call comes through here, whoever heard it, and goes through redaction before anything else.

    Lines that the browser recognised come in by `take_browser_line`, while nobody else surely hears.
    """

    def __init__(
        self,
        *,
        provider: SpeechProvider | None,
        spec: StreamSpec,
        epoch: int,
        is_patient: bool,
        door: Door,
        redactor: Redactor,
        marks: Watermarks,
        known: Known,
        log: EventLog,
        coach: Coach,
        append: Callable[[Kind, Payload], None],
        fleeting: Callable[[dict[str, Any]], None],
        put_rung: Callable[[Part, Rung, str], None],
        read_audio: Callable[[int, int], Awaitable[bytes]],
        note_refusal: Callable[[str, str], None],
    ) -> None:
        self._provider_name = provider.name if provider else ""
        self._who = WhoHears(first_choice=self._provider_name, door=door, put_rung=put_rung)
        self._door = door
        self._redactor = redactor
        self._marks = marks
        self._known = known
        self._heard_again: list[Missing] = []
        self._log = log
        self._coach = coach
        self._append = append
        self._fleeting = fleeting
        self._note_refusal = note_refusal
        self._first_choice_heard = False
        self._gaps: list[Gap] = []
        self._on_its_way = Spans()
        """Of the client's promises, in ms: its audio comes later and is repaired then, whoever misses it before."""
        self._told = Told()
        self._lag = SpeechLag()
        self._tasks: list[asyncio.Task[None]] = []
        self.lane: SpeechLane | None = None
        self._repair: RepairLane | None = None
        first = epoch * UTTERANCES_PER_EPOCH
        self._browser = BrowserLines(spec.channels, first_utterance=first + BROWSER_UTTERANCES)
        if provider is not None:
            self.lane = SpeechLane(provider, spec, self, is_patient=is_patient, first_utterance=first)
            self._repair = RepairLane(
                provider,
                spec,
                read=read_audio,
                deliver=self._recovered,
                used=self.used,
                give_up=self._gave_up,
                first_utterance=first + REPAIR_UTTERANCES,
            )

    def start(self) -> None:
        if self.lane is None or self._repair is None:
            self._who.no_engine()
            return
        self._tasks = [
            asyncio.create_task(self.lane.run(), name="speech-lane"),
            asyncio.create_task(self._repair.run(), name="repair-lane"),
        ]
        for task in self._tasks:
            task.add_done_callback(self._lane_ended)

    def _lane_ended(self, lane: asyncio.Task[None]) -> None:
        """A lane ends with the call. If it ends by a fault of ours, nobody hears, and that is not hidden."""
        if lane.cancelled() or (error := lane.exception()) is None:
            return
        metrics.errors.labels("speech").inc()
        logger.error("A lane failed: %s", lane.get_name(), exc_info=error)
        if lane.get_name() == "speech-lane":
            self.hearing(StreamState(is_up=False, reason="The speech lane failed."))

    def heard_ms(self, end_sample: int) -> dict[Channel, int]:
        """For each channel that may be heard, up to where all that was said is known; at most `end_sample`."""
        known_ms = ms(self._marks.transcribed(end_sample))
        return {channel: known_ms for channel in self._marks.channels if self._door.lets(channel)}

    def put(self, piece: Piece, *, has_speech: bool, now: float) -> None:
        """New audio, `now` in seconds of `time.monotonic`."""
        self._lag.arrived(piece, now)
        if self._door.is_shut:
            self._pass_over(piece.end_sample)
        elif self.lane is not None:
            self.lane.put(piece, has_speech=has_speech)

    def door_changed(self) -> None:
        """A new answer of the customer: it counts for what waits to be heard as well."""
        if self.lane is not None:
            self.lane.hush(self._door.admit, is_shut=self._door.is_shut)
        if self._door.is_shut:
            self._gaps.clear()
            self._on_its_way = Spans()
            self._marks.forget_gaps()
            self._pass_over(self._lag.heard_through)

    def _pass_over(self, end_sample: int) -> None:
        """Nobody may hear this: there are no words to wait for and nothing to lose, so it is settled."""
        for channel in self._marks.channels:
            self._marks.settle(channel, ms(end_sample))
        self._log.touch()

    @property
    def is_full(self) -> bool:
        return self.lane is not None and self.lane.is_full

    @property
    def is_hearing(self) -> bool:
        return self._who.is_sure

    @property
    def wants_browser(self) -> bool:
        return self._who.wants_browser

    async def finish(self, end_sample: int) -> None:
        """The call is over: hears out what was sent, tells what stays unheard, repairs what it can in time."""
        await self.hear_out(end_sample, FINISH_WITHIN_S)
        if self._repair is not None and self._tasks:
            with suppress(TimeoutError):
                async with asyncio.timeout(REPAIR_WITHIN_S):
                    await self._repair.idle()
        await self.aclose()

    async def hear_out(self, end_sample: int, within_s: float) -> None:
        """Ends the first lane: what is still open becomes final, what nobody heard before `end_sample` a gap.

        When the call has been heard out already, because it hangs up meanwhile, there is nothing left to do.
        """
        if self.lane is not None:
            lane = self._tasks[:1]
            if not lane:
                return
            self.lane.finish()
            await asyncio.wait(lane, timeout=within_s)
            await stop(lane)
            for gap in self.lane.unheard(end_sample):
                self.missed(gap)
        elif end_sample > 0:
            for channel in self._marks.channels:
                if self._marks.settled_ms(channel) < ms(end_sample):
                    self.missed(Gap(channel, self._marks.settled_ms(channel), ms(end_sample), "Nobody was listening."))
        self._tell_gaps()

    async def aclose(self) -> None:
        """Stops both lanes at once. May be called twice."""
        tasks, self._tasks = self._tasks, []
        await stop(tasks)

    def expect(self, start_ms: int, end_ms: int) -> None:
        """A gap that the log has just told: its audio is on its way, and nothing behind it is settled before."""
        self._on_its_way.add(start_ms, end_ms)
        for channel in self._marks.channels:
            self._told.unheard(channel, start_ms, end_ms)
        self._marks.open_gap(start_ms, end_ms)

    def repair_all(self, start_ms: int, end_ms: int) -> None:
        """As `repair`, for both sides alike, once it is here."""
        self._on_its_way.remove(start_ms, end_ms)
        self.repair(Missing(start_ms, end_ms, "", dict.fromkeys(self._marks.channels, (start_ms, end_ms))))

    def repair(self, missing: Missing) -> None:
        """A gap that is in the log already, from before a take-over, whose audio is kept."""
        if self._repair is not None:
            self._marks.open_gap(missing.start_ms, missing.end_ms)
            self._repair.put(missing)

    def hear_again(self, missing: Missing) -> None:
        """The same where only the client has the audio: it is sent and heard again, which closes the gap."""
        self._heard_again.append(missing)

    # LaneSink -----------------------------------------------------------------------------------------

    def heard(self, line: Line) -> None:
        if not self._door.lets(line.channel):
            # Said before the customer withdrew, heard after: its interims leave the screen.
            self._fleeting(events.interim(_clean(self._redactor, replace(line, text="", words=()))))
            return
        # What was told before a take-over leaves the screen again, as a withdrawn interim does. A browser sends its
        # lines once.
        if line.text and line.provider != BROWSER:
            line = self._known.new_of(line) or _withdrawn(line)
        if line.text:
            line = self._told.rest_of(line) or _withdrawn(line)
        clean = self._cleaned(self._redactor, line)
        if not clean.is_final:
            self._fleeting(events.interim(clean))
        elif clean.text:
            self._told.add(line)
            self._append(Kind.LINE, events.line(clean))
            self._lag.note(clean)
        if clean.text or clean.ends_turn:
            began = time.perf_counter()
            self._tell_coach(clean)
            _detection.observe(time.perf_counter() - began)

    def _cleaned(self, redactor: Redactor, line: Line) -> CleanLine:
        """Redaction that fails on some phrase costs the phrase: it must not get out, nor end the stream."""
        try:
            return _clean(redactor, line)
        except Exception as error:  # noqa: BLE001 -- its message may hold what was said
            self._note_fault("redaction", error)
            return withheld(line)

    def _tell_coach(self, clean: CleanLine) -> None:
        """A coach that fails on some phrase costs the card: the line is in the log already."""
        try:
            self._coach.hear(clean)
        except Exception as error:  # noqa: BLE001 -- see above
            self._note_fault("coach", error)

    def _note_fault(self, part: str, error: Exception) -> None:
        metrics.errors.labels("listening").inc()
        logger.error("A line was not dealt with", extra={"part": part, "error": type(error).__name__})

    def settled(self, progress: Progress) -> None:
        before = self._marks.settled_ms(progress.channel)
        self._marks.settle(progress.channel, progress.through_ms)
        if progress.through_ms > before:
            self._log.touch()
        through_ms = min(map(self._marks.settled_ms, self._marks.channels))
        for missing in [each for each in self._heard_again if each.end_ms <= through_ms]:
            self._heard_again.remove(missing)
            self._log.note_repaired(missing.start_ms, missing.end_ms)

    def used(self, usage: Usage) -> None:
        self._append(Kind.USAGE, events.usage(usage))

    def hearing(self, state: StreamState) -> None:
        is_first_choice = self._who.state(state)
        if state.is_up and self._repair is not None:
            self._repair.hurry()
        if is_first_choice and not self._first_choice_heard:
            self._first_choice_heard = True
            self._note_refusal(self._provider_name, "")

    def doubted(self, *, is_doubted: bool) -> None:
        self._who.doubted(is_doubted=is_doubted)

    def refused(self, refusal: Refusal) -> None:
        self._first_choice_heard = False
        self._note_refusal(refusal.engine, refusal.reason)

    def missed(self, gap: Gap) -> None:
        if gap.end_ms - gap.start_ms < SHORTEST_GAP_MS:
            return
        if not self._door.lets(gap.channel):
            self._marks.settle(gap.channel, gap.end_ms)
            return
        # Holds the ack back at once; both channels' gaps are told as one a turn of the loop later.
        self._marks.open_gap(gap.start_ms, gap.end_ms)
        self._told.unheard(gap.channel, gap.start_ms, gap.end_ms)
        self._gaps.append(gap)
        if len(self._gaps) == 1:
            asyncio.get_running_loop().call_soon(self._tell_gaps)

    def settled_ms(self, channel: Channel) -> int:
        return self._marks.settled_ms(channel)

    # The browser's own recognition ----------------------------------------------------------------------

    def take_browser_line(self, spoken: BrowserLine, now_ms: int) -> None:
        """Raises `BrowserLineError` for a line this call can not have."""
        line = self._browser.take(spoken, now_ms=now_ms)
        if line is None or not self._door.lets(line.channel):
            return
        self.heard(line)
        self._who.browser_spoke()

    def tick(self) -> None:
        """About every second."""
        self._who.tick()

    # Gaps -----------------------------------------------------------------------------------------------

    def _tell_gaps(self) -> None:
        gaps, self._gaps = self._gaps, []
        for gap in gaps:
            self._marks.close_gap(gap.start_ms, gap.end_ms)
            for start_ms, end_ms in self._on_its_way.within(gap.start_ms, gap.end_ms):
                self._marks.open_gap(start_ms, end_ms)
        for missing in [part for whole in join(gaps) for here in self._here(whole) for part in sliced(here)]:
            self._marks.open_gap(missing.start_ms, missing.end_ms)
            payload = events.gap(start_ms=missing.start_ms, end_ms=missing.end_ms, reason=missing.reason[:120])
            self._append(Kind.GAP, payload)
            if self._repair is not None:
                self._repair.put(missing)
            else:
                self._gave_up(missing)

    def _here(self, whole: Missing) -> list[Missing]:
        """Without what has not come yet: its silence is no transcript."""
        return without(whole, self._on_its_way.within(whole.start_ms, whole.end_ms))

    def _gave_up(self, missing: Missing) -> None:
        """Nobody can transcribe it while the call lives: the ack waits for it no longer, its gap stays in the log."""
        self._marks.close_gap(missing.start_ms, missing.end_ms)
        self._log.touch()

    def _recovered(self, missing: Missing, lines: list[Line]) -> None:
        redactor = self._redactor.aside(missing.start_ms)
        for found in lines:
            line = self._known.new_of(found)
            line = line and self._told.rest_of(line)
            if line is not None and line.text and self._door.lets(line.channel):
                self._told.add(line)
                clean = self._cleaned(redactor, line)
                self._append(Kind.LINE, events.line(clean))
                self._tell_coach(clean)
        self._marks.close_gap(missing.start_ms, missing.end_ms)
        self._log.note_repaired(missing.start_ms, missing.end_ms)


def _withdrawn(line: Line) -> Line:
    """What takes its interims from the screen."""
    return replace(line, text="", words=(), is_final=False)


def _clean(redactor: Redactor, line: Line) -> CleanLine:
    redacted = redactor.hear(line)
    if line.is_final:
        metrics.count_redactions(redacted.masks)
    return redacted.line
