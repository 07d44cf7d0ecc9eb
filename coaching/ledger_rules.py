"""Which words of a sentence are a fact worth remembering for the rest of the call, by rule. Pure.

Made for what speech recognition writes: digits or number words, with or without capitals and full stops.
"""

# ruff: noqa: E501 - a pattern is data: one a line reads better than broken strings.
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class EntryKind(StrEnum):
    """What a fact of the call is about."""

    DECIDER = "decider"
    BUDGET = "budget"
    DATE = "date"
    PROMISE = "promise"
    OBJECTION = "objection"
    REQUIREMENT = "requirement"
    COMPETITOR = "competitor"
    INTEREST = "interest"
    NEXT_STEP = "next_step"
    NAME = "name"
    MONEY = "money"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Mark:
    """A fact's words in a sentence: their span, and their value in one spelling."""

    kind: EntryKind
    value: str
    start: int
    end: int


_SMALL = r"(?:two|three|four|five|six|seven|eight|nine|ten)"
_LARGE = (
    r"(?:eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|"
    r"seventy|eighty|ninety|hundred|thousand|million|dozen)"
)
_WORDS = rf"(?:(?:a |one )?(?:{_SMALL}|{_LARGE})(?:[ -](?:and )?(?:one|{_SMALL}|{_LARGE}))*)"
_AMOUNT = rf"(?:\d[\d.,]*\d|\d)(?: ?(?:k|m|thousand|million|hundred|grand)\b)?|{_WORDS}"
_MONTHS = "january|february|april|june|july|august|september|october|november|december"
_DAY = r"(?:\d{1,2}(?:st|nd|rd|th)?|first|second|third|(?:twenty |thirty )?[a-z]+(?:th|first|second|third))"
_UNITS = (
    r"(?:people|users?|seats?|reps?|agents?|employees|staff|licen[cs]es|sites?|offices|teams?|locations|stores|branches|customers|"
    r"clients|accounts|calls|leads|houses|homes|rooms|kids|children|computers|machines|vehicles|cars|beds|panels|days?|weeks?|"
    r"months?|years?|hours?|minutes)"
)
_MONEY = re.compile(
    rf"[$£€] ?\d[\d.,]*(?: ?(?:k|m|thousand|million)\b)?|\b\d+k\b|\b\d[\d.,]* ?%|"
    rf"\b(?:{_AMOUNT}) (?:us |canadian )?(?:dollars?|euros?|pounds?|bucks|grand|usd|eur|gbp|percent|per cent)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    rf"\b(?:\d[\d.,]*\d|\d{{2,}})\b|\b(?:\d|{_WORDS}) {_UNITS}\b|\b{_WORDS}(?=\b)(?<!\btwo)(?<!\bthree)", re.IGNORECASE
)
_FIRM_DATE = re.compile(
    rf"\b(?:the )?{_DAY}(?: of)? (?:{_MONTHS}|march|may)\b(?:,? \d{{4}}\b)?|"
    rf"\b(?:{_MONTHS}|march|may) (?:the )?\d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}}\b)?|\b(?:{_MONTHS})\b|"
    r"\b(?:in|by|until|till|since|before|after|early|late|mid|end of|beginning of|this|next|last) (?:march|may)\b(?! \w+ (?:be|not))|"
    r"\b(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4})\b|\bq[1-4]\b|\b(?:first|second|third|fourth|last) quarter\b|"
    r"\b(?:end|start|beginning|middle) of (?:the |this |next )?(?:year|quarter|month)\b|\b(?:in|by|until|since|from) 20\d\d\b",
    re.IGNORECASE,
)
_LOOSE_DATE = re.compile(
    r"\b(?:(?:on|by|until|till|this|next|before) )?(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\btomorrow\b|"
    r"\bnext (?:week|month|quarter|year)\b|\bend of (?:the |next )?week\b|\bin (?:a|one|two|three|four|six|\d+) (?:days?|weeks?|months?)\b",
    re.IGNORECASE,
)
_BUSINESS = re.compile(
    r"\b(?:decid\w+|decision|start\w*|go live|launch\w*|deadline|renew\w*|expir\w+|contract|sign\w*|meet\w*|call\w*|demo|send|trial|"
    r"pilot|review\w*|budget|due|order\w*|install\w*|migrat\w+|switch\w*|deliver\w*)\b",
    re.IGNORECASE,
)
_ROLE = (
    r"(?:boss|manager|c[efto]o|cfo|vp|vice president|director|head of \w+|board|procurement|purchasing|partner|wife|husband|committee|"
    r"owner|legal|founder|president|controller)"
)
_DECIDER = re.compile(
    rf"\b{_ROLE}\b.{{0,60}}\b(?:decid\w+|decision|signs?|sign[- ]off|signed|approv\w+|final say|has to agree|says yes|green ?light)\b|"
    rf"\b(?:decid\w+|decision|signed off|sign[- ]off|approv\w+|up to|run it by|ask|convince)\b.{{0,40}}\b{_ROLE}\b|"
    r"\bdecision[- ]makers?\b|\b(?:i|we) (?:make|take) the decision\b|\bbudget holder\b|\bi (?:decide|sign off)\b",
    re.IGNORECASE,
)
_BUDGET = re.compile(r"\b(?:budget\w*|afford|set aside|allocated|to spend|can spend)\b", re.IGNORECASE)
_BUDGET_STATE = re.compile(
    r"\b(?:no|frozen|freeze|approved|approval|cut|tight|left|new) budget\b|\bbudget (?:is|was|has been) \w+",
    re.IGNORECASE,
)
_PROMISE = re.compile(
    r"\b(?:i|we)(?:'ll| will| promise| commit| guarantee|'m going to| am going to|'re going to| are going to)(?: \w+){0,2} "
    r"(?:send|e?mail|call|share|check|prepare|schedule|set up|book|bring|introduce|talk|speak|get back|follow up|find out|sign|pay|"
    r"include|waive|extend|deliver|look into|review|confirm|ask|invite|join|provide|give)\b|"
    r"\b(?:i|we) promise\b|\bmy word\b|\blet me (?:send|check|find out|get back)\b|\bi'?ll make sure\b",
    re.IGNORECASE,
)
_REQUIREMENT = re.compile(
    r"\b(?:we|i|it|you|they|that|this) (?:really |absolutely |would |will |'d )?(?:need|needs|require|requires|must|has to|have to)\b|"
    r"\bmust[- ]have\b|\bdeal ?breaker\b|\bnon[- ]negotiable\b|\b(?:mandatory|essential|crucial)\b|\brequirements?\b|"
    r"\b(?:can't|cannot|can not|won't) (?:\w+ ){0,2}without\b|\b(?:it's|it is|very) important\b|\bwe(?:'re| are) looking for\b",
    re.IGNORECASE,
)
_WORD = r"[A-Z][\w'’-]+"
_INTRODUCED = re.compile(
    rf"\b(?:[Mm]y name is|[Mm]y name's|[Tt]his is|[Ii] am|[Ii]'m|called|named|[Ss]peak (?:to|with)|[Tt]alk (?:to|with)|[Aa]sk(?: for)?|"
    rf"{_ROLE},?|colleague,?|assistant,?) ({_WORD}(?: {_WORD})*)"
)
_SPOKEN_NAME = re.compile(r"\bmy name(?: is|'s) ((?!(?:not|the|a)\b)[a-z'’-]+(?: [a-z'’-]+)?)", re.IGNORECASE)
_CAPITALS = re.compile(rf"(?<=[a-z,;] ){_WORD}(?: {_WORD})+")
_NO_NAMES = frozenset(
    f"{_MONTHS}|march|may|monday|tuesday|wednesday|thursday|friday|saturday|sunday|i|i'm|i'll|ok|okay|good|calling|the|well|yes".split(
        "|"
    )
)


def marks_of(sentence: str, *, may_require: bool) -> list[Mark]:
    """The facts of one sentence in order. `may_require`: whoever says it may set requirements (the customer)."""
    money = list(_found(EntryKind.MONEY, _MONEY, sentence))
    dates = list(_found(EntryKind.DATE, _FIRM_DATE, sentence))
    if _BUSINESS.search(sentence):
        dates += _outside(_found(EntryKind.DATE, _LOOSE_DATE, sentence), dates)
    numbers = _outside(_found(EntryKind.NUMBER, _NUMBER, sentence), money + dates)
    marks = [*money, *dates, *numbers, *_names(sentence)]
    marks += _found(EntryKind.DECIDER, _DECIDER, sentence)
    if money or numbers or _BUDGET_STATE.search(sentence):
        marks += _found(EntryKind.BUDGET, _BUDGET, sentence)
    marks += _found(EntryKind.PROMISE, _PROMISE, sentence)
    if may_require:
        marks += _found(EntryKind.REQUIREMENT, _REQUIREMENT, sentence)
    return sorted(marks, key=lambda mark: (mark.start, mark.end))


def _names(sentence: str) -> Iterator[Mark]:
    introduced = [*_INTRODUCED.finditer(sentence), *_SPOKEN_NAME.finditer(sentence)]
    spans = {match.span(1): match.group(1) for match in introduced}
    spans.update({match.span(): match.group() for match in _CAPITALS.finditer(sentence)})
    for (start, end), name in spans.items():
        if name.split()[0].lower() not in _NO_NAMES:
            yield Mark(EntryKind.NAME, name.lower(), start, end)


def _found(kind: EntryKind, pattern: re.Pattern[str], sentence: str) -> Iterator[Mark]:
    for match in pattern.finditer(sentence):
        yield Mark(kind, " ".join(match.group().lower().split()), match.start(), match.end())


def _outside(marks: Iterator[Mark], others: list[Mark]) -> list[Mark]:
    """Those that share no word with another kind's."""
    return [mark for mark in marks if not any(mark.start < one.end and one.start < mark.end for one in others)]
