"""Runs a test: moment by moment through both versions at once, each pair of answers saved and metered when it came.

Resumable: whoever claims a test goes on with the moments that have no answer yet. What was asked of the model costs,
so its usage goes to billing with the answers, for the purpose "test" and for no call.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, Protocol

from django.db import transaction
from django.utils import timezone

from billing.ledger import Metered, record
from calls import events
from calls.holding import Held, prompt_tests
from calls.models import PromptTest, PromptTestMoment
from calls.prompt_tests.starting import log_entries
from coaching import prompt_versions, trial
from coaching.llm.base import ModelError
from coaching.llm.choice import new_card_model
from coaching.models import PromptPurpose, PromptVersion
from coaching.services import load_material
from coaching.summaries import ask_model
from coaching.trial import Asked, Bench, Outcome, Trial
from coaching.types import Line, Material, Moment, Prompt
from tenants.house.vendor_keys import model_key

logger = logging.getLogger(__name__)

BUDGET_S = 300.0
"""How long one task works on a test; below the limit of a task with room for the longest answer."""

Pair = tuple[Trial, Trial]


class Ended(Enum):
    NOTHING = auto()
    NOT_YET = auto()
    DONE = auto()


class TakenOver(Exception):
    """The test was deleted, or somebody else runs it."""


class Sides(Protocol):
    """Both versions, ready to answer. None: the log of the call is gone."""

    def answer(self, row: PromptTestMoment) -> Pair | None: ...


def run(test_id: int, *, budget_s: float = BUDGET_S) -> Ended:
    """Work on a test for `budget_s` or until it is done. A fault of ours gives it back: it is tried again later."""
    held = prompt_tests.claim(test_id)
    if held is None:
        return Ended.NOTHING
    try:
        return _run(held, until=time.monotonic() + budget_s)
    except TakenOver:
        return Ended.NOTHING
    except Exception:
        error_id = prompt_tests.give_back(held)
        logger.exception("Test of a prompt broke", extra={"test": test_id, "error_id": error_id})
        return Ended.NOTHING


def _run(held: Held, *, until: float) -> Ended:
    test = PromptTest.objects.select_related("version", "against").get(pk=held.test_id)
    with ExitStack() as stack:
        sides = _sides(test, stack)
        for row in test.moments.filter(answered_at=None):
            if time.monotonic() >= until:
                prompt_tests.pause(held)
                return Ended.NOT_YET
            pair = sides.answer(row)
            if pair is None:
                row.delete()
            else:
                _save(held, test, row, pair)
    if not prompt_tests.finish(held):
        raise TakenOver
    return Ended.DONE


def _save(held: Held, test: PromptTest, row: PromptTestMoment, pair: Pair) -> None:
    """What was asked costs, even if somebody else has the test by now; the answers then are theirs."""
    at = timezone.now()
    record(
        [
            Metered(
                call_id=None,
                call_seq=None,
                member_id=test.asked_by_id,
                at=at,
                component=entry.component.value,
                provider=entry.provider,
                model=entry.model,
                unit=entry.unit,
                quantity=entry.quantity,
                purpose=entry.purpose,
                is_estimate=entry.is_estimate,
            )
            for each in pair
            for entry in each.usage
        ]
    )
    with transaction.atomic():
        if not prompt_tests.renew(held):
            raise TakenOver
        before, after = map(_as_json, pair)
        PromptTestMoment.objects.filter(pk=row.pk).update(before=before, after=after, answered_at=at)


def _as_json(one: Trial) -> Mapping[str, Any]:
    return {
        "outcome": one.outcome.value,
        "reason": one.reason,
        "say": one.say,
        "title": one.title,
        "why": one.why,
        "source": one.source,
        "first_words_ms": one.first_words_ms,
        "total_ms": one.total_ms,
        "usage": [dict(events.usage(entry)) for entry in one.usage],
    }


def _sides(test: PromptTest, stack: ExitStack) -> Sides:
    material = load_material()
    purpose = PromptPurpose(test.version.purpose)
    before, after = _prompt(test.against, purpose), test.version.as_value()
    if purpose is PromptPurpose.REPORT:
        return Reports(replace(material, report_prompt=before), replace(material, report_prompt=after))
    return Cards(
        replace(material, live_prompt=before), replace(material, live_prompt=after), stack=stack, name=f"test-{test.pk}"
    )


def _prompt(version: PromptVersion | None, purpose: PromptPurpose) -> Prompt:
    return version.as_value() if version is not None else prompt_versions.BUILT_IN[purpose]


class Cards:
    """Live cards: one loop for the whole run, so that both versions keep their connection warm as in a call."""

    def __init__(self, before: Material, after: Material, *, stack: ExitStack, name: str) -> None:
        model = new_card_model(model_key())
        if model is None:
            raise RuntimeError("The language model was taken away while a test ran: set OPENAI_API_KEY again.")
        self._runner = stack.enter_context(asyncio.Runner())
        stack.callback(lambda: self._runner.run(model.aclose()))
        # As before a call: otherwise the first answer would pay for the connection. What is wrong, the answers say.
        with suppress(ModelError):
            self._runner.run(model.warm_up())
        self._benches = (
            Bench(before, model, cache_key=f"{name}-before"),
            Bench(after, model, cache_key=f"{name}-after"),
        )
        self._call_id: uuid.UUID | None = None
        self._asked: dict[str, Asked] = {}

    def answer(self, row: PromptTestMoment) -> Pair | None:
        if row.call_id != self._call_id:
            self._call_id = row.call_id
            entries = log_entries(row.call_id)
            self._asked = {asked.signal.id: asked for asked in trial.retrace(entries, is_mono=row.call.channels == 1)}
        asked = self._asked.get(row.signal_id)
        return self._runner.run(self._both(asked)) if asked is not None else None

    async def _both(self, asked: Asked) -> Pair:
        before, after = await asyncio.gather(*(bench.answer(asked) for bench in self._benches))
        return before, after


@dataclass(frozen=True, slots=True)
class Reports:
    """Reports: one after the other, the summary's text beside the other's."""

    before: Material
    after: Material

    def answer(self, row: PromptTestMoment) -> Pair | None:
        entries = log_entries(row.call_id)
        lines = [entry for entry in entries if isinstance(entry, Line)]
        lines.sort(key=lambda line: (line.start_ms, line.channel.index))
        moments = {entry.id: entry for entry in entries if isinstance(entry, Moment)}
        if not lines:
            return None
        return _report(self.before, lines, [*moments.values()]), _report(self.after, lines, [*moments.values()])


def _report(material: Material, lines: list[Line], moments: list[Moment]) -> Trial:
    started = time.monotonic()
    try:
        summary = ask_model(material, lines, moments)
    except ModelError as error:
        return Trial(Outcome.FAILED, error.reason)
    points = [f"• {text}" for text, _ in (*summary.key_points, *summary.next_steps)]
    return Trial(
        Outcome.SHOWN,
        say="\n".join((summary.text, *points)),
        total_ms=round((time.monotonic() - started) * 1_000),
        usage=tuple(replace(entry, purpose=trial.PURPOSE) for entry in summary.usage),
    )
