"""What a sentence does, clause by clause: asks, goes along, offers a next step, speaks of the customer, or claims. Pure.

Read as English. What is none of the others is a claim, and a claim needs a source: a sentence that this module does not
understand is never taken for harmless.
"""

# ruff: noqa: E501 - a pattern is data: one a line reads better than broken strings.
from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from coaching import claim_words as words
from coaching.stems import listed, stem

_SENTENCE = re.compile(r"(?<=[.!?…])[\"')\]]*\s+|\n+|\s*;\s*|\s*[—–]\s*|:\s+|\s-\s")
_ENDS = re.compile(r"[?!.…][\"')\]]*$")
_JOINT = re.compile(
    r"\s*,\s*(?:and |but |or |so |yet |then )?|\s+(?:and|but|or|so|yet)\s+(?!(?:hour|day|week|month|year)\b)(?=[a-z'’]+\b)|\s+(?=(?:because|since|although|whereas|given that|given|seeing that|"
    r"considering|now that|knowing|which means|even though|provided|as (?:we|our|it|you get|you'll|the))\b)",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?:(?:so|and|but|or|then|well|okay|ok|now|also|just|maybe|great|good|fair|sure|yes|right|honestly|actually|perhaps|out of curiosity|"
    r"in that case|before (?:that|we)\b[^,]*|besides you|at the end|first|quick question|if i may)\b[\s,]*)+",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"^(?:(?:by|in|on|at|for|from|with|to|of|until|since|compared (?:with|to)|about|under|as)\s+)?(?:what|what's|which|who|who's|whom|whose|when|where|why|how|how's)\b"
    r"|^(?:would|could|can|may|might|shall|should|will|do|does|did|is|are|was|were|has|have|had|am)\b"
    r"|^.*\b(?:with|to|than|by|for)\s+(?:what|whom|which|who)$"
    r"|^(?:if|when|once|assuming)\b(?!.*\b(?:we|our|i|us|it)\b)"
    r"|^(?:tell me|help me understand|walk me through|mind if|any chance|anything|what else)\b",
    re.IGNORECASE,
)
_WH = re.compile(
    r"^(?:\w+\s+){0,2}?(?:what|what's|which|who|who's|whom|whose|when|where|why|how|how's)\b", re.IGNORECASE
)
_RHETORICAL = re.compile(
    r"^(?:is|are|do|does|did|would|wo|was|were|has|have|can|could)n['’]t\b(?! (?:it|that) help| it be (?:easier|better|useful) (?:to|if))",
    re.IGNORECASE,
)
_TELLING = re.compile(
    r"^.{0,40}?\b(?:know|knew|realise|realize|realised|realized|aware|heard|hear|believe|surprised?|notice|noticed|remember|remind you|tell you|told|"
    r"told you|mention|mentioned|imagine|think about|guess|happy that|glad that|love that|like that|what if|sign (?:today|now)? ?if|if i told you)\b[,:]?\s*"
    r"(?=(?:that|our|we|it|the|this|these|all|most|every|there|they|i|you)\b)(?:that\s+)?(?!(?:is|was|are|you|your)\b)",
    re.IGNORECASE,
)
_BACKING = re.compile(
    r"^(?:because|since|although|whereas|given that|given|seeing that|considering|now that|knowing|which means|even though|provided|"
    r"as (?=we|our|it|you))\b\s*",
    re.IGNORECASE,
)
_US = re.compile(r"\b(?:we|we're|we've|we'll|we'd|our|ours|i|i'm|i've|i'll|i'd|my|us)\b", re.IGNORECASE)
_OURS = re.compile(r"\b(?:we|we're|we've|we'll|our|ours|us)\b", re.IGNORECASE)
_YOU = re.compile(r"\b(?:you|your|yours|you're|you've|you'd|yourself)\b", re.IGNORECASE)
_PROMISE = re.compile(
    r"\b(?:you (?:will|'ll|get|can|could|receive|save|earn|won't|never|would (?:get|save|have))|you'll|yours (?:for|today)|you are (?:getting|guaranteed|covered|protected|entitled|eligible)|"
    r"you're (?:getting|guaranteed|covered|protected|entitled|eligible)|you(?: do|')?(?: not|n't)? (?:pay|have to pay|need to pay) nothing|(?:will|would|could|can|'ll) (?:get|give|save|cost|make|help|let) you|you qualify|for you)\b",
    re.IGNORECASE,
)
_OFFER = re.compile(
    r"^(?:(?:let's|let us|let me|i'll|i will|i'd|i would|i can|i could|i want to|i'd rather|we want to|we'd like to|i'd like to|we'll|we will|we can|we could|we should|shall we|please|"
    r"happy to|glad to|gladly|then let's|then i'll|why don't we)\b\s*)(?P<rest>.*)$",
    re.IGNORECASE,
)
_OF_THEM = re.compile(
    r"^(?:(?:i (?:understand|hear|see|get|know|gather)|it sounds like|sounds like|it seems|if i understand|as)\b\s*(?:that )?)?"
    r"(?:you|your|you're|you've|you'd|with|besides|about|for|regarding|as for|at|in|on)\b(?! (?:us|our)\b)",
    re.IGNORECASE,
)
_ASKED_OFFER = re.compile(
    r"^what if (?=(?:you|your|it|the)\b)|^(?:how|what) about (?=(?:we|i|our|it|this|the)\b)|^(?:can|could|may|shall|should|would|will|do|what if|if)\s+(?:i|we)\s+"
    r"(?=(?:offer|give|promise|guarantee|throw|knock|cut|drop|reduce|lower|include|add|cover|pay|match|waive|install|grant|refund|get you)\b)",
    re.IGNORECASE,
)
_PURPOSE = re.compile(r"^so that\b", re.IGNORECASE)
_TOLD = re.compile(
    r"\b(?:said|mentioned|told|asked|pay|paying|spend|spending|spent|lose|losing|budget|quoted|offered|described|named)\b",
    re.IGNORECASE,
)
_ASSENT = re.compile(
    r"^(?:(?:yes|sure|absolutely|of course|definitely|great|ok|okay|certainly)\b[\s,]*)*(?:we (?:can|do|will|could|have|did|are|offer)|it (?:does|will|is|can|works)|you (?:can|will|got it|have it|get it|get that)|you'll get it|"
    r"i (?:can|will|do|agree|accept)|i'll|we'll|agreed|deal|done|accepted|approved|consider it done|no problem|you've got it|it's a deal)(?: (?:do|have|make|offer|that|it|this|to|for|you|happen|work|give|get))*$"
    r"|^(?:yes|deal|agreed|done|accepted)$",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"(?:we|our|i have|i offer|it|this|these|they|there)\b(?!'s)")
_PLAIN = re.compile(r"(?:it|that|this)(?:'s| is| sounds| seems| looks| feels)\b")
_OWN = re.compile(r"(?:we|our|ours)\b|(?:it|this|they)\s+(?:does|works?|will|can|has|have|do|gets?)\b")
_YES = re.compile(
    r"^(?:yes|(?:yes )?(?:it|that) (?:does|is)|(?:yes )?(?:we|they) (?:do|are)|(?:yes )?you can|there (?:is|are))$",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


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
        return bool(_TOLD.search(self.text) and _YOU.search(self.text))

    @property
    def is_aside(self) -> bool:
        """It only says what the question is about: "besides SOC 2"."""
        return bool(re.match(r"(?:besides|about|on|for|regarding|as for|with)\b", self.text, re.IGNORECASE))

    @property
    def is_yes(self) -> bool:
        """Nothing but assent: to what, only what follows can say."""
        return bool(_YES.match(self.text))

    @property
    def is_gerund(self) -> bool:
        return self.text.partition(" ")[0].endswith("ing")

    @property
    def verb(self) -> str:
        """The first word of what an offer offers to do, as a stem; empty for a purpose ("so that …")."""
        found = _OFFER.match(self.text)
        return stem(first) if found and (first := found["rest"].partition(" ")[0].strip(",.!?")) else ""


def clauses(
    text: str, *, names: frozenset[str] = frozenset(), is_growing: bool = False
) -> tuple[tuple[Clause, ...], ...]:
    """A text as sentences of clauses. `names` are the words of the business's name: they speak of us, like "we".

    `is_growing`: the last sentence may still become a question.
    """
    pieces = [piece.strip() for piece in _SENTENCE.split(text) if piece and piece.strip()]
    found: list[tuple[Clause, ...]] = []
    for number, piece in enumerate(pieces):
        is_last = number == len(pieces) - 1
        is_question = _is_question(pieces, number) or (is_growing and is_last and not _ENDS.search(piece))
        goes_on = bool(number) and is_question and not _ENDS.search(pieces[number - 1]) and bool(found)
        has_asked = goes_on and found[-1][-1].does is Does.ASKS
        rows = tuple(_sentence(piece.rstrip(".!?… \"')"), names, is_question=is_question, has_asked=has_asked))
        if rows:
            found.append(rows)
    return tuple(found)


def content_of(text: str, names: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Stems of the words that carry content. Digits are no words: see `coaching.measures`."""
    kept = []
    for word in _LETTERS.findall(text.lower()):
        head = word.replace("’", "'").split("'")[0]
        bare = stem(word)
        if (
            not head
            or head[0].isdigit()
            or head in words.WEAK
            or bare in words.WEAK
            or bare in names
            or word in _NUMBERS
        ):
            continue
        kept.append(bare)
    return tuple(kept)


def is_of_them(text: str) -> bool:
    """It begins with the customer, or with what the customer said, has or needs."""
    return bool(_OF_THEM.match(text))


def speaks_of_us(text: str, names: frozenset[str] = frozenset(), *, is_aside: bool = False) -> bool:
    """`is_aside`: a note to the rep, in which "my" may be the customer's own word."""
    return bool((_OURS if is_aside else _US).search(text)) or any(
        stem(word) in names for word in _LETTERS.findall(text.lower())
    )


def _is_question(pieces: list[str], number: int) -> bool:
    """By its own end; what stands before a dash or a colon belongs to what follows only if it asks by its words."""
    piece = pieces[number]
    if "?" in piece[-3:]:
        return True
    if _ENDS.search(piece):
        return False
    rest = "".join(pieces[number + 1 :])
    return "?" in rest and bool(_ASKS.match(_LEAD.sub("", piece)))


def _sentence(text: str, names: frozenset[str], *, is_question: bool, has_asked: bool) -> Iterable[Clause]:
    """`has_asked`: the sentence goes on after a colon or a dash, and what stood there asked."""
    is_open = has_asked
    parts = [piece for part in _JOINT.split(text) if (piece := part.strip(" ,.!?\"'“”‘’()[]"))]
    for piece in parts:
        if len(parts) > 1 and piece.lower() in ("yes", "no"):
            continue
        if _PURPOSE.match(piece):
            yield Clause(piece, Does.OFFERS, content_of(piece, names))
            continue
        bare = _LEAD.sub("", piece).strip() or piece
        is_backing = _BACKING.match(bare)
        if is_question and is_backing and not _ASKS.match(bare):
            yield _clause(_BACKING.sub("", bare), names)
            continue
        if is_question and _is_asking(bare):
            has_asked, is_open = True, is_open or bool(_WH.match(bare))
            yield from _question(bare, names)
        elif is_question and has_asked and not _has_subject(bare, names):
            yield Clause(bare, Does.ASKS, content_of(bare, names), is_open=is_open)
        else:
            yield _clause(bare, names)


def _is_asking(text: str) -> bool:
    return bool(_ASKS.match(text)) and not _RHETORICAL.match(text)


def _has_subject(text: str, names: frozenset[str]) -> bool:
    first = text.lower().split()[:3]
    return bool({"we", "our", "it", "it's", "we've", "we're", "i"} & set(first)) or any(
        stem(word) in names for word in first
    )


def _question(text: str, names: frozenset[str]) -> Iterable[Clause]:
    """A question, and apart from it what it takes for granted about us."""
    telling = _TELLING.match(text)
    if telling and not re.match(
        r"(?:who|what|which|when|where|why|how (?:many|much|long)|whether|if)\b", text[telling.end() :]
    ):
        yield _clause(text[telling.end() :], names)
        return
    offer = _ASKED_OFFER.match(text)
    if offer:
        yield Clause(text[offer.end() :] or text, Does.CLAIMS, content_of(text[offer.end() :], names))
        return
    yield Clause(text, Does.ASKS, content_of(text, names), is_open=bool(_WH.match(text)))
    rest = _subordinate(text, names)
    if rest:
        yield _clause(rest, names)


_BEFORE_US = frozenset(
    listed(
        "can could shall should must do does did would will may might have has had are is were was am if when what "
        "than from with of for to as on about in by at see use using try like need want expect compare into"
    )
)


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
            if before in _BEFORE_US or len(rest) == 1:
                continue
        elif (bare != "our" and before in _BEFORE_US - {"if", "when", "what", "than", "as"}) or (
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
    offered = _OFFER.match(text)
    if _ASSENT.match(text) or (offered is None and _PROMISE.search(text)):
        return Does.CLAIMS
    if offered is not None:
        verb = stem(offered["rest"].partition(" ")[0])
        is_step = verb in words.INQUIRING | words.GIVING
        return Does.OFFERS if is_step else (Does.CLAIMS if verb else Does.GOES_ALONG)
    lowered = text.lower()
    is_named = any(stem(word) in names for word in _LETTERS.findall(lowered))
    if not content:
        return Does.CLAIMS if is_named or _OWN.match(lowered) else Does.GOES_ALONG
    is_ours = (is_named or _SUBJECT.match(lowered)) and not _PLAIN.match(lowered)
    is_mine = speaks_of_us(text, names) and not _YOU.search(text) and not re.match(r"i\b", lowered)
    return Does.CLAIMS if is_ours or is_mine or words.PRODUCT_VERB.match(lowered) else Does.TELLS


_NUMBERS = frozenset(
    listed(
        "zero three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million percent "
        "dollars dollar euros euro pounds"
    )
)
