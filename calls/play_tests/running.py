"""Runs a back-test call by call through the live engine. Resumable: who claims it goes on with the calls not done."""

from __future__ import annotations

import logging
import time
import uuid

from django.db import transaction
from django.utils import timezone

from calls import reading
from calls.events import Kind
from calls.holding import Held, play_tests
from calls.models import CallEvent, PlayTest, PlayTestCall, PlayTestHit
from coaching import handbook, services, working_copy
from coaching.backtest import Outcome, backtest
from coaching.types import Line, Material, Play

logger = logging.getLogger(__name__)

BUDGET_S = 300.0
"""How long one task works on a test."""

MAX_HITS_A_CALL = 50


class TakenOver(Exception):
    """The test was deleted, or somebody else runs it."""


def run(test_id: int, *, budget_s: float = BUDGET_S) -> bool:
    """Work on a test; True when there is more to do. A fault of ours gives it back: it is tried again later."""
    held = play_tests.claim(test_id)
    if held is None:
        return False
    try:
        return _run(held, until=time.monotonic() + budget_s)
    except TakenOver:
        return False
    except Exception:
        error_id = play_tests.give_back(held)
        logger.exception("Back-test of a play broke", extra={"test": test_id, "error_id": error_id})
        return False


def lines_of(call_id: uuid.UUID) -> list[Line]:
    """What was said in a call, in order of speech."""
    rows = CallEvent.objects.filter(call_id=call_id, kind=Kind.LINE.value).order_by("seq")
    lines = [reading.line_of(payload) for payload in rows.values_list("payload", flat=True)]
    return sorted(lines, key=lambda line: (line.start_ms, line.channel.index))


def _run(held: Held, *, until: float) -> bool:
    test = PlayTest.objects.get(pk=held.test_id)
    play = handbook.read({"plays": [test.play]}).plays[0]
    material = services.material_of(working_copy.read(), 0)
    for row in test.calls.select_related("call").filter(done_at=None):
        if time.monotonic() >= until:
            play_tests.pause(held)
            return True
        outcome = _on_call(material, play, row)
        _save(held, test, row, outcome)
    if not play_tests.finish(held):
        raise TakenOver
    return False


def _on_call(material: Material, play: Play, row: PlayTestCall) -> Outcome:
    return backtest(material, play, lines_of(row.call_id), is_mono=row.call.channels == 1)


def _save(held: Held, test: PlayTest, row: PlayTestCall, outcome: Outcome) -> None:
    """One call's result at a time; what was marked on this call in an earlier test of the play stays marked."""
    marks = _earlier_marks(test, row.call_id)
    with transaction.atomic():
        if not play_tests.renew(held):
            raise TakenOver
        hits = {fire.at_ms: fire for fire in outcome.fires[:MAX_HITS_A_CALL]}
        PlayTestHit.objects.bulk_create(
            PlayTestHit(test=test, call_id=row.call_id, at_ms=at_ms, is_shown=fire.is_shown, **marks.get(at_ms, {}))
            for at_ms, fire in hits.items()
        )
        PlayTestCall.objects.filter(pk=row.pk).update(
            done_at=timezone.now(),
            fired=len(outcome.fires),
            shown=sum(fire.is_shown for fire in outcome.fires),
            stood_back=outcome.stood_back,
        )


def _earlier_marks(test: PlayTest, call_id: uuid.UUID) -> dict[int, dict[str, object]]:
    earlier = PlayTestHit.objects.filter(test__key=test.key, call_id=call_id, is_right__isnull=False)
    return {
        hit.at_ms: {"is_right": hit.is_right, "marked_at": hit.marked_at, "marked_by_id": hit.marked_by_id}
        for hit in earlier.order_by("marked_at")
    }
