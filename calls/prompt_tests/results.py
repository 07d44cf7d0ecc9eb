"""A test as its page shows it: both versions' figures, and moment by moment the two answers with what was said."""

from __future__ import annotations

import math
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.costs import Cost
from billing.ledger import Metered, cost_of
from calls.models import PromptTest, PromptTestMoment, TrialState
from calls.prompt_tests.starting import log_entries
from coaching import difference
from coaching.difference import Piece
from coaching.trial import Outcome
from coaching.types import Line

LINES_BEFORE = 3
OUTCOMES = {
    Outcome.SHOWN: "Shown",
    Outcome.DECLINED: "No card: the model found none useful",
    Outcome.UNGROUNDED: "Not shown: not covered by your knowledge",
    Outcome.LATE: "Too late: the playbook's card would have stayed",
    Outcome.FAILED: "The model failed",
}
REASONS = {
    "number": "it names a figure that no approved fact holds",
    "name": "it names somebody or something that your material does not",
    "claim": "it claims what no approved fact holds",
    "source": "it states something without a fact to lean on",
    "length": "it is empty or too long to read at a glance",
    "rate_limited": "too many requests at once; its server asks to wait",
    "over_quota": "the account's quota at the model's vendor is used up",
    "refused": "its server refuses our key",
    "no_such_model": "its server knows no model of this name",
    "unreachable": "its server can not be reached, or broke off the answer",
    "stalled": "its server stopped in the middle of the answer",
    "server_error": "its server has an error",
    "bad_request": "its server refuses a setting of this version",
    "malformed": "it did not answer in the form that a card needs",
    "cut_short": "its answer broke off",
    "truncated": "the answer was longer than this version allows",
    "filtered": "the vendor's filter stopped the answer",
    "empty": "it answered nothing",
}


@dataclass(frozen=True, slots=True)
class AnswerView:
    """`words` says in a sentence what became of it; the card's text is there whenever there was one."""

    outcome: str
    words: str
    say: str
    title: str
    why: str
    source: str
    first_words_ms: int | None
    total_ms: int | None


@dataclass(frozen=True, slots=True)
class MomentView:
    """`excerpt` is `(channel, text)`, the line of the signal last; empty once the log is gone."""

    number: int
    call_id: uuid.UUID
    call_name: str
    title: str
    start_ms: int
    excerpt: tuple[tuple[str, str], ...]
    before: AnswerView | None
    after: AnswerView | None
    pieces: tuple[Piece, ...]
    is_different: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """One version's totals. Percentiles are nearest rank, over answers that came; None without any."""

    name: str
    outcomes: tuple[tuple[str, int], ...]
    first_p50_ms: int | None
    first_p95_ms: int | None
    total_p50_ms: int | None
    total_p95_ms: int | None
    input_tokens: int
    output_tokens: int
    cost: Cost


@dataclass(frozen=True, slots=True)
class Progress:
    done: int
    total: int
    state: str
    is_final: bool


def progress(test: PromptTest) -> Progress:
    return Progress(
        done=test.moments.exclude(answered_at=None).count(),
        total=test.moments.count(),
        state=test.get_state_display(),
        is_final=test.state in (TrialState.DONE, TrialState.FAILED),
    )


def figures(test: PromptTest) -> tuple[Figures, Figures]:
    """The version in use, then the tested one."""
    rows = list(test.moments.exclude(answered_at=None))
    before = f"{test.against} (in use)" if test.against else "Built-in text (in use)"
    return (
        _figures(before, [(row.before, row.answered_at) for row in rows if row.before and row.answered_at]),
        _figures(str(test.version), [(row.after, row.answered_at) for row in rows if row.after and row.answered_at]),
    )


def moments(test: PromptTest) -> list[MomentView]:
    """Reads each call's log once."""
    rows = list(test.moments.select_related("call"))
    lines: dict[uuid.UUID, list[Line]] = {}
    for row in rows:
        if row.call_id not in lines and row.signal_id:
            lines[row.call_id] = [entry for entry in log_entries(row.call_id) if isinstance(entry, Line)]
    return [_moment(row, lines.get(row.call_id, [])) for row in rows]


def _moment(row: PromptTestMoment, lines: Sequence[Line]) -> MomentView:
    before, after = _answer(row.before), _answer(row.after)
    said = (before.say if before else "", after.say if after else "")
    topic = row.topic.replace("_", " ").replace("-", " ")
    return MomentView(
        number=row.number,
        call_id=row.call_id,
        call_name=str(row.call),
        title=f"{row.kind.replace('_', ' ').capitalize()}: {topic}" if row.kind else "Report",
        start_ms=row.start_ms,
        excerpt=_excerpt(lines, row.start_ms),
        before=before,
        after=after,
        pieces=difference.of_words(*said) if all(said) and said[0] != said[1] else (),
        is_different=before is not None
        and after is not None
        and (before.words, before.say) != (after.words, after.say),
    )


def _differ(before: AnswerView | None, after: AnswerView | None) -> bool:
    """Whether the rep would have seen something else; while one answer is missing nobody knows."""
    return before is not None and after is not None and (before.words, before.say) != (after.words, after.say)


def _excerpt(lines: Sequence[Line], at_ms: int) -> tuple[tuple[str, str], ...]:
    """The line that is spoken at `at_ms` and the three before it, in the order of speech."""
    until = [line for line in sorted(lines, key=lambda line: line.start_ms) if line.start_ms <= at_ms]
    return tuple((line.channel.value, line.text) for line in until[-LINES_BEFORE - 1 :])


def _answer(stored: Mapping[str, Any] | None) -> AnswerView | None:
    if stored is None:
        return None
    outcome = Outcome(stored["outcome"])
    reason = REASONS.get(stored["reason"], "")
    return AnswerView(
        outcome=outcome.value,
        words=f"{OUTCOMES[outcome]}: {reason}." if reason else f"{OUTCOMES[outcome]}.",
        say=stored["say"],
        title=stored["title"],
        why=stored["why"],
        source=stored["source"],
        first_words_ms=stored["first_words_ms"],
        total_ms=stored["total_ms"],
    )


def _figures(name: str, answers: Sequence[tuple[Mapping[str, Any], datetime]]) -> Figures:
    counted = Counter(answer["outcome"] for answer, _ in answers)
    usage = [(entry, at) for answer, at in answers for entry in answer["usage"]]
    first, total = (_timed(answers, key) for key in ("first_words_ms", "total_ms"))
    return Figures(
        name=name,
        outcomes=tuple((OUTCOMES[outcome].partition(":")[0], counted[outcome.value]) for outcome in Outcome),
        first_p50_ms=percentile(first, 50),
        first_p95_ms=percentile(first, 95),
        total_p50_ms=percentile(total, 50),
        total_p95_ms=percentile(total, 95),
        input_tokens=sum(entry["quantity"] for entry, _ in usage if entry["unit"] != "output_tokens"),
        output_tokens=sum(entry["quantity"] for entry, _ in usage if entry["unit"] == "output_tokens"),
        cost=cost_of([_metered(entry, at) for entry, at in usage]),
    )


def _timed(answers: Sequence[tuple[Mapping[str, Any], datetime]], key: str) -> list[int]:
    return [answer[key] for answer, _ in answers if answer[key] is not None]


def _metered(entry: Mapping[str, Any], at: datetime) -> Metered:
    return Metered(
        call_id=None,
        call_seq=None,
        member_id=None,
        at=at,
        component=entry["component"],
        provider=entry["provider"],
        model=entry["model"],
        unit=entry["unit"],
        quantity=entry["quantity"],
        purpose=entry["purpose"],
    )


def percentile(values: Iterable[int], percent: int) -> int | None:
    """Nearest rank: the smallest value that at least `percent` of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else None
