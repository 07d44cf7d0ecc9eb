"""Which consent a call needs: the strictest rule of all places its people are in. Pure; the rules are dated data.

The data stands in `rules.yaml`, with a source and a date for each rule. A business's counsel may put another mode or
wording in the place of a rule (`Override`). A place nobody knows takes the strictest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

RULES_FILE = Path(__file__).with_name("rules.yaml")
UNKNOWN = "unknown"
FALLBACK_LANGUAGE = "en"


class Mode(StrEnum):
    """How consent is had, from lenient to strict: the order decides which rule applies."""

    ONE_PARTY = "one_party"
    ANNOUNCE = "announce"
    ASK = "ask"

    @property
    def strictness(self) -> int:
        return list(Mode).index(self)


class Answer(StrEnum):
    """What the customer said, as the rep recorded it. `NONE`: nothing yet."""

    NONE = ""
    YES = "yes"
    STAYED = "stayed"
    NO = "no"
    WITHDRAWN = "withdrawn"

    @property
    def is_refusal(self) -> bool:
        return self in {Answer.NO, Answer.WITHDRAWN}


class RulesError(Exception):
    """`rules.yaml` can not be used; the message names the entry."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule of one place. `since` is the day from which it counts; `source_date` when it was read or came to be."""

    place: str
    name: str
    mode: Mode
    source: str
    source_date: str
    language: str = FALLBACK_LANGUAGE
    is_eu: bool = False
    since: date = date.min


@dataclass(frozen=True, slots=True)
class Override:
    """What the business's counsel decided for a place. No mode or an empty wording leave the rule's own."""

    place: str
    mode: Mode | None = None
    wording: str = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one call needs. `place` is the customer's; `decided_by` names the place whose rule is the strictest."""

    mode: Mode
    wording: str
    language: str
    place: str
    decided_by: str

    @property
    def is_needed(self) -> bool:
        """Whether audio has to wait for an answer."""
        return self.mode is not Mode.ONE_PARTY

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What may be recorded under this mode."""
        return answers_for(self.mode)


def answers_for(mode: Mode) -> tuple[Answer, ...]:
    staying = () if mode is Mode.ASK else (Answer.STAYED,)
    return (*staying, Answer.YES, Answer.NO, Answer.WITHDRAWN)


def is_given(mode: Mode, answer: Answer) -> bool:
    """Whether the customer may be heard."""
    if answer is Answer.NONE:
        return mode is Mode.ONE_PARTY
    return answer in answers_for(mode) and not answer.is_refusal


@dataclass(frozen=True, slots=True)
class Rules:
    """The whole of `rules.yaml`, checked."""

    by_place: Mapping[str, tuple[Rule, ...]]
    wordings: Mapping[str, Mapping[str, str]]

    def rule_of(self, place: str, on: date) -> Rule:
        """The rule of `place` that counts on a day; of an unknown place the strictest."""
        entries = [rule for rule in self.by_place.get(place, ()) if rule.since <= on]
        return max(entries, key=lambda rule: rule.since) if entries else self.by_place[UNKNOWN][0]

    def knows(self, place: str) -> bool:
        return place in self.by_place

    def places(self) -> list[tuple[str, str]]:
        """Codes with names, in the order of the file."""
        return [(place, rules[0].name) for place, rules in self.by_place.items()]

    def name_of(self, place: str) -> str:
        return self.by_place.get(place, self.by_place[UNKNOWN])[0].name


def decide(
    rules: Rules,
    *,
    customer_places: Sequence[str],
    other_places: Iterable[str] = (),
    overrides: Mapping[str, Override],
    business: str,
    is_recorded: bool,
    on: date,
) -> Ruling:
    """The ruling over all places of a call. No customer's place means an unknown one.

    The wording is in the language of the customer's (first) place: counsel's own, where it was written for the mode
    that applies, else the one of the rules.
    """
    theirs = list(customer_places) or [UNKNOWN]
    everyone = [*theirs, *(place for place in other_places if place)]
    modes = {place: _mode_of(rules, place, overrides, on) for place in everyone}
    strictest = max(everyone, key=lambda place: modes[place].strictness)
    mode = modes[strictest]
    language = rules.rule_of(theirs[0], on).language
    own = next(
        (overrides[place].wording for place in everyone if modes[place] is mode and _has_words(overrides, place)), ""
    )
    return Ruling(
        mode=mode,
        wording=_filled(own or _standard(rules, language, mode), rules, language, business, is_recorded=is_recorded),
        language=language,
        place=",".join(theirs),
        decided_by=strictest,
    )


def _mode_of(rules: Rules, place: str, overrides: Mapping[str, Override], on: date) -> Mode:
    override = overrides.get(place)
    return override.mode if override and override.mode else rules.rule_of(place, on).mode


def _has_words(overrides: Mapping[str, Override], place: str) -> bool:
    return place in overrides and bool(overrides[place].wording)


def _standard(rules: Rules, language: str, mode: Mode) -> str:
    return rules.wordings[language][mode.value] if mode is not Mode.ONE_PARTY else ""


def _filled(wording: str, rules: Rules, language: str, business: str, *, is_recorded: bool) -> str:
    what = rules.wordings[language]["recorded" if is_recorded else "transcribed"]
    return wording.replace("{business}", business).replace("{what}", what)


# Reading the file ---------------------------------------------------------------------------------


@cache
def standard_rules() -> Rules:
    """The rules of this version of the program, read once."""
    return parse(yaml.safe_load(RULES_FILE.read_text(encoding="utf-8")))


def parse(content: Any) -> Rules:
    """Raises `RulesError`."""
    try:
        wordings = {
            str(name): {str(key): str(words) for key, words in texts.items()}
            for name, texts in content["wordings"].items()
        }
        by_place: dict[str, tuple[Rule, ...]] = {}
        for entry in content["rules"]:
            rule = _rule(entry, content["sources"])
            by_place[rule.place] = (*by_place.get(rule.place, ()), rule)
    except (KeyError, TypeError, AttributeError) as error:
        raise RulesError(f"The consent rules can not be read: {error!r}.") from error
    _check(by_place, wordings)
    return Rules(by_place, wordings)


def _rule(entry: Mapping[str, Any], sources: Mapping[str, Mapping[str, Any]]) -> Rule:
    place = str(entry["place"])
    try:
        source = sources[entry["source"]]
        mode = Mode(entry["mode"])
    except (KeyError, ValueError) as error:
        raise RulesError(f"The consent rule of {place} names something unknown: {error}.") from error
    since = entry.get("from", date.min)
    if not isinstance(since, date):
        raise RulesError(f"The consent rule of {place}: `from` is a date such as 2027-01-31.")
    return Rule(
        place=place,
        name=str(entry["name"]),
        mode=mode,
        source=str(source["title"]),
        source_date=str(source["date"]),
        language=str(entry.get("language", FALLBACK_LANGUAGE)),
        is_eu=bool(entry.get("eu", False)),
        since=since,
    )


def _check(by_place: Mapping[str, tuple[Rule, ...]], wordings: Mapping[str, Mapping[str, str]]) -> None:
    if by_place.get(UNKNOWN, ())[:1] == () or by_place[UNKNOWN][0].mode is not Mode.ASK:
        raise RulesError("The consent rules need a rule for an unknown place, and it is the strictest.")
    needed = {Mode.ASK.value, Mode.ANNOUNCE.value, "recorded", "transcribed"}
    for language in {rule.language for rules in by_place.values() for rule in rules} | {FALLBACK_LANGUAGE}:
        if missing := needed - set(wordings.get(language, {})):
            raise RulesError(f"The wording in {language} lacks {', '.join(sorted(missing))}.")
