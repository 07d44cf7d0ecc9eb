"""A whole playbook as one value: plays, facts, competitors, keyterms. Pure.

Its mapping form is what files hold (YAML), what a published version keeps (JSON) and what industry packs are written
in; docs/playbook.md describes it. Reading finds all mistakes at once, each with its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from coaching.handbook_fields import EITHER, MAX_LINES, Fields, Problem
from coaching.phrases import BadPattern, Phrase
from coaching.types import FactKind, Knowledge, Match, Play, SignalKind, Trigger

FORMAT = 1
MAX_PLAYS = 300
MAX_FACTS = 500
MAX_COMPETITORS = 200
MAX_KEYTERMS = 200
MAX_PHRASES = 100
MAX_PHRASE = 310
MAX_TITLE, MAX_TITLE_WORDS = 80, 12
MAX_LINE = 160
MAX_WHY = MAX_QUESTION = MAX_SOURCE = 160
MAX_FACT_TITLE, MAX_FACT_BODY, MAX_FACT_SOURCE, MAX_URL = 120, 600, 160, 300
MAX_NAME = 80
MAX_KEYTERM = 60
MAX_SECONDS = 4 * 3600
_SLUG = re.compile(r"[A-Za-z0-9_-]{1,50}")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,40}")
_PARTS = ("plays", "knowledge", "competitors", "keyterms")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact with what its owner said about using it."""

    value: Knowledge
    is_approved: bool = True
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Rival:
    name: str
    also_known_as: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Handbook:
    """`off` are keys of plays that are kept but not used."""

    plays: tuple[Play, ...] = ()
    facts: tuple[Fact, ...] = ()
    competitors: tuple[Rival, ...] = ()
    keyterms: tuple[str, ...] = ()
    off: frozenset[str] = frozenset()


class BadHandbook(ValueError):
    """A mapping that is no playbook. `problems` holds every mistake."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.words for problem in problems))
        self.problems = tuple(problems)


# Writing ------------------------------------------------------------------------------------------------


def as_mapping(handbook: Handbook) -> dict[str, Any]:
    """JSON values only; what has its usual value is left out, so that files stay readable."""
    return {
        "format": FORMAT,
        "plays": [play_mapping(play, is_on=play.key not in handbook.off) for play in handbook.plays],
        "knowledge": [fact_mapping(fact) for fact in handbook.facts],
        "competitors": [
            {"name": rival.name} | ({"also_known_as": list(rival.also_known_as)} if rival.also_known_as else {})
            for rival in handbook.competitors
        ],
        "keyterms": list(handbook.keyterms),
    }


def play_mapping(play: Play, *, is_on: bool = True) -> dict[str, Any]:
    usual = Play(play.key, play.kind, play.topic, play.title, play.say, play.why)
    own: dict[str, Any] = {
        "key": play.key,
        "title": play.title,
        "kind": play.kind.value,
        "topic": play.topic,
        "say": play.say.split("\n") if "\n" in play.say else play.say,
    }
    if play.why:
        own["why"] = play.why
    written: dict[str, Callable[[], Any]] = {
        "question": lambda: play.question,
        "source": lambda: play.source,
        "trigger": lambda: play.trigger.value,
        "channel": lambda: play.channel.value if play.channel else EITHER,
        "match": lambda: play.match.value,
        "patterns": lambda: list(play.patterns),
        "unless": lambda: list(play.unless),
        "signals": lambda: [str(subject) for subject in play.signals],
        "since": lambda: str(play.since),
        "within_s": lambda: play.within_s,
        "before": lambda: str(play.before),
        "after": lambda: str(play.after),
        "from_s": lambda: play.from_s,
        "until_s": lambda: play.until_s,
        "priority": lambda: play.priority,
        "cooldown_s": lambda: play.cooldown_s,
        "once_per_call": lambda: play.once_per_call,
    }
    own |= {name: write() for name, write in written.items() if getattr(play, name) != getattr(usual, name)}
    return own if is_on else own | {"is_active": False}


def fact_mapping(fact: Fact) -> dict[str, Any]:
    value = fact.value
    own: dict[str, Any] = {"key": value.key, "title": value.title, "body": value.body}
    if value.kind is not FactKind.OTHER:
        own["kind"] = value.kind.value
    if value.source:
        own["source"] = value.source
    if value.source_url:
        own["source_url"] = value.source_url
    if value.valid_until:
        own["valid_until"] = value.valid_until.isoformat()
    if not fact.is_approved:
        own["is_approved"] = False
    return own if fact.is_active else own | {"is_active": False}


# Reading ------------------------------------------------------------------------------------------------


def read(raw: object) -> Handbook:
    """Raises `BadHandbook` with every mistake in it."""
    problems: list[Problem] = []
    if not isinstance(raw, Mapping):
        raise BadHandbook([Problem((), f"A playbook file begins with one of {', '.join(_PARTS)} and a colon.")])
    root = Fields(raw, (), problems)
    root.only("format", "title", *_PARTS)
    if raw.get("format", FORMAT) != FORMAT:
        root.wrong("format", f"This program reads format {FORMAT}. Write “format: {FORMAT}”, or leave it out.")
    plays, off = [], set()
    for fields in root.entries("plays", MAX_PLAYS):
        play, is_on = _play(fields)
        plays.append(play)
        if not is_on:
            off.add(play.key)
    facts = [_fact(fields) for fields in root.entries("knowledge", MAX_FACTS)]
    rivals = [_rival(fields) for fields in root.entries("competitors", MAX_COMPETITORS)]
    keyterms = root.lines("keyterms", MAX_KEYTERMS, MAX_KEYTERM)
    _no_twins(root, "plays", [play.key for play in plays])
    _no_twins(root, "knowledge", [fact.value.key for fact in facts])
    _no_twins(root, "competitors", [rival.name for rival in rivals])
    _no_twins(root, "keyterms", keyterms)
    if problems:
        raise BadHandbook(problems)
    return Handbook(tuple(plays), tuple(facts), tuple(rivals), keyterms, frozenset(off))


def check_play(play: Play) -> tuple[tuple[str, str], ...]:
    """What is wrong with a play, as (field, what to do). The admin's form and files are held to the same."""
    return (*_check_card(play), *_check_phrases(play), *_check_trigger(play), *_check_turn(play))


def _check_card(play: Play) -> Iterable[tuple[str, str]]:
    if len(play.title.split()) > MAX_TITLE_WORDS:
        yield "title", f"A headline is read at a glance: at most {MAX_TITLE_WORDS} words."
    lines = play.say.split("\n")
    if len(lines) > MAX_LINES:
        yield "say", f"At most {MAX_LINES} lines: nobody reads more while they speak."
    for line in lines:
        if len(line) > MAX_LINE:
            yield "say", f"“{line[:30]}…” has {len(line)} characters: a line to say has at most {MAX_LINE}."


def _check_phrases(play: Play) -> Iterable[tuple[str, str]]:
    for name, phrases in (("patterns", play.patterns), ("unless", play.unless)):
        if len(phrases) > MAX_PHRASES:
            yield name, f"{len(phrases)} phrases are too many: at most {MAX_PHRASES}."
        for phrase in phrases:
            try:
                Phrase(phrase)
            except BadPattern as error:
                yield name, str(error)


def _check_trigger(play: Play) -> Iterable[tuple[str, str]]:
    if play.trigger is Trigger.SAID:
        if play.match is Match.ALL and not play.patterns:
            yield "match", "“Both” needs a phrase as well as a signal: add phrases, or choose “one is enough”."
        if play.since is not None or play.within_s:
            yield (
                "trigger",
                "Seconds and “counted from” belong to the other two triggers. Empty them, or choose another.",
            )
        return
    if not 1 <= play.within_s <= MAX_SECONDS:
        yield "within_s", f"Say after how many seconds: 1 to {MAX_SECONDS}."
    if play.match is Match.ALL:
        yield "match", "“Both” is only for what is said."
    if play.trigger is Trigger.NOT_SAID and not (play.patterns or play.signals):
        yield "patterns", "Write what should have been said: phrases here, or signals below."
    if play.trigger is Trigger.NOT_SAID and play.since is not None and play.since in play.signals:
        yield "since", "It can not begin with the very thing that ends it: choose another."
    if play.trigger is Trigger.ELAPSED and (play.patterns or play.signals or play.unless):
        yield "trigger", "Time alone listens to nothing. Remove phrases and signals, or choose “has not been said”."


def _check_turn(play: Play) -> Iterable[tuple[str, str]]:
    if play.before is not None and play.before == play.after:
        yield "after", "Before and after the same thing is never: empty one of them."
    if play.until_s and play.until_s <= play.from_s:
        yield "until_s", "The last second must come after the first one; 0 means: to the end."


def _play(fields: Fields) -> tuple[Play, bool]:
    fields.only(
        "key", "title", "kind", "topic", "say", "why", "question", "source", "trigger", "channel", "match", "patterns",
        "unless", "signals", "since", "within_s", "before", "after", "from_s", "until_s", "priority", "cooldown_s",
        "once_per_call", "is_active",
    )  # fmt: skip
    before = len(fields.problems)
    play = Play(
        key=fields.matching("key", _SLUG, "letters, digits, - and _, at most 50"),
        kind=fields.choice("kind", SignalKind, None),
        topic=fields.matching("topic", _TOPIC, "letters, digits, - and _, at most 40"),
        title=fields.text("title", MAX_TITLE),
        say=fields.joined("say", MAX_LINES * (MAX_LINE + 1)),
        why=fields.text("why", MAX_WHY, is_needed=False),
        patterns=fields.lines("patterns", MAX_PHRASES, MAX_PHRASE),
        unless=fields.lines("unless", MAX_PHRASES, MAX_PHRASE),
        channel=fields.channel("channel"),
        priority=fields.number("priority", 0, 100, 50),
        cooldown_s=fields.number("cooldown_s", 0, MAX_SECONDS, 60),
        trigger=fields.choice("trigger", Trigger, Trigger.SAID),
        match=fields.choice("match", Match, Match.ANY),
        signals=tuple(filter(None, (fields.subject(each, "signals") for each in fields.lines("signals", 40, 80)))),
        since=fields.subject(fields.text("since", 80, is_needed=False), "since"),
        within_s=fields.number("within_s", 0, MAX_SECONDS, 0),
        before=fields.subject(fields.text("before", 80, is_needed=False), "before"),
        after=fields.subject(fields.text("after", 80, is_needed=False), "after"),
        from_s=fields.number("from_s", 0, MAX_SECONDS, 0),
        until_s=fields.number("until_s", 0, MAX_SECONDS, 0),
        once_per_call=fields.flag("once_per_call", usual=False),
        question=fields.text("question", MAX_QUESTION, is_needed=False),
        source=fields.text("source", MAX_SOURCE, is_needed=False),
    )
    is_on = fields.flag("is_active", usual=True)
    if len(fields.problems) == before:
        for name, words in check_play(play):
            fields.wrong(name, words)
    return play, is_on


def _fact(fields: Fields) -> Fact:
    fields.only("key", "title", "body", "kind", "source", "source_url", "valid_until", "is_approved", "is_active")
    url = fields.text("source_url", MAX_URL, is_needed=False)
    if url and not url.startswith("https://"):
        fields.wrong("source_url", "Give a link that begins with https://.")
    value = Knowledge(
        key=fields.matching("key", _SLUG, "letters, digits, - and _, at most 50"),
        title=fields.text("title", MAX_FACT_TITLE),
        body=fields.text("body", MAX_FACT_BODY),
        kind=fields.choice("kind", FactKind, FactKind.OTHER),
        source=fields.text("source", MAX_FACT_SOURCE, is_needed=False),
        source_url=url,
        valid_until=fields.day("valid_until"),
    )
    return Fact(value, fields.flag("is_approved", usual=True), fields.flag("is_active", usual=True))


def _rival(fields: Fields) -> Rival:
    fields.only("name", "also_known_as")
    return Rival(fields.text("name", MAX_NAME), fields.lines("also_known_as", 40, MAX_NAME))


def _no_twins(root: Fields, part: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for number, name in enumerate(names):
        if name and name in seen:
            root.problems.append(Problem((part, number), f"“{name}” stands here twice: remove one, or rename it."))
        seen.add(name)
