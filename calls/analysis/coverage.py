"""How much of what was said has a transcript (METRICS.md, coverage). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from calls.analysis.figures import Figure, Span, ratio
from calls.analysis.intervals import Interval, total_ms, union
from calls.analysis.speech import Speech
from coaching.types import Channel


def coverage(speech: Speech, untranscribed: Sequence[Interval]) -> Figure:
    """Transcribed speech seconds / speech seconds captured.

    What lies in a gap is not known to be speech; all of it is counted as speech that was lost, so the value
    is a lower bound.
    """
    said = sum(total_ms(union((piece.start_ms, piece.end_ms) for piece in speech.of(channel))) for channel in Channel)
    lost = union(untranscribed)
    return ratio(
        "coverage",
        said,
        said + total_ms(lost),
        unit="ratio",
        denominator="speech captured",
        spans=(Span(None, start, end) for start, end in lost),
    )
