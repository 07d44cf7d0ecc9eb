"""Phrases as admins write them, found in even text as people say them: whole words, light inflection, gaps. Pure.

A phrase is looked for only where the beginnings of all its words stand in the line, and compiled when that first
happens: of thousands of phrases a line touches a handful.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from coaching.signals.text import STOPS, Even, words_of

MAX_EXPRESSION = 300
_ENDING = re.compile(r"(?:ing|ed|es|s|e|y)$")
_NESTED = re.compile(r"\([^()]*[+*][^()]*\)[+*{]")
_NEGATIONS = frozenset({"not", "no", "never", "without", "nothing", "none"})
_LONGEST_STEM = 24


class BadPattern(ValueError):
    """A phrase or expression that can not be used; the message says which and why, for people."""


class Phrase:
    """One phrase, or an expression after `re:`. Raises `BadPattern`.

    `stems` begin words of every text that it matches; an expression has none, it is tried on every line. `is_negative`:
    it says "not" itself, so a "not" before it changes nothing.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.pattern = phrase_pattern(text)
        words = [] if _is_expression(text) else list(words_of(text.replace("*", " ")))
        self.stems = frozenset(_stem(word)[:_LONGEST_STEM] for word in words if word not in STOPS)
        self.is_negative = not _NEGATIONS.isdisjoint(words_of(text))
        if not self.stems:
            _ = self._compiled

    def found(self, even: Even) -> Iterator[re.Match[str]]:
        """Every place where the line says it."""
        return self._compiled.finditer(even.text)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(rf"(?<= )(?:{self.pattern})(?= )")


def usable(texts: Iterable[str]) -> tuple[Phrase, ...]:
    """The phrases that can be used: the admin refuses the others, a call goes on without them."""
    phrases = []
    for text in texts:
        try:
            phrases.append(Phrase(text))
        except BadPattern:
            continue
    return tuple(phrases)


def beginnings(even: Even) -> frozenset[str]:
    """Every beginning of every word of a line, as long as stems are."""
    return frozenset(
        token.text[:length] for token in even.tokens for length in range(1, min(len(token.text), _LONGEST_STEM) + 1)
    )


def phrase_pattern(phrase: str) -> str:
    """One phrase as an expression over even text: whole words, light inflection, `*` for up to three words."""
    if _is_expression(phrase):
        return _expression(phrase[3:].strip())
    parts: list[str] = []
    for piece in phrase.split():
        if piece == "*":
            parts.append(r"(?:[\w']+ ){0,3}")
            continue
        parts.extend(_inflected(word) + " " for word in words_of(piece) if word not in STOPS)
    if not any(part[0] != "(" or "\\w" not in part for part in parts):
        raise BadPattern(f"“{phrase}” has no word in it.")
    return "".join(parts).removesuffix(" ")


def check_patterns(text: str) -> tuple[str, ...]:
    """Phrases of a text field, one a line; raises `BadPattern` naming the first that can not be used."""
    phrases = tuple(line.strip() for line in text.splitlines() if line.strip())
    for phrase in phrases:
        phrase_pattern(phrase)
    return phrases


def _is_expression(phrase: str) -> bool:
    return phrase.lower().startswith("re:")


def _expression(expression: str) -> str:
    if not expression:
        raise BadPattern("“re:” needs an expression after it.")
    if len(expression) > MAX_EXPRESSION:
        raise BadPattern(f"“re:{expression[:40]}…” is longer than {MAX_EXPRESSION} characters.")
    if _NESTED.search(expression):
        raise BadPattern(f"“re:{expression}” repeats a repetition, which can take forever: write it flatter.")
    try:
        compiled = re.compile(expression)
    except re.error as error:
        raise BadPattern(f"“re:{expression}” is not a regular expression: {error}.") from error
    if compiled.groups:
        expression = re.sub(r"(?<!\\)\((?!\?)", "(?:", expression)
    if compiled.match(""):
        raise BadPattern(f"“re:{expression}” matches nothing at all, so it would always fire.")
    return f"(?i:{expression})"


def _inflected(word: str) -> str:
    stem = _stem(word)
    if stem == word and (len(word) < 4 or not word.isalpha()):
        return re.escape(word)
    doubled = stem[-1] if stem[-1] not in "aeiou" else ""
    return f"{re.escape(stem)}(?:{doubled}(?:ing|ed|er))?(?:e|es|s|ed|d|ing|er|y|ies|ied|ey)?"


def _stem(word: str) -> str:
    """The part of a word that its inflections share; short words and numbers stay as they are."""
    stem = _ENDING.sub("", word) if len(word) >= 4 and word.isalpha() else word
    return stem if len(stem) >= 3 else word
