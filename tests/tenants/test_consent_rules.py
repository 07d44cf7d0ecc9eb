"""The consent rules: dated data, the strictest over all places, counsel's word in front."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tenants.consent.rules import (
    UNKNOWN,
    Answer,
    Mode,
    Override,
    Rules,
    RulesError,
    Ruling,
    decide,
    is_given,
    parse,
    standard_rules,
)

TODAY = date(2026, 12, 1)
ALL_PARTY_STATES = ["CA", "CT", "DE", "FL", "IL", "MD", "MA", "MI", "MT", "NV", "NH", "PA", "VT", "WA"]
ONE_PARTY_STATES = ["NY", "TX", "NJ", "VA", "GA", "OH", "NC", "AZ", "CO", "DC", "OR"]


def ruling(*customer: str, home: str = "", rules: Rules | None = None, **more: Any) -> Ruling:
    values: dict[str, Any] = {"overrides": {}, "business": "Acme", "is_recorded": True, "on": TODAY, **more}
    return decide(rules or standard_rules(), customer_places=customer, other_places=[home], **values)


@pytest.mark.parametrize(
    ("customer", "home", "mode", "decided_by"),
    [
        (["US-NY"], "US-NY", Mode.ONE_PARTY, "US-NY"),
        (["US-NY"], "", Mode.ONE_PARTY, "US-NY"),
        (["US-CA"], "US-NY", Mode.ASK, "US-CA"),
        (["US-NY"], "US-CA", Mode.ASK, "US-CA"),
        (["GB"], "US-NY", Mode.ANNOUNCE, "GB"),
        (["GB"], "US-WA", Mode.ASK, "US-WA"),
        (["US-NY", "US-TX", "US-FL"], "US-NY", Mode.ASK, "US-FL"),
        (["DE"], "US-NY", Mode.ASK, "DE"),
        (["US"], "US-NY", Mode.ASK, "US"),
        ([], "US-NY", Mode.ASK, UNKNOWN),
        ([UNKNOWN], "US-NY", Mode.ASK, UNKNOWN),
        (["XX"], "US-NY", Mode.ASK, "XX"),
    ],
)
def test_the_strictest_rule_of_all_places_applies(customer: list[str], home: str, mode: Mode, decided_by: str) -> None:
    found = ruling(*customer, home=home)
    assert (found.mode, found.decided_by) == (mode, decided_by)
    assert found.is_needed is (mode is not Mode.ONE_PARTY)


@pytest.mark.parametrize("state", ALL_PARTY_STATES)
def test_a_state_that_any_list_names_is_all_party(state: str) -> None:
    assert ruling(f"US-{state}", home="US-NY").mode is Mode.ASK


@pytest.mark.parametrize("state", ONE_PARTY_STATES)
def test_in_other_states_nothing_has_to_be_asked(state: str) -> None:
    assert ruling(f"US-{state}", home="US-NY").mode is Mode.ONE_PARTY


def test_every_state_and_every_country_of_the_union_has_a_rule_with_source_and_date() -> None:
    rules = [rule for entries in standard_rules().by_place.values() for rule in entries]
    assert len([rule for rule in rules if rule.place.startswith("US-")]) == 51
    assert len([rule for rule in rules if rule.is_eu]) == 30
    assert all(rule.source and rule.source_date[:2] == "20" for rule in rules)


def test_counsel_may_put_another_mode_in_front() -> None:
    overrides = {"US-CA": Override("US-CA", Mode.ANNOUNCE)}
    assert ruling("US-CA", home="US-NY", overrides=overrides).mode is Mode.ANNOUNCE
    assert ruling("US-FL", home="US-NY", overrides=overrides).mode is Mode.ASK


def test_counsels_words_are_said_where_their_mode_applies() -> None:
    overrides = {"GB": Override("GB", Mode.ANNOUNCE, "This call is {what} at {business}.")}
    assert ruling("GB", overrides=overrides).wording == "This call is recorded and transcribed at Acme."
    assert ruling("GB", overrides=overrides, is_recorded=False).wording == "This call is transcribed at Acme."
    # A notice is no question: where the customer has to be asked it would not do.
    assert "?" in ruling("GB", home="US-CA", overrides=overrides).wording


@pytest.mark.parametrize(
    ("place", "language", "start"),
    [("DE", "de", "Bevor"), ("FR", "fr", "Avant"), ("ES", "es", "Antes"), ("IT", "en", "Before")],
)
def test_the_wording_is_in_the_language_of_the_place(place: str, language: str, start: str) -> None:
    found = ruling(place)
    assert found.language == language
    assert found.wording.startswith(start)
    assert "{" not in found.wording


@pytest.mark.parametrize(
    ("mode", "answer", "expected"),
    [
        (Mode.ONE_PARTY, Answer.NONE, True),
        (Mode.ONE_PARTY, Answer.NO, False),
        (Mode.ONE_PARTY, Answer.WITHDRAWN, False),
        (Mode.ANNOUNCE, Answer.NONE, False),
        (Mode.ANNOUNCE, Answer.STAYED, True),
        (Mode.ANNOUNCE, Answer.YES, True),
        (Mode.ANNOUNCE, Answer.NO, False),
        (Mode.ASK, Answer.NONE, False),
        (Mode.ASK, Answer.STAYED, False),
        (Mode.ASK, Answer.YES, True),
        (Mode.ASK, Answer.NO, False),
        (Mode.ASK, Answer.WITHDRAWN, False),
    ],
)
def test_an_answer_opens_what_its_mode_allows(mode: Mode, answer: Answer, expected: bool) -> None:
    assert is_given(mode, answer) is expected


def content(*rules: dict[str, Any]) -> dict[str, Any]:
    words = {"ask": "Ask?", "announce": "Tell.", "recorded": "recorded", "transcribed": "transcribed"}
    unknown = {"place": UNKNOWN, "name": "Not known", "mode": "ask", "source": "law"}
    return {
        "sources": {"law": {"title": "Law", "date": "2026-01"}},
        "wordings": {"en": words},
        "rules": [unknown, *({"name": "Utopia", "source": "law", **rule} for rule in rules)],
    }


def test_a_rule_counts_from_its_day_on() -> None:
    rules = parse(
        content(
            {"place": "UT", "mode": "one_party"},
            {"place": "UT", "mode": "ask", "from": date(2027, 1, 1)},
        )
    )
    assert ruling("UT", rules=rules, on=date(2026, 12, 31)).mode is Mode.ONE_PARTY
    assert ruling("UT", rules=rules, on=date(2027, 1, 1)).mode is Mode.ASK


@pytest.mark.parametrize(
    "broken",
    [
        {"place": "UT", "mode": "perhaps"},
        {"place": "UT", "mode": "ask", "source": "hearsay"},
        {"place": "UT", "mode": "ask", "from": "soon"},
        {"place": "UT", "mode": "ask", "language": "xx"},
    ],
)
def test_rules_that_make_no_sense_are_refused_by_name(broken: dict[str, Any]) -> None:
    with pytest.raises(RulesError, match=r"UT|xx"):
        parse(content(broken))


def test_without_a_strict_rule_for_the_unknown_nothing_is_read() -> None:
    lenient = content()
    lenient["rules"][0]["mode"] = "one_party"
    with pytest.raises(RulesError, match="strictest"):
        parse(lenient)
