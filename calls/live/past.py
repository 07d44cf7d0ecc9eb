"""What an earlier owner of a call kept and did not hear, handed to the ears of the new one."""

from __future__ import annotations

from calls.live import opening
from calls.live.acks import Watermarks
from calls.live.audio import ms, samples
from calls.live.listening import Listening
from calls.live.opening import OpenedCall
from calls.live.repair_lane import Missing


def repair_the_past(
    call: OpenedCall, listening: Listening, marks: Watermarks, *, next_sample: int, is_shut: bool
) -> None:
    """Before the first new audio. Everything before `next_sample` is settled: it is heard, or told as missing.

    `is_shut`: nobody may be heard, so no gap is closed.
    """
    until_ms = ms(next_sample)
    for start_ms, end_ms in () if is_shut else call.gaps:
        missing = Missing(start_ms, end_ms, "", dict.fromkeys(marks.channels, (start_ms, end_ms)))
        if call.stored_samples is not None:
            listening.repair(missing)
        elif end_ms > until_ms:
            listening.hear_again(missing)
    if next_sample > call.acked_samples + samples(100):
        for gap in opening.unheard_gaps(call, until_ms):
            listening.missed(gap)
    for channel in marks.channels:
        marks.settle(channel, until_ms)
