"""Gaps that were left when the call ended are transcribed from its recording, before the report is written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from billing.ledger import Metered, record
from calls import events, metrics, speech
from calls.consents import state_of
from calls.events import Kind
from calls.live.audio import NEVER_ARRIVED, ON_ITS_WAY
from calls.live.door import Door
from calls.live.recording import read_samples, storage_root
from calls.models import Call, Gap, Recording
from calls.redaction import CleanLine, Redactor
from calls.services import append_event
from calls.speech.base import BYTES_PER_SAMPLE, SAMPLES_PER_MS, SpeechError, SpeechProvider, StreamSpec
from coaching.types import Line, Usage
from tenants.context import require_tenant
from tenants.house.policies import current_policy

logger = logging.getLogger(__name__)

CHUNK_MS = 30_000
MOST_MS = 900_000
"""Audio repaired for one report; what is beyond stays a gap and lowers coverage."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A gap's audio. `pcm` is interleaved and starts at `first_sample`."""

    gap_id: int
    first_sample: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Repaired:
    gap_id: int
    lines: tuple[Line, ...]
    usage: tuple[Usage, ...]


def repair_gaps(call: Call, heard: Sequence[Line], keyterms: tuple[str, ...]) -> int:
    """Transcribes what can be transcribed now; returns how many gaps are closed. Never raises because of speech.

    `heard` are the lines the call has: what they cover already is not written a second time. Each gap is closed
    together with its lines, once, whoever else tries.
    """
    provider = speech.get_provider()
    if provider is None:
        return 0
    pieces = _pieces(call)
    if not pieces:
        return 0
    redact = tuple(current_policy().redact)
    spec = StreamSpec(call.id.hex, require_tenant().schema_name, call.channels, keyterms, redact=redact)
    repaired = asyncio.run(_transcribe(provider, spec, pieces))
    return sum(_close(call, each, heard) for each in repaired)


def _pieces(call: Call) -> list[Piece]:
    """The audio of the open gaps as far as it may be heard, the earliest first, whole gaps only, up to 15 minutes."""
    door = Door(state_of(call), call.channels)
    if door.is_shut:
        return []
    recording = Recording.objects.filter(call=call).first()
    if recording is None:
        return []
    path, left_ms = storage_root() / recording.path, MOST_MS
    pieces = []
    for gap in _open_gaps(call, recording.stored_samples):
        length_ms = gap.end_ms - gap.start_ms
        start, end = gap.start_ms * SAMPLES_PER_MS, gap.end_ms * SAMPLES_PER_MS
        pcm = read_samples(path, recording.channels, start, end) if 0 < length_ms <= left_ms else b""
        # The last samples may be missing where the stream was cut; half of a gap is no repair.
        if 2 * len(pcm) >= (end - start) * BYTES_PER_SAMPLE * recording.channels > 0:
            pieces.append(Piece(gap.pk, start, door.mask(pcm)))
            left_ms -= length_ms
    return pieces


def _open_gaps(call: Call, stored_samples: int) -> QuerySet[Gap]:
    """Without those whose audio never came: the recording is silent there, and silence is no transcript."""
    here = ~Q(reason=ON_ITS_WAY) | Q(end_ms__lte=stored_samples // SAMPLES_PER_MS)
    gaps = Gap.objects.filter(here, call=call, repaired_at=None, end_ms__gt=0)
    return gaps.exclude(reason=NEVER_ARRIVED).order_by("start_ms")


async def _transcribe(provider: SpeechProvider, spec: StreamSpec, pieces: Sequence[Piece]) -> list[Repaired]:
    """Stops at the first gap that fails: the service that failed would fail again."""
    repaired = []
    try:
        for piece in pieces:
            repaired.append(await _transcribe_one(provider, spec, piece))  # noqa: PERF401 -- keeps what came before an error
    except SpeechError as error:
        logger.warning("Gaps are left: %s", error.reason, extra={"call": spec.call_id})
    finally:
        # The engine and the connections belong to this loop, which ends here.
        await speech.shutdown()
    return repaired


async def _transcribe_one(provider: SpeechProvider, spec: StreamSpec, piece: Piece) -> Repaired:
    lines: list[Line] = []
    usage: list[Usage] = []
    stride = BYTES_PER_SAMPLE * spec.channels
    step = CHUNK_MS * SAMPLES_PER_MS * stride
    for start in range(0, len(piece.pcm), step):
        chunk = piece.pcm[start : start + step]
        found, used = await provider.transcribe(spec, piece.first_sample + start // stride, chunk)
        lines += found
        usage += used
    return Repaired(piece.gap_id, tuple(lines), tuple(usage))


def _close(call: Call, repaired: Repaired, heard: Sequence[Line]) -> bool:
    with transaction.atomic():
        if not Gap.objects.filter(pk=repaired.gap_id, repaired_at=None).update(repaired_at=timezone.now()):
            return False
        number = max((line.utterance for line in heard), default=0) + 1_000 * repaired.gap_id
        new = [each for each in repaired.lines if not is_heard(each, heard)]
        for offset, line in enumerate(_clean(new, heard)):
            numbered = replace(line, utterance=number + offset)
            append_event(call.id, Kind.LINE, events.line(CleanLine(numbered)))
        for usage in repaired.usage:
            _meter(call, usage)
    return True


def _clean(lines: Sequence[Line], heard: Sequence[Line]) -> list[CleanLine]:
    """Without the numbers that the policy takes out, given what was said before the gap."""
    redactor = Redactor(current_policy().redact)
    first_ms = min((line.start_ms for line in lines), default=0)
    redactor.restore(line for line in heard if line.end_ms <= first_ms)
    redacted = [redactor.hear(replace(line, is_final=True, recovered=True)) for line in lines]
    metrics.count_redactions(mask for each in redacted for mask in each.masks)
    return [each.line for each in redacted]


def is_heard(line: Line, heard: Sequence[Line]) -> bool:
    """Whether another line of the channel covers the middle of this one: one side may have been heard in a gap."""
    middle_ms = (line.start_ms + line.end_ms) // 2
    return any(each.channel is line.channel and each.start_ms <= middle_ms <= each.end_ms for each in heard)


def _meter(call: Call, usage: Usage) -> None:
    payload = events.usage(usage)
    seq = append_event(call.id, Kind.USAGE, payload)
    entry = Metered.from_payload(payload, call_id=call.id, call_seq=seq, member_id=call.member_id, at=timezone.now())
    record([entry])
