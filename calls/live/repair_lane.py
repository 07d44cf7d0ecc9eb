"""The second lane: gaps of a call are transcribed from kept audio while the first lane carries on live."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from calls import metrics
from calls.live.audio import samples
from calls.speech.base import BYTES_PER_SAMPLE, Gap, SpeechError, SpeechProvider, StreamSpec
from coaching.types import Channel, Line, Usage

MAX_GAPS = 64
CHUNK_MS = 30_000
RETRY_S = (1.0, 3.0, 10.0, 30.0)
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


class RepairLane:
    """One gap at a time. A gap that can not be repaired stays in the database for after the call."""

    def __init__(
        self,
        provider: SpeechProvider,
        spec: StreamSpec,
        *,
        read: ReadAudio,
        deliver: Callable[[Missing, list[Line]], None],
        used: Callable[[Usage], None],
        first_utterance: int,
    ) -> None:
        self._provider = provider
        self._spec = spec
        self._read = read
        self._deliver = deliver
        self._used = used
        self._utterance = first_utterance
        self._waiting: asyncio.Queue[Missing] = asyncio.Queue(MAX_GAPS)

    def put(self, missing: Missing) -> None:
        """More than `MAX_GAPS` at once are left for after the call."""
        if not self._waiting.full():
            self._waiting.put_nowait(missing)

    async def idle(self) -> None:
        """Returns when nothing waits and nothing is being transcribed."""
        await self._waiting.join()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            missing = await self._waiting.get()
            try:
                lines = await self._transcribe(missing)
                if lines is not None:
                    self._deliver(missing, lines)
            finally:
                self._waiting.task_done()

    async def _transcribe(self, missing: Missing) -> list[Line] | None:
        lines: list[Line] = []
        for start_ms in range(missing.start_ms, missing.end_ms, CHUNK_MS):
            first, end = samples(start_ms), samples(min(start_ms + CHUNK_MS, missing.end_ms))
            pcm = await self._read(first, end)
            if len(pcm) < (end - first) * BYTES_PER_SAMPLE * self._spec.channels // 2:
                logger.info("A gap can not be repaired: its audio is gone", extra={"call": self._spec.call_id})
                return None
            found = await self._with_retries(first, pcm)
            if found is None:
                return None
            lines += [self._numbered(line) for line in found if missing.lacks(line)]
        return sorted(lines, key=lambda line: line.start_ms)

    async def _with_retries(self, first_sample: int, pcm: bytes) -> list[Line] | None:
        for delay_s in (*RETRY_S, None):
            try:
                lines, usages = await self._provider.transcribe(self._spec, first_sample, pcm)
            except SpeechError as error:
                metrics.errors.labels("speech").inc()
                logger.info("A gap is not repaired yet: %s", error.reason, extra={"call": self._spec.call_id})
                if not error.retryable or delay_s is None:
                    return None
                await asyncio.sleep(error.retry_after_s or delay_s)
                continue
            for usage in usages:
                self._used(usage)
            return lines
        return None

    def _numbered(self, line: Line) -> Line:
        self._utterance += 1
        return replace(line, utterance=self._utterance, is_final=True, recovered=True)
