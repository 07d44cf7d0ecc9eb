"""Audio that arrives after its call has ended: the browser was offline, or hung up before everything was sent.

For `CALL_LATE_AUDIO_HOURS` after the end the rep's own browser may deliver it. It joins the recording at its place on
the capture clock, is told as a gap, and the report becomes due anew: its repair transcribes the gap. Where the business
keeps no recordings the audio lies in a passing file until the report has been written, then it is deleted.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from calls import events
from calls.clock import database_now
from calls.consents import state_of
from calls.events import Kind
from calls.live.audio import MAX_CALL_SAMPLES, NEVER_ARRIVED, TOO_FAST, FrameError, check_pcm, is_ahead_of_time, ms
from calls.live.door import Door
from calls.live.recording import passing_path, relative_path, storage_root, stored_samples, write_samples
from calls.live.recording_mark import Mark, claim, remove, write_mark
from calls.models import Call, CallEvent, CallState, Gap, Recording, ReportState
from calls.services import CallNotFound, CallOver, append_event
from calls.speech.base import BYTES_PER_SAMPLE
from calls.speech.browser import NAME as BROWSER
from tenants.context import require_tenant
from tenants.house.policies import current_policy

ARRIVED_LATE = "This audio arrived after the call."
REPORT_AFTER_S = 5
"""Between the last late audio and the new report: more may be on its way, and would make it due once more."""
LONGEST_GAP_MS = 300_000
SHORTEST_GAP_MS = 50

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """`ack`: everything before is durable. It is also where the audio is to go on."""

    ack: int


def take(call_id: uuid.UUID, first_sample: int, pcm: bytes, *, resume: int | None = None) -> Taken:
    """Stores interleaved PCM16 of an ended call from `first_sample` on; durable when this returns.

    In order: what is stored already is never written again, a jump is a gap that stays. Where the client still has
    what a jump leaves out (`resume`, its oldest sample), nothing is taken: it was sent to the call's owner when that
    had to leave it unsaved, and comes again from `ack` on. The caller has checked whose
    call it is. Two at once take turns at the call's row. Raises `CallNotFound`, `CallOver` once the time for it is
    over or the call's log is deleted, `FrameError` for audio that can not have been spoken yet, `OSError` when the
    disk refuses: nothing is acknowledged then.
    """
    with transaction.atomic():
        call = Call.objects.select_for_update().filter(pk=call_id).first()
        if call is None:
            raise CallNotFound
        now = timezone.now()
        if not may_come(call, now):
            raise CallOver
        end = first_sample + check_pcm(pcm, call.channels)
        _check_pace(call, end, now)
        recording = _recording(call)
        path = storage_root() / recording.path
        known = max(call.acked_samples, recording.stored_samples)
        if end <= known or (resume is not None and max(known, resume) < first_sample):
            return Taken(known)
        start, there = max(first_sample, known), max(known, stored_samples(path, call.channels))
        new = pcm[(start - first_sample) * BYTES_PER_SAMPLE * call.channels :]
        _own(path, call.epoch)
        write_samples(path, call.channels, start, Door(state_of(call), call.channels).mask(new))
        recording.stored_samples = end
        recording.save(update_fields=["stored_samples"])
        _tell(call, there=there, start=start, end=end)
        _ask_for_report(call)
    logger.info("Late audio taken", extra={"call": call_id.hex, "late_ms": ms(end - start)})
    return Taken(end)


def _own(path: Path, epoch: int) -> None:
    """A former owner that is still there writes nothing any more, and the size of the file tells what there is."""
    if claim(path, epoch).whole_through is not None:
        write_mark(path, Mark(epoch))


def may_come(call: Call, now: datetime) -> bool:
    """Whether an ended call still takes audio."""
    return (
        call.state == CallState.ENDED
        and call.ended_at is not None
        and call.log_deleted_at is None
        and now < call.ended_at + timedelta(hours=settings.CALL_LATE_AUDIO_HOURS)
    )


def drop_passing() -> int:
    """Deletes the passing files of the current business that nobody needs any more; returns how many.

    Those whose report has been written with nothing of the audio left to transcribe, and all of them once nothing
    more may come. A file that can not be removed is tried again at the next sweep.
    """
    over = timezone.now() - timedelta(hours=settings.CALL_LATE_AUDIO_HOURS)
    settled = ~Q(call__report_state__in=[ReportState.DUE, ReportState.WRITING])
    open_calls = Gap.objects.filter(repaired_at=None).exclude(reason=NEVER_ARRIVED).values("call_id")
    done = (settled & ~Q(call__in=open_calls)) | Q(call__ended_at__lt=over)
    dropped = 0
    for row in Recording.objects.filter(done, path__endswith=Recording.PASSING):
        try:
            remove(storage_root() / row.path)
        except OSError as error:
            logger.warning("A passing file can not be removed: %s", error.strerror, extra={"call": row.call_id.hex})
            continue
        row.delete()
        dropped += 1
    return dropped


def _check_pace(call: Call, end: int, now: datetime) -> None:
    """No microphone has spoken in the future; a recording that is played in has no hour of its own."""
    age_s = (now - call.started_at).total_seconds()
    if end > MAX_CALL_SAMPLES or (call.source != "replay" and is_ahead_of_time(end, age_s)):
        raise FrameError(TOO_FAST)


def _recording(call: Call) -> Recording:
    """Where it goes: the call's recording, a new one where the business keeps them, else a passing file."""
    make = relative_path if current_policy().keep_recording else passing_path
    path = make(require_tenant().id, call.id)
    row, _ = Recording.objects.get_or_create(call=call, defaults={"path": path, "channels": call.channels})
    return row


def _tell(call: Call, *, there: int, start: int, end: int) -> None:
    """What never came stays a gap for good; what came and nobody has heard is one for the repair."""
    known_ms = _heard_ms(call)
    jumped_ms = max(ms(there), known_ms)
    if ms(start) - jumped_ms >= SHORTEST_GAP_MS:
        _add_gap(call, jumped_ms, ms(start), NEVER_ARRIVED)
    if not Door(state_of(call), call.channels).is_shut:
        from_ms = max(ms(start), known_ms)
        while from_ms < ms(end):
            until_ms = min(ms(end), from_ms + LONGEST_GAP_MS)
            _add_gap(call, from_ms, until_ms, ARRIVED_LATE)
            from_ms = until_ms


def _heard_ms(call: Call) -> int:
    """Up to where the call's own time accounts for everything: by an engine's lines, or by gaps that the log tells.

    A browser tells its own rep of audio that has yet to come, and nothing of the other side.
    """
    last_gap = Gap.objects.filter(call=call).aggregate(last=Max("end_ms"))["last"] or 0
    lines = CallEvent.objects.filter(call=call, kind=Kind.LINE.value).exclude(payload__provider=BROWSER)
    return max(
        ms(call.acked_samples), last_gap, max(map(int, lines.values_list("payload__end_ms", flat=True)), default=0)
    )


def _add_gap(call: Call, start_ms: int, end_ms: int, reason: str) -> None:
    """One more gap of the log. In the table it grows the one before it, so that no word is cut where bodies meet.

    Not while a report is being written: that gap may be in its hands.
    """
    append_event(call.id, Kind.GAP, events.gap(start_ms=start_ms, end_ms=end_ms, reason=reason))
    grown = 0
    if call.report_state != ReportState.WRITING:
        before = Gap.objects.filter(call=call, end_ms=start_ms, reason=reason, repaired_at=None)
        grown = before.filter(start_ms__gt=end_ms - LONGEST_GAP_MS).update(end_ms=end_ms)
    if not grown:
        Gap.objects.create(call=call, start_ms=start_ms, end_ms=end_ms, reason=reason)


def _ask_for_report(call: Call) -> None:
    """Due anew, once no more has come for a while; whoever writes it now can not finish, and the sweeper sends it."""
    Call.objects.filter(pk=call.pk).update(
        report_state=ReportState.DUE,
        report_due_at=database_now() + timedelta(seconds=REPORT_AFTER_S),
        report_attempts=0,
    )
