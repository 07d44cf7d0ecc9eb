"""What a sentence does, clause by clause: asks, goes along, offers a step, speaks of the customer, or claims. Pure.

Read as English. What is none of the others is a claim, and a claim needs a source: a sentence that this module does not
understand is never taken for harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from coaching import claim_words as words
from coaching import clause_patterns as says
from coaching.stems import stem


class Does(StrEnum):
    """What a clause does. Only `CLAIMS` needs a source; `TELLS` speaks of what the customer said or fears."""

    ASKS = "asks"
    OFFERS = "offers"
    TELLS = "tells"
    GOES_ALONG = "goes_along"
    CLAIMS = "claims"


@dataclass(frozen=True, slots=True)
class Clause:
    """`content` are stems of its own words, without weak ones. `is_open`: it asks what, how, who and the like."""

    text: str
    does: Does
    content: tuple[str, ...]
    is_open: bool = False

    @property
    def is_told(self) -> bool:
        """It repeats what the customer said or pays, and says so."""
        return bool(says.TOLD.search(self.text) and says.YOU.search(self.text))

    @property
    def is_aside(self) -> bool:
        """It only says what the question is about: "besides SOC 2"."""
        return bool(re.match(r"(?:besides|about|on|for|regarding|as for|with)\b", self.text, re.IGNORECASE))

    @property
    def is_yes(self) -> bool:
        """Nothing but assent: to what, only what follows can say."""
        return bool(says.YES.match(self.text))

    @property
    def is_gerund(self) -> bool:
        return self.text.partition(" ")[0].endswith("ing")

    @property
    def verb(self) -> str:
        """The first word of what an offer offers to do, as a stem; empty for a purpose ("so that …")."""
        found = says.OFFER.match(self.text)
        return stem(first) if found and (first := found["rest"].partition(" ")[0].strip(",.!?")) else ""


def clauses(
    text: str, *, names: frozenset[str] = frozenset(), is_growing: bool = False
) -> tuple[tuple[Clause, ...], ...]:
    """A text as sentences of clauses. `names` are the words of the business's name: they speak of us, like "we".

    `is_growing`: the last sentence may still become a question.
    """
    pieces = [piece.strip() for piece in says.SENTENCE.split(text) if piece and piece.strip()]
    found: list[tuple[Clause, ...]] = []
    for number, piece in enumerate(pieces):
        is_last = number == len(pieces) - 1
        is_question = _is_question(pieces, number) or (is_growing and is_last and not says.ENDS.search(piece))
        goes_on = bool(number) and is_question and not says.ENDS.search(pieces[number - 1]) and bool(found)
        has_asked = goes_on and found[-1][-1].does is Does.ASKS
        rows = tuple(_sentence(piece.rstrip(".!?… \"')"), names, is_question=is_question, has_asked=has_asked))
        if rows:
            found.append(rows)
    return tuple(found)


def content_of(text: str, names: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Stems of the words that carry content. Digits are no words: see `coaching.measures`."""
    kept = []
    for word in says.LETTERS.findall(text.lower()):
        head = word.replace("’", "'").split("'")[0]
        bare = stem(word)
        if (
            not head
            or head[0].isdigit()
            or head in words.WEAK
            or bare in words.WEAK
            or bare in names
            or word in says.NUMBERS
        ):
            continue
        kept.append(bare)
    return tuple(kept)


def is_of_them(text: str) -> bool:
    """It begins with the customer, or with what the customer said, has or needs."""
    return bool(says.OF_THEM.match(text))


def speaks_of_us(text: str, names: frozenset[str] = frozenset(), *, is_aside: bool = False) -> bool:
    """`is_aside`: a note to the rep, in which "my" may be the customer's own word."""
    return bool((says.OURS if is_aside else says.US).search(text)) or any(
        stem(word) in names for word in says.LETTERS.findall(text.lower())
    )


def _is_question(pieces: list[str], number: int) -> bool:
    """By its own end; what stands before a dash or a colon belongs to what follows only if it asks by its words."""
    piece = pieces[number]
    if "?" in piece[-3:]:
        return True
    if says.ENDS.search(piece):
        return False
    rest = "".join(pieces[number + 1 :])
    return "?" in rest and bool(says.ASKS.match(says.LEAD.sub("", piece)))


def _sentence(text: str, names: frozenset[str], *, is_question: bool, has_asked: bool) -> Iterable[Clause]:
    """`has_asked`: the sentence goes on after a colon or a dash, and what stood there asked."""
    is_open = has_asked
    parts = [piece for part in says.JOINT.split(text) if (piece := part.strip(" ,.!?\"'“”‘’()[]"))]
    for piece in parts:
        if len(parts) > 1 and piece.lower() in ("yes", "no"):
            continue
        if says.PURPOSE.match(piece):
            yield Clause(piece, Does.OFFERS, content_of(piece, names))
            continue
        bare = says.LEAD.sub("", piece).strip() or piece
        is_backing = says.BACKING.match(bare)
        if is_question and is_backing and not says.ASKS.match(bare):
            yield _clause(says.BACKING.sub("", bare), names)
            continue
        if is_question and _is_asking(bare):
            has_asked, is_open = True, is_open or bool(says.WH.match(bare))
            yield from _question(bare, names)
        elif is_question and has_asked and not _has_subject(bare, names):
            yield Clause(bare, Does.ASKS, content_of(bare, names), is_open=is_open)
        else:
            yield _clause(bare, names)


def _is_asking(text: str) -> bool:
    return bool(says.ASKS.match(text)) and not says.RHETORICAL.match(text)


def _has_subject(text: str, names: frozenset[str]) -> bool:
    first = text.lower().split()[:3]
    return bool({"we", "our", "it", "it's", "we've", "we're", "i"} & set(first)) or any(
        stem(word) in names for word in first
    )


def _question(text: str, names: frozenset[str]) -> Iterable[Clause]:
    """A question, and apart from it what it takes for granted about us."""
    telling = says.TELLING.match(text)
    if telling and not re.match(
        r"(?:who|what|which|when|where|why|how (?:many|much|long)|whether|if)\b", text[telling.end() :]
    ):
        yield _clause(text[telling.end() :], names)
        return
    offer = says.ASKED_OFFER.match(text)
    if offer:
        yield Clause(text[offer.end() :] or text, Does.CLAIMS, content_of(text[offer.end() :], names))
        return
    yield Clause(text, Does.ASKS, content_of(text, names), is_open=bool(says.WH.match(text)))
    rest = _subordinate(text, names)
    if rest:
        yield _clause(rest, names)


def _subordinate(text: str, names: frozenset[str]) -> str:
    """The part of a question that states something of us: "… that we installed", "how our lawyers approved it"."""
    tokens = text.split()
    for number, token in enumerate(tokens[1:], 1):
        bare = token.lower().strip(",.?!\"'").replace("’", "'")
        is_name = stem(bare) in names
        if bare not in ("we", "our", "we've", "we'll") and not is_name:
            continue
        before = tokens[number - 1].lower().strip(",.?!")
        rest = tokens[number + 1 :]
        if is_name and before in names:
            continue
        if bare == "our" and rest and stem(rest[0].strip(",.?!")) in words.OWN_NOUNS:
            if before in says.BEFORE_US or len(rest) == 1:
                continue
        elif (bare != "our" and before in says.BEFORE_US - {"if", "when", "what", "than", "as"}) or (
            bare == "we"
            and rest
            and stem(rest[0]) in words.INQUIRING | words.WEAK
            and not content_of(" ".join(rest[:3]), names)
        ):
            continue
        return " ".join(tokens[number:])
    return ""


def _clause(text: str, names: frozenset[str]) -> Clause:
    content = content_of(text, names)
    return Clause(text, _does(text, content, names), content)


def _does(text: str, content: tuple[str, ...], names: frozenset[str]) -> Does:
    offered = says.OFFER.match(text)
    if says.ASSENT.match(text) or (offered is None and says.PROMISE.search(text)):
        return Does.CLAIMS
    if offered is not None:
        verb = stem(offered["rest"].partition(" ")[0])
        is_step = verb in words.INQUIRING | words.GIVING
        return Does.OFFERS if is_step else (Does.CLAIMS if verb else Does.GOES_ALONG)
    lowered = text.lower()
    is_named = any(stem(word) in names for word in says.LETTERS.findall(lowered))
    if not content:
        return Does.CLAIMS if is_named or says.OWN.match(lowered) else Does.GOES_ALONG
    is_ours = (is_named or says.SUBJECT.match(lowered)) and not says.PLAIN.match(lowered)
    is_mine = speaks_of_us(text, names) and not says.YOU.search(text) and not re.match(r"i\b", lowered)
    return Does.CLAIMS if is_ours or is_mine or words.PRODUCT_VERB.match(lowered) else Does.TELLS
