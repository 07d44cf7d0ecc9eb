"""Gaps that were left when the call ended are transcribed from its recording, before the report is written.

What can not be transcribed then is tried again by the sweeper, at first after a minute, then ever more seldom, for
a day; the report is written anew once anything was found.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from billing.ledger import Metered, record
from calls import events, metrics, speech
from calls.accounts import own_speech
from calls.consents import state_of
from calls.events import Kind
from calls.live.audio import NEVER_ARRIVED, ON_ITS_WAY
from calls.live.door import Door
from calls.live.recording import read_samples, storage_root
from calls.models import Call, Gap, Recording
from calls.redaction import CleanLine, Redactor
from calls.services import append_event
from calls.speech.base import BYTES_PER_SAMPLE, SAMPLES_PER_MS, SpeechError, SpeechProvider, StreamSpec
from calls.speech.spans import rest_of, spans_of
from coaching.types import Line, Usage
from tenants.context import require_tenant
from tenants.house.policies import current_policy

logger = logging.getLogger(__name__)

CHUNK_MS = 30_000
SLICE_MS = 300_000
"""A longer gap is closed slice by slice: what was found stays when the next slice fails."""
MOST_MS = 900_000
"""Audio repaired in one go, so that a worker's task ends in time; the sweeper goes on with what is beyond."""
MOST_FAILURES = 2
FIRST_AGAIN_S = 60
TRIES_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Part of an open gap, `start_ms` to `end_ms` of the call."""

    gap_id: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A span's audio. `pcm` is interleaved and starts at the span's start."""

    span: Span
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Repaired:
    span: Span
    lines: tuple[Line, ...]
    usage: tuple[Usage, ...]


def repair_gaps(call: Call, heard: Sequence[Line], keyterms: tuple[str, ...]) -> int:
    """Transcribes what can be transcribed now; returns how many spans are closed. Never raises because of speech.

    `heard` are the lines the call has: what they cover already is not written a second time. Each span is closed
    together with its lines, once, whoever else tries.
    """
    provider = _provider()
    if provider is None:
        return 0
    pieces = list(_pieces(call, MOST_MS))
    if not pieces:
        return 0
    redact = tuple(current_policy().redact)
    spec = StreamSpec(call.id.hex, require_tenant().schema_name, call.channels, keyterms, redact=redact)
    repaired = asyncio.run(_transcribe(provider, spec, pieces))
    closed, known = 0, list(heard)
    for each in repaired:
        # Two gaps, told for two reasons, may hold the same audio.
        found = _close(call, each, known)
        closed += found is not None
        known += found or ()
    return closed


def _provider() -> SpeechProvider | None:
    """On the business's own account, where it has one."""
    own = own_speech()
    return speech.get_provider(own) if own else speech.get_provider()


def again_at(call: Call, now: datetime) -> datetime | None:
    """When the gaps that are left are worth another try; None when they are not: nothing can be transcribed.

    The pause is the time since the call's end, and so doubles from try to try.
    """
    age = now - (call.ended_at or now)
    if age > TRIES_FOR or _provider() is None or next(_pieces(call, SLICE_MS), None) is None:
        return None
    return now + max(age, timedelta(seconds=FIRST_AGAIN_S))


def _pieces(call: Call, most_ms: int) -> Iterator[Piece]:
    """The audio of the open gaps as far as it may be heard, the earliest first, up to `most_ms` of it."""
    door = Door(state_of(call), call.channels)
    recording = None if door.is_shut else Recording.objects.filter(call=call).first()
    if recording is None:
        return
    path, left_ms = storage_root() / recording.path, most_ms
    for span in _spans(_open_gaps(call, recording.stored_samples)):
        if span.end_ms - span.start_ms > left_ms:
            return
        start, end = span.start_ms * SAMPLES_PER_MS, span.end_ms * SAMPLES_PER_MS
        pcm = read_samples(path, recording.channels, start, end)
        # The last samples may be missing where the stream was cut; half of a span is no repair.
        if 2 * len(pcm) >= (end - start) * BYTES_PER_SAMPLE * recording.channels > 0:
            left_ms -= span.end_ms - span.start_ms
            yield Piece(span, door.mask(pcm))


def _spans(gaps: Iterable[Gap]) -> Iterator[Span]:
    for gap in gaps:
        for start_ms in range(gap.start_ms, gap.end_ms, SLICE_MS):
            yield Span(gap.pk, start_ms, min(start_ms + SLICE_MS, gap.end_ms))


def _open_gaps(call: Call, stored_samples: int) -> QuerySet[Gap]:
    """Without those whose audio never came: the recording is silent there, and silence is no transcript."""
    here = ~Q(reason=ON_ITS_WAY) | Q(end_ms__lte=stored_samples // SAMPLES_PER_MS)
    gaps = Gap.objects.filter(here, call=call, repaired_at=None, end_ms__gt=0)
    return gaps.exclude(reason=NEVER_ARRIVED).order_by("start_ms")


async def _transcribe(provider: SpeechProvider, spec: StreamSpec, pieces: Sequence[Piece]) -> list[Repaired]:
    """Stops after two failures: one span may be unfit, a service that fails twice fails again."""
    repaired = []
    failures = 0
    try:
        for piece in pieces:
            try:
                repaired.append(await _transcribe_one(provider, spec, piece))
            except SpeechError as error:
                logger.warning("Gaps are left: %s", error.reason, extra={"call": spec.call_id})
                failures += 1
            except Exception:
                logger.exception("A gap is left", extra={"call": spec.call_id})
                failures += 1
            if failures == MOST_FAILURES:
                break
    finally:
        # The engine and the connections belong to this loop, which ends here.
        await speech.shutdown()
    return repaired


async def _transcribe_one(provider: SpeechProvider, spec: StreamSpec, piece: Piece) -> Repaired:
    lines: list[Line] = []
    usage: list[Usage] = []
    stride = BYTES_PER_SAMPLE * spec.channels
    step = CHUNK_MS * SAMPLES_PER_MS * stride
    first_sample = piece.span.start_ms * SAMPLES_PER_MS
    for start in range(0, len(piece.pcm), step):
        chunk = piece.pcm[start : start + step]
        found, used = await provider.transcribe(spec, first_sample + start // stride, chunk)
        lines += found
        usage += used
    return Repaired(piece.span, tuple(lines), tuple(usage))


def _close(call: Call, repaired: Repaired, heard: Sequence[Line]) -> list[Line] | None:
    """The lines that were new; None when somebody else closed it."""
    with transaction.atomic():
        closed = _close_span(repaired.span)
        if closed is None:
            return None
        number = max((line.utterance for line in heard), default=0) + 1_000 * closed
        told = spans_of(heard)
        rest = [rest_of(line, told.get(line.channel, ())) for line in repaired.lines]
        new = [line for line in rest if line is not None]
        for offset, line in enumerate(_clean(new, heard)):
            numbered = replace(line, utterance=number + offset)
            append_event(call.id, Kind.LINE, events.line(CleanLine(numbered)))
        for usage in repaired.usage:
            _meter(call, usage)
    return new


def _close_span(span: Span) -> int | None:
    """Closes the span in its gap; returns the id of the row that is now repaired, None when somebody else was first.

    A part of a gap becomes a row of its own; what lies before it and after it stays open.
    """
    now = timezone.now()
    gap = Gap.objects.select_for_update().filter(pk=span.gap_id, repaired_at=None).first()
    if gap is None or not gap.start_ms <= span.start_ms < span.end_ms <= gap.end_ms:
        return None
    rest = [(gap.start_ms, span.start_ms), (span.end_ms, gap.end_ms)]
    left = [(start_ms, end_ms) for start_ms, end_ms in rest if start_ms < end_ms]
    if not left:
        Gap.objects.filter(pk=gap.pk).update(repaired_at=now)
        return gap.pk
    # The last part keeps the row: spans come in order of time, so the next one finds itself in it.
    *before, (start_ms, end_ms) = left
    for earlier in before:
        Gap.objects.create(call_id=gap.call_id, start_ms=earlier[0], end_ms=earlier[1], reason=gap.reason)
    Gap.objects.filter(pk=gap.pk).update(start_ms=start_ms, end_ms=end_ms)
    part = {"start_ms": span.start_ms, "end_ms": span.end_ms, "reason": gap.reason}
    return Gap.objects.create(call_id=gap.call_id, repaired_at=now, **part).pk


def _clean(lines: Sequence[Line], heard: Sequence[Line]) -> list[CleanLine]:
    """Without the numbers that the policy takes out, given what was said before the gap."""
    redactor = Redactor(current_policy().redact)
    first_ms = min((line.start_ms for line in lines), default=0)
    redactor.restore(line for line in heard if line.end_ms <= first_ms)
    redacted = [redactor.hear(replace(line, is_final=True, recovered=True)) for line in lines]
    metrics.count_redactions(mask for each in redacted for mask in each.masks)
    return [each.line for each in redacted]


def _meter(call: Call, usage: Usage) -> None:
    payload = events.usage(usage)
    seq = append_event(call.id, Kind.USAGE, payload)
    entry = Metered.from_payload(payload, call_id=call.id, call_seq=seq, member_id=call.member_id, at=timezone.now())
    record([entry])
