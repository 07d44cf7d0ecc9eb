"""The attention budget on the call's clock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coaching.attention import SNOOZE_MS, Attention, Offer, Verdict
from coaching.types import CardAction, SignalKind
from tenants.members.help_modes import HelpMode

S = 1_000


def offer(key: str = "price", topic: str = "price", kind: SignalKind = SignalKind.OBJECTION) -> Offer:
    return Offer(key, kind, topic)


def push(attention: Attention, one: Offer, at_ms: int) -> None:
    assert attention.judge(one, at_ms)[0] is Verdict.SHOW
    attention.pushed(one, f"card-{at_ms}", at_ms)


def test_twenty_seconds_lie_between_pushed_cards_by_default() -> None:
    attention = Attention({})
    push(attention, offer(), 0)
    assert attention.judge(offer("need", "need"), 10 * S) == (Verdict.DROP, "spacing")
    assert attention.judge(offer("need", "need"), 18 * S) == (Verdict.HOLD, "spacing")
    assert attention.judge(offer("need", "need"), 20 * S) == (Verdict.SHOW, "")


def test_six_cards_in_ten_minutes_by_default() -> None:
    attention = Attention({})
    for number in range(6):
        push(attention, offer(f"play-{number}", f"topic-{number}"), number * 20 * S)
    assert attention.judge(offer("more", "more"), 200 * S) == (Verdict.DROP, "budget")
    assert attention.judge(offer("more", "more"), 600 * S) == (Verdict.SHOW, "")


def test_a_business_sets_its_own_budget() -> None:
    attention = Attention({"seconds_between_cards": 5, "cards_per_10_minutes": 2})
    push(attention, offer(), 0)
    push(attention, offer("need", "need"), 5 * S)
    assert attention.judge(offer("more", "more"), 60 * S) == (Verdict.DROP, "budget")


def test_a_card_waits_while_the_rep_speaks() -> None:
    attention = Attention({})
    attention.note_speaking(True, 0)
    assert attention.judge(offer(), 200)[0] is Verdict.SHOW, "a sound of 200 ms is not speech yet"
    assert attention.judge(offer(), 1 * S) == (Verdict.HOLD, "speaking")
    attention.note_speaking(False, 2 * S)
    assert attention.judge(offer(), 2 * S)[0] is Verdict.SHOW


def test_compliance_passes_speech_spacing_and_budget_but_not_its_own_cooldown() -> None:
    attention = Attention({"cards_per_10_minutes": 1})
    push(attention, offer(), 0)
    attention.note_speaking(True, 0)
    warning = offer("promise", "guarantee", SignalKind.COMPLIANCE)
    push(attention, warning, 5 * S)
    assert attention.judge(warning, 6 * S) == (Verdict.DROP, "cooldown")


def test_the_same_play_cools_down() -> None:
    attention = Attention({})
    push(attention, offer(), 0)
    assert attention.judge(offer(), 40 * S) == (Verdict.DROP, "cooldown")
    assert attention.judge(offer(), 60 * S)[0] is Verdict.SHOW


@pytest.mark.parametrize(
    ("action", "later_ms", "verdict"),
    [
        (CardAction.DISMISSED, 3_000 * S, Verdict.DROP),
        (CardAction.SNOOZED, SNOOZE_MS - 1, Verdict.DROP),
        (CardAction.SNOOZED, SNOOZE_MS + 1, Verdict.SHOW),
        (CardAction.USED, 100 * S, Verdict.SHOW),
        (CardAction.PINNED, 100 * S, Verdict.SHOW),
    ],
)
def test_what_the_rep_does_with_a_card_counts_for_its_topic(
    action: CardAction, later_ms: int, verdict: Verdict
) -> None:
    attention = Attention({})
    push(attention, offer(), 0)
    attention.act("card-0", action, 0)
    assert attention.judge(offer("other-play"), later_ms)[0] is verdict


def test_an_unknown_card_changes_nothing() -> None:
    attention = Attention({})
    attention.act("never-seen", CardAction.DISMISSED, 0)
    assert attention.judge(offer(), 0)[0] is Verdict.SHOW


def test_a_subject_rests_whichever_card_spoke_on_it_for_the_cooldown_of_the_next() -> None:
    attention = Attention({})
    push(attention, offer("play"), 0)
    assert attention.judge(offer("model-objection-price"), 40 * S) == (Verdict.DROP, "cooldown")
    assert attention.judge(replace(offer("eager"), cooldown_s=30), 40 * S)[0] is Verdict.SHOW
    assert attention.judge(offer("other", "price", SignalKind.QUESTION), 40 * S)[0] is Verdict.SHOW, "not a subject"
    assert attention.judge(offer("model-objection-price"), 60 * S)[0] is Verdict.SHOW


def test_plays_without_a_topic_have_no_subject_in_common() -> None:
    attention = Attention({})
    push(attention, offer("one", ""), 0)
    assert attention.judge(offer("two", ""), 40 * S)[0] is Verdict.SHOW


@pytest.mark.parametrize(
    ("mode", "kinds"),
    [
        (HelpMode.FULL, set(SignalKind)),
        (
            HelpMode.KEY_MOMENTS,
            {SignalKind.OBJECTION, SignalKind.COMPETITOR, SignalKind.BUYING_SIGNAL, SignalKind.COMPLIANCE},
        ),
        (HelpMode.SILENT, {SignalKind.COMPLIANCE}),
    ],
)
def test_a_help_mode_leaves_out_what_the_rep_does_not_want_but_never_compliance(
    mode: HelpMode, kinds: set[SignalKind]
) -> None:
    attention = Attention({}, help_mode=mode)
    shown = {kind for kind in SignalKind if attention.judge(offer("key", "topic", kind), 0)[0] is Verdict.SHOW}
    assert shown == kinds
