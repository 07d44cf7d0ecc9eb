"""The sound of a finished call: who may hear it, why there is none, its bytes. Within the current business."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from asgiref.sync import sync_to_async
from django.utils import timezone

from calls import wav
from calls.live.recording import storage_root, stored_samples
from calls.models import Call, CallState, Recording
from calls.speech.base import BYTES_PER_SAMPLE
from tenants.house.policies import may_listen
from tenants.house.policy import Policy
from tenants.members.refs import MemberRef

CHUNK_BYTES = 256 * 1024

NOT_OVER = "The recording can be heard once the call has ended."
NOT_FOR_YOU = "Your business's policy does not let you play this recording."
NOT_KEPT = "This call was not recorded."
TOO_OLD = "The recording was deleted: your business keeps recordings for {days} days."
LOST = "The recording is not where it was stored. Ask the people who run the server."
SILENT = "No sound arrived on this call, so there is nothing to hear."


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording that may be heard, as a WAV file."""

    path: Path
    channels: int
    samples: int

    @property
    def pcm_bytes(self) -> int:
        return self.samples * self.channels * BYTES_PER_SAMPLE

    @property
    def size(self) -> int:
        return wav.HEAD_BYTES + self.pcm_bytes


@dataclass(frozen=True, slots=True)
class Silence:
    """There is none, or not for this member: `reason` for people. `is_refused`: there may be one for others."""

    reason: str
    is_refused: bool = False


def find(call: Call, member: MemberRef, policy: Policy) -> Sound | Silence:
    """The recording of `call`, which the member may see (`services.visible_call`)."""
    if not may_listen(member.roles, is_own_call=call.member_id == member.id, policy=policy):
        return Silence(NOT_FOR_YOU, is_refused=True)
    if call.state != CallState.ENDED:
        return Silence(NOT_OVER)
    row = Recording.objects.filter(call=call).first()
    if row is None or row.is_passing:
        return Silence(_why_none(call, policy))
    path = storage_root() / row.path
    samples = stored_samples(path, row.channels)
    if not samples:
        return Silence(LOST if row.stored_samples else SILENT)
    return Sound(path, row.channels, samples)


def _why_none(call: Call, policy: Policy) -> str:
    is_over_age = (
        policy.audio_days and call.ended_at and call.ended_at < timezone.now() - timedelta(days=policy.audio_days)
    )
    return TOO_OLD.format(days=policy.audio_days) if is_over_age else NOT_KEPT


async def stream(sound: Sound, piece: wav.Piece) -> AsyncIterator[bytes]:
    """The bytes of `piece`, in portions. Ends early when the file is shorter by now: retention may have met it."""
    head = wav.head(channels=sound.channels, pcm_bytes=sound.pcm_bytes)[piece.start : piece.end]
    if head:
        yield head
    at = max(piece.start - wav.HEAD_BYTES, 0)
    end = piece.end - wav.HEAD_BYTES
    read = sync_to_async(_read, thread_sensitive=False)
    while at < end:
        portion = await read(sound.path, at, min(CHUNK_BYTES, end - at))
        if not portion:
            return
        at += len(portion)
        yield portion


def _read(path: Path, at: int, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(at)
            return file.read(size)
    except OSError:
        return b""
