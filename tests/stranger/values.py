"""What stands in a planted field that can not hold just any text. By `app.model.field`.

Pages must be able to show these rows: a page that breaks on a canary hides who may read it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from calls.models import CallState, ReportState, TrialState
from coaching.models import PromptPurpose
from coaching.trial import Outcome
from coaching.types import SignalKind, Trigger
from tenants.consent.rules import Answer, Mode
from tenants.members.models import Role, Scope
from tests.owner import PLACE

CANARY = "canary"


def play() -> dict[str, Any]:
    """As in a playbook file."""
    return {
        "key": f"{CANARY}-play",
        "title": f"{CANARY} headline",
        "kind": SignalKind.OBJECTION.value,
        "topic": CANARY,
        "say": f"{CANARY} say",
        "patterns": [f"{CANARY} said"],
    }


def answer() -> dict[str, Any]:
    """One side of a test of a prompt."""
    words = {name: f"{CANARY} {name}" for name in ("say", "title", "why", "source")}
    return {**words, "outcome": Outcome.SHOWN.value, "reason": "", "first_words_ms": 1, "total_ms": 2, "usage": []}


def moment() -> dict[str, Any]:
    return {
        "id": "m1",
        "signal_id": "s1",
        "kind": SignalKind.OBJECTION.value,
        "topic": CANARY,
        "state": "open",
        "quote": f"{CANARY} quote",
        "start_ms": 1,
        "end_ms": 2,
    }


def card() -> dict[str, Any]:
    words = {name: f"{CANARY} {name}" for name in ("title", "say", "why", "topic", "author", "question")}
    made = {"id": "c1", "lane": "instant", "kind": SignalKind.OBJECTION.value, "trigger_end_ms": 1, "signal_id": "s1"}
    origin = {"source": None, "replaces": "", "prompt_version": 1, "playbook_version": 1, "play": f"{CANARY}-play"}
    fate = {"outcome": "used", "evidence": "words", "is_pinned": False, "latency_ms": 1, "heard_ms": 1}
    return {**words, **made, **origin, **fate}


SPECIAL: dict[str, Callable[[], Any]] = {
    "members.member.roles": lambda: [Role.REP.value],
    "members.member.password": lambda: "!",
    "members.apikey.scopes": lambda: [Scope.CALLS_READ.value],
    "house.branding.accent": lambda: "#0f766e",
    "house.policy.home_place": lambda: PLACE,
    "house.policy.customers_place": lambda: PLACE,
    "house.consentoverride.place": lambda: "DE",
    "coaching.play.kind": lambda: SignalKind.OBJECTION.value,
    "coaching.play.trigger": lambda: Trigger.SAID.value,
    **dict.fromkeys((f"coaching.play.{name}" for name in ("signals", "since", "before", "after")), str),
    "coaching.promptversion.purpose": lambda: PromptPurpose.LIVE.value,
    "coaching.promptversion.examples": lambda: [{"heard": f"{CANARY} heard", "say": f"{CANARY} answer"}],
    "coaching.playbookversion.content": lambda: {"format": 1, "plays": [play()], "keyterms": [CANARY]},
    "calls.call.state": lambda: CallState.ENDED.value,
    "calls.call.report_state": lambda: ReportState.READY.value,
    "calls.call.consent_mode": lambda: Mode.ASK.value,
    "calls.call.consent_answer": lambda: Answer.YES.value,
    "calls.callconsent.mode": lambda: Mode.ASK.value,
    "calls.callconsent.answer": lambda: Answer.YES.value,
    "calls.callconsent.given_by": lambda: "customer",
    "calls.callevent.kind": lambda: "note",
    "calls.callevent.payload": lambda: {"id": "n1", "text": f"{CANARY} said", "author": f"{CANARY} author"},
    "calls.report.origin": lambda: "model",
    "calls.report.key_points": lambda: [{"text": f"{CANARY} point", "start_ms": 1}],
    "calls.report.next_steps": lambda: [{"text": f"{CANARY} step", "start_ms": None}],
    "calls.report.moments": lambda: [moment()],
    "calls.report.cards": lambda: [card()],
    "calls.report.figures": lambda: {
        "has_roles": True,
        "figures": {},
        "timeline": {"rep": [[0, 1]], "customer": [[1, 2]]},
        "cards": {"shown": 1, "used": 1},
    },
    "calls.prompttest.state": lambda: TrialState.DONE.value,
    "calls.prompttestmoment.kind": lambda: SignalKind.OBJECTION.value,
    "calls.prompttestmoment.before": answer,
    "calls.prompttestmoment.after": answer,
    "calls.playtest.state": lambda: TrialState.DONE.value,
    "calls.playtest.play": play,
    "billing.usageentry.component": lambda: "speech",
}
