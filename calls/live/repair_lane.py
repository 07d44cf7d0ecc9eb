"""The second lane: gaps of a call are transcribed from kept audio while the first lane carries on live."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise

from calls import metrics
from calls.live.audio import samples
from calls.speech.base import BYTES_PER_SAMPLE, Gap, SpeechError, SpeechProvider, StreamSpec
from coaching.types import Channel, Line, Usage

MAX_GAPS = 256
SLICE_MS = 30_000
TRY_WITHIN_S = 45.0
HURRIED_S = 2.0
"""For a request that was asked before the service was well again: it may never be answered."""
RETRY_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
ASK_AGAIN_S = 60.0
MOST_FAULTS = 3
JOIN_MS = 1_000

logger = logging.getLogger(__name__)

ReadAudio = Callable[[int, int], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Missing:
    """A span without transcript. `by_channel` narrows it where one side was heard further than the other."""

    start_ms: int
    end_ms: int
    reason: str
    by_channel: dict[Channel, tuple[int, int]] = field(default_factory=dict)

    def lacks(self, line: Line) -> bool:
        """Whether `line` belongs to what was missed: its middle lies in its channel's span."""
        span = self.by_channel.get(line.channel)
        return span is not None and span[0] <= (line.start_ms + line.end_ms) // 2 <= span[1]


def join(gaps: Sequence[Gap]) -> list[Missing]:
    """Gaps of both channels that lie together become one."""
    joined: list[Missing] = []
    for gap in sorted(gaps, key=lambda one: one.start_ms):
        last = joined[-1] if joined else None
        if last is None or gap.start_ms > last.end_ms + JOIN_MS:
            spans = {gap.channel: (gap.start_ms, gap.end_ms)}
            joined.append(Missing(gap.start_ms, gap.end_ms, gap.reason, spans))
            continue
        before = last.by_channel.get(gap.channel, (gap.start_ms, gap.end_ms))
        span = (min(before[0], gap.start_ms), max(before[1], gap.end_ms))
        end_ms = max(last.end_ms, gap.end_ms)
        joined[-1] = replace(last, end_ms=end_ms, by_channel={**last.by_channel, gap.channel: span})
    return joined


def sliced(missing: Missing) -> list[Missing]:
    """Parts of equal length, at most `SLICE_MS`: each is told, transcribed and closed by itself."""
    length_ms = missing.end_ms - missing.start_ms
    count = max(1, -(-length_ms // SLICE_MS))
    edges = [missing.start_ms + length_ms * index // count for index in range(count + 1)]
    return [_part(missing, *edge) for edge in pairwise(edges)]


def without(missing: Missing, spans: Sequence[tuple[int, int]]) -> list[Missing]:
    """What lies outside of `spans`, which are in order and apart, in ms."""
    edges = [missing.start_ms, *(edge for span in spans for edge in span), missing.end_ms]
    clipped = [min(max(edge, missing.start_ms), missing.end_ms) for edge in edges]
    return [_part(missing, start, end) for start, end in zip(clipped[::2], clipped[1::2], strict=True) if start < end]


def _part(missing: Missing, start_ms: int, end_ms: int) -> Missing:
    spans = {channel: (max(a, start_ms), min(b, end_ms)) for channel, (a, b) in missing.by_channel.items()}
    kept = {channel: span for channel, span in spans.items() if span[0] < span[1]}
    return replace(missing, start_ms=start_ms, end_ms=end_ms, by_channel=kept)


@dataclass(slots=True)
class _Work:
    """One gap that waits; `due` on the loop's clock."""

    missing: Missing
    due: float
    tries: int = 0
    faults: int = 0


class RepairLane:
    """One gap at a time; one that fails waits for its next turn while others go on, as long as the call lives.

    It is given up, and `give_up` told, when its audio is gone, when more than `MAX_GAPS` wait, or when a fault of
    ours meets it three times. A gap that is given up, or left, stays in the database for after the call.
    """

    def __init__(
        self,
        provider: SpeechProvider,
        spec: StreamSpec,
        *,
        read: ReadAudio,
        deliver: Callable[[Missing, list[Line]], None],
        used: Callable[[Usage], None],
        give_up: Callable[[Missing], None],
        first_utterance: int,
    ) -> None:
        self._provider = provider
        self._spec = spec
        self._read = read
        self._deliver = deliver
        self._used = used
        self._give_up = give_up
        self._utterance = first_utterance
        self._waiting: list[_Work] = []
        self._now: _Work | None = None
        self._limit: asyncio.Timeout | None = None
        self._news = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    def put(self, missing: Missing) -> None:
        """At once, never waiting."""
        if len(self._waiting) >= MAX_GAPS:
            self._give_up(missing)
            return
        self._waiting.append(_Work(missing, asyncio.get_running_loop().time()))
        self._is_idle.clear()
        self._news.set()

    def hurry(self) -> None:
        """An engine hears again: what failed is tried now, and what has no answer yet is soon asked anew."""
        now = asyncio.get_running_loop().time()
        for work in self._waiting:
            work.due, work.tries = 0.0, 0
        if self._now is not None:
            self._now.tries = 0
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(min(self._limit.when() or now, now + HURRIED_S))
        self._news.set()

    async def idle(self) -> None:
        """Returns when nothing is being transcribed, and what waits has failed and waits for another try."""
        await self._is_idle.wait()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            work = min(self._waiting, key=lambda one: (one.due, one.missing.start_ms), default=None)
            pause_s = None if work is None else work.due - asyncio.get_running_loop().time()
            if work is None or (pause_s is not None and pause_s > 0):
                await self._pause(pause_s)
                continue
            self._waiting.remove(work)
            self._now = work
            try:
                await self._turn(work)
            finally:
                self._now = None
            self._note_idle()

    async def _pause(self, seconds: float | None) -> None:
        self._news.clear()
        self._note_idle()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()

    def _note_idle(self) -> None:
        if self._now is None and all(work.tries or work.faults for work in self._waiting):
            self._is_idle.set()

    async def _turn(self, work: _Work) -> None:
        """One try; what failed waits again."""
        try:
            async with asyncio.timeout(TRY_WITHIN_S) as self._limit:
                lines = await self._transcribe(work.missing)
            if lines is None:
                self._give_up(work.missing)
            else:
                self._deliver(work.missing, lines)
        except TimeoutError:
            self._later(work, SpeechError("The speech service did not answer in time.", retryable=True))
        except SpeechError as error:
            self._later(work, error)
        except Exception as error:  # noqa: BLE001 -- its message may hold what was said
            details = {"call": self._spec.call_id, "error": type(error).__name__}
            logger.error("A gap could not be repaired", extra=details)  # noqa: TRY400
            work.faults += 1
            if work.faults == MOST_FAULTS:
                self._give_up(work.missing)
            else:
                self._later(work, SpeechError("A fault of ours.", retryable=True))
        finally:
            self._limit = None

    def _later(self, work: _Work, error: SpeechError) -> None:
        metrics.errors.labels("speech").inc()
        logger.info("A gap is not repaired yet: %s", error.reason, extra={"call": self._spec.call_id})
        wait_s = RETRY_S[min(work.tries, len(RETRY_S) - 1)] if error.retryable else ASK_AGAIN_S
        work.due = asyncio.get_running_loop().time() + max(wait_s, min(error.retry_after_s or 0.0, ASK_AGAIN_S))
        work.tries += 1
        self._waiting.append(work)

    async def _transcribe(self, missing: Missing) -> list[Line] | None:
        """None when the audio is gone. Raises `SpeechError`."""
        first, end = samples(missing.start_ms), samples(missing.end_ms)
        pcm = await self._read(first, end)
        if len(pcm) < (end - first) * BYTES_PER_SAMPLE * self._spec.channels // 2:
            logger.info("A gap can not be repaired: its audio is gone", extra={"call": self._spec.call_id})
            return None
        found, usages = await self._provider.transcribe(self._spec, first, pcm)
        for usage in usages:
            self._used(usage)
        return [self._numbered(line) for line in sorted(found, key=lambda it: it.start_ms) if missing.lacks(line)]

    def _numbered(self, line: Line) -> Line:
        self._utterance += 1
        return replace(line, utterance=self._utterance, is_final=True, recovered=True)
