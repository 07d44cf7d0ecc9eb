"""A back-test as its page shows it: figures, the estimated precision, sample hits with what was said."""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, Sum
from django.utils import timezone

from calls.models import PlayTest, PlayTestHit, TrialState
from calls.play_tests.running import lines_of
from coaching.types import Line
from tenants.members.models import Member

SAMPLES = 20
LINES_BEFORE = 2
Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Precision:
    """Of `marked` hits so many were right. `low` to `high`: where the true share lies, 95 times of 100."""

    right: int
    marked: int
    low: float
    high: float

    @property
    def words(self) -> str:
        if not self.marked:
            return "Not known yet: mark some of the samples below as right or wrong."
        share = round(100 * self.right / self.marked)
        return (
            f"{share} % right: {self.right} of {self.marked} marked. The true share most likely lies between "
            f"{round(100 * self.low)} and {round(100 * self.high)} %."
        )


@dataclass(frozen=True, slots=True)
class Figures:
    calls: int
    with_hit: int
    fired: int
    shown: int
    stood_back: int
    per_call: str
    precision: Precision


@dataclass(frozen=True, slots=True)
class Sample:
    """`excerpt` is (speaker, text), the line of the hit last; empty once the log is gone."""

    id: int
    call_id: uuid.UUID
    call_name: str
    at_ms: int
    is_shown: bool
    is_right: bool | None
    excerpt: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Progress:
    done: int
    total: int
    state: str
    is_final: bool


def wilson(right: int, marked: int) -> Precision:
    """The Wilson score interval at 95 %: fit for few samples, where the plain one promises too much.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if not marked:
        return Precision(0, 0, 0.0, 1.0)
    share, square = right / marked, Z_95 * Z_95
    middle = share + square / (2 * marked)
    reach = Z_95 * math.sqrt(share * (1 - share) / marked + square / (4 * marked * marked))
    below = 1 + square / marked
    return Precision(right, marked, max(0.0, (middle - reach) / below), min(1.0, (middle + reach) / below))


def progress(test: PlayTest) -> Progress:
    counted = test.calls.aggregate(total=Count("pk"), done=Count("pk", filter=Q(done_at__isnull=False)))
    return Progress(
        done=counted["done"],
        total=counted["total"],
        state=test.get_state_display(),
        is_final=test.state in (TrialState.DONE, TrialState.FAILED),
    )


def figures(test: PlayTest) -> Figures:
    rows = test.calls.filter(done_at__isnull=False)
    sums = rows.aggregate(
        calls=Count("pk"),
        with_hit=Count("pk", filter=Q(fired__gt=0)),
        fired=Sum("fired", default=0),
        shown=Sum("shown", default=0),
        stood_back=Sum("stood_back", default=0),
    )
    marks = test.hits.aggregate(right=Count("pk", filter=Q(is_right=True)), marked=Count("is_right"))
    per_call = f"{sums['fired'] / sums['calls']:.2f}" if sums["calls"] else "–"
    return Figures(**sums, per_call=per_call, precision=wilson(marks["right"], marks["marked"]))


def samples(test: PlayTest) -> list[Sample]:
    """At most 20 hits, spread evenly over the calls that had one. Reads each of their logs once."""
    ids = list(test.hits.values_list("pk", flat=True))
    step = max(1, math.ceil(len(ids) / SAMPLES))
    hits = list(test.hits.select_related("call").filter(pk__in=ids[::step]))
    lines = {call_id: lines_of(call_id) for call_id in {hit.call_id for hit in hits}}
    return [_sample(hit, lines[hit.call_id]) for hit in hits]


def mark(hit: PlayTestHit, *, is_right: bool | None, by: Member) -> None:
    """Right, wrong, or None to take it back. The last word counts."""
    PlayTestHit.objects.filter(pk=hit.pk).update(is_right=is_right, marked_at=timezone.now(), marked_by=by)


def _sample(hit: PlayTestHit, lines: Sequence[Line]) -> Sample:
    until = [line for line in lines if line.start_ms <= hit.at_ms]
    return Sample(
        id=hit.pk,
        call_id=hit.call_id,
        call_name=str(hit.call),
        at_ms=hit.at_ms,
        is_shown=hit.is_shown,
        is_right=hit.is_right,
        excerpt=tuple((line.channel.value, line.text) for line in until[-LINES_BEFORE - 1 :]),
    )
