"""What a call's owner had kept and not heard when somebody else had to end the call: its process was gone."""

from __future__ import annotations

from calls.live.audio import ms
from calls.live.door import Door
from calls.live.recording import storage_root, stored_samples
from calls.models import Call, Gap, Recording

WHY = "The server was gone before this was heard."
SHORTEST_MS = 50


def add_gap(call: Call) -> Gap | None:
    """Makes it a gap, which the repair after the call closes; None when there is nothing, or nobody may hear it.

    On the disk may be more than the owner lived to save of: the file decides, and the row follows it.
    """
    from calls.consents import state_of  # noqa: PLC0415 - consents stand above services, which ends calls

    recording = Recording.objects.filter(call=call).first()
    if recording is None or recording.is_passing or Door(state_of(call), call.channels).is_shut:
        return None
    there = max(recording.stored_samples, stored_samples(storage_root() / recording.path, recording.channels))
    if ms(there) - ms(call.acked_samples) < SHORTEST_MS:
        return None
    Recording.objects.filter(pk=recording.pk).update(stored_samples=there)
    return Gap.objects.create(call=call, start_ms=ms(call.acked_samples), end_ms=ms(there), reason=WHY)
