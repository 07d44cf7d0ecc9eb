"""Which numbers of one text are to be masked, given what the talk is about. Pure and stateless."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from calls.redaction import checks
from calls.redaction.cues import SECRET, Cue, Topic, cues_of
from calls.redaction.masks import Mask, Span
from calls.redaction.numbers import (
    is_placeholder,
    is_year,
    reaches_end,
    reaches_start,
    runs_of,
    says_only,
    tokens_of,
)
from calls.redaction.parts import Chunk, Run, Token

FAR_BEFORE_CHARACTERS = 200
LONGEST_READ = 40
MOST_OTHER_WORDS = 6
LONG_INTERIM_DIGITS = 7
NUMBERS_FROM_DIGITS = 5
_SAYS_WHAT = re.compile(r",? ?(?:(?:is|are|was|as|that's|on the) [\w' ,]{0,20}|)$")
"""“4242… is my card number”, “312 on the back”; not “5000 to my savings account”."""

_CARDS = frozenset({Topic.CARD, Topic.AFTER_CARD, Topic.CODE, Topic.LAST_FOUR})


_FITS = {
    Topic.CARD: (4, 40, Mask.CARD),
    Topic.LAST_FOUR: (8, 40, Mask.CARD),
    Topic.AFTER_CARD: (99, 6, Mask.CODE),
    Topic.EXPIRY: (2, 6, Mask.CARD_DATE),
    Topic.CODE: (3, 8, Mask.CODE),
    Topic.BANK: (4, 40, Mask.BANK),
    Topic.ACCOUNT: (7, 40, Mask.BANK),
    Topic.SOCIAL: (4, 11, Mask.SOCIAL),
    Topic.NATIONAL: (4, 13, Mask.NATIONAL),
}
"""Digits of a number that is taken for what the talk is about: at least, at most. Alone on its line fewer will do."""

_LATER_AT_LEAST = {Topic.BANK: 6, Topic.SOCIAL: 6, Topic.NATIONAL: 6}
GOES_ON = frozenset({None, Topic.CARD})
"""What a number that is said over several lines may be about."""

_NEVER_SHORT = frozenset({Topic.LAST_FOUR, Topic.EXPIRY})


@dataclass(frozen=True, slots=True)
class Found:
    """A run, what it is, and which topic it was judged by. `is_proved`: by its check digit."""

    run: Run
    mask: Mask | None
    topic: Topic | None
    is_proved: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One text, read."""

    text: str
    tokens: tuple[Token, ...]
    runs: tuple[Run, ...]
    cues: tuple[Cue, ...]
    says_only: bool


def read(text: str, topic: Topic | None = None) -> Reading:
    """`topic`: what the talk was about before: a date of expiry is a card's only where a card was spoken of."""
    tokens = tokens_of(text)
    runs = runs_of(tokens)
    cues = sorted([*cues_of(text), *_gaps_of_the_service(tokens)], key=lambda cue: cue.start)
    if topic not in _CARDS and not any(cue.topic in _CARDS for cue in cues):
        cues = [cue for cue in cues if cue.topic is not Topic.EXPIRY]
    return Reading(text, tuple(tokens), tuple(runs), tuple(cues), says_only(tokens, runs))


def lettered_spans(reading: Reading) -> list[Span]:
    """Numbers with letters: IBANs and British insurance numbers, written or spelt."""
    spans: list[Span] = []
    for first in range(len(reading.tokens)):
        if spans and first <= spans[-1].last:
            continue
        span = _lettered(reading, first)
        if span is not None:
            spans.append(span)
    return spans


def judge(reading: Reading, topic: Topic | None, before: Sequence[Chunk] = ()) -> list[Found]:
    """`topic`: what the talk was about before this text; `before`: chunks the same side said just before."""
    found = []
    for run in reading.runs:
        now, is_said_here = topic_of(reading, run, topic)
        is_going_on = bool(before) and now in GOES_ON and _goes_on(reading, run)
        proved = _proved(run) or (_proved_with(run, before) if is_going_on else None)
        mask = proved or _by_topic(reading, run, now, is_said_here=is_said_here)
        if mask is None and (now is None or now in SECRET):
            mask = _by_shape(reading, run, before if is_going_on else ())
        found.append(Found(run, mask, now, is_proved=proved is not None))
    return found


def _gaps_of_the_service(tokens: Sequence[Token]) -> Iterator[Cue]:
    """Where the speech service took a part out, the rest of it may stand beside."""
    for token in tokens:
        if is_placeholder(token.text):
            topic = Topic.SOCIAL if "SSN" in token.text else Topic.CARD
            yield Cue(topic, token.start, token.start + len(token.text))


def topic_of(reading: Reading, run: Run, topic: Topic | None) -> tuple[Topic | None, bool]:
    """By the nearest cue before the run, or one that says so after it, or by the talk so far.

    The second is whether it was said in this text.
    """
    start, end = reading.tokens[run.first].start, _end(reading.tokens[run.last])
    cues = asked(reading)
    before = [cue for cue in cues if 0 <= start - cue.end <= FAR_BEFORE_CHARACTERS]
    after = [cue for cue in cues if cue.topic in SECRET and _SAYS_WHAT.match(reading.text[end : max(end, cue.start)])]
    if before and not (before[-1].topic is Topic.HARMLESS and after):
        return before[-1].topic, True
    return (after[0].topic, True) if after else (topic, False)


def asked(reading: Reading) -> list[Cue]:
    """The cues that count. “The last four digits of your card”: four digits are what is asked for, not the card.

    Of a social security number the last four are secret as well.
    """
    kept: list[Cue] = []
    for cue in reading.cues:
        last = kept[-1].topic if kept else None
        if (last, cue.topic) in {(Topic.LAST_FOUR, Topic.CARD), (Topic.SOCIAL, Topic.LAST_FOUR)}:
            continue
        kept.append(cue)
    return kept


def _end(token: Token) -> int:
    return token.start + len(token.text)


def _proved(run: Run) -> Mask | None:
    if run.has_plus or run.is_counting:
        return None
    digits = run.digits
    if run.most_digits >= checks.CARD_LENGTHS[0] and _holds_a_card(run):
        return Mask.CARD
    if checks.is_social_security_number(run.groups) or any(
        checks.is_social_security_number(chunk.groups) for chunk in run.chunks
    ):
        return Mask.SOCIAL
    return Mask.NATIONAL if checks.is_steuer_id(digits) and not run.is_quantity else None


def _holds_a_card(run: Run) -> bool:
    """The whole of it as it may be meant, or a part that a card's issuer may have given out."""
    ways = [chunk.ways for chunk in run.chunks]
    if len(run.digits) > LONGEST_READ or checks.any_passes_luhn(ways):
        return True
    return any(
        len(digits) in checks.CARD_LENGTHS and checks.looks_like_an_issuer(digits) and checks.passes_luhn(digits)
        for digits in _parts(run)
    )


def _parts(run: Run) -> Iterator[str]:
    texts = [chunk.digits for chunk in run.chunks]
    for first in range(len(texts)):
        digits = ""
        for text in texts[first:]:
            digits += text
            if len(digits) > checks.CARD_LENGTHS[-1]:
                break
            yield digits


def _goes_on(reading: Reading, run: Run) -> bool:
    """Whether this may be the rest of the number that the same side said last."""
    is_first = run is reading.runs[0] and reaches_start(reading.tokens, run)
    return is_first and not run.is_quantity and not run.has_plus


def _proved_with(run: Run, before: Sequence[Chunk]) -> Mask | None:
    chunks = (*before, *run.chunks)
    if len(chunks) <= LONGEST_READ and checks.any_passes_luhn([chunk.ways for chunk in chunks]):
        return Mask.CARD
    return None


def _by_topic(reading: Reading, run: Run, topic: Topic | None, *, is_said_here: bool) -> Mask | None:
    """`is_said_here`: the topic stands in the same text; what comes later beside other words must look the part."""
    if topic is None or topic is Topic.HARMLESS:
        return None
    is_alone = reading.says_only
    if run.is_quantity and (not is_alone or run.chunks[0].is_amount):
        return None
    at_least, at_most, mask = _FITS[topic]
    if not is_said_here and not _is_an_answer(reading, run):
        return None
    if topic is Topic.ACCOUNT:
        is_alone = is_alone and run.is_one_by_one
    if topic is Topic.CARD and not is_said_here:
        at_least = 4 if _is_grouped_in_fours(run) else 8
    elif topic in _LATER_AT_LEAST and not is_said_here:
        at_least = _LATER_AT_LEAST[topic]
    length = len(run.digits)
    fits = at_least <= length <= at_most or (is_alone and length <= at_most and topic not in _NEVER_SHORT)
    return mask if fits else None


def _is_an_answer(reading: Reading, run: Run) -> bool:
    """To a question of an earlier line: the number is what the line says, or what it ends with."""
    inside = sum(each.last - each.first + 1 for each in reading.runs)
    is_short = len(reading.tokens) - inside <= MOST_OTHER_WORDS
    return is_short or len(run.digits) >= 8 or reaches_end(reading.tokens, run)


def _is_grouped_in_fours(run: Run) -> bool:
    """As cards are read out. One round number is rather a price."""
    is_round = len(run.digits) == 4 and run.digits.endswith("00") and not run.is_one_by_one
    return len(run.digits) % 4 == 0 and all(len(group) % 4 == 0 for group in run.groups) and not is_round


def _by_shape(reading: Reading, run: Run, before: Sequence[Chunk]) -> Mask | None:
    """Nobody said what it is: what is read out as cards are, and nothing else is."""
    length = len(run.digits)
    if run.is_quantity or run.has_plus or run.chunks[0].is_date or any(chunk.is_cardinal for chunk in run.chunks):
        return None
    if length in {15, 16} and run.digits[0] in "3456":
        return Mask.CARD
    groups = (*(group for chunk in before for group in chunk.groups), *run.groups)
    if all(len(group) == 4 for group in groups) and len(groups) > 1:
        return None if all(is_year(group) or group.endswith("00") for group in groups) else Mask.CARD
    if run.is_one_by_one and reading.says_only:
        return Mask.CARD if length in {4, 8, 12} else None
    is_at_end = run.is_one_by_one and reaches_end(reading.tokens, run)
    return Mask.CARD if is_at_end and length in {8, 12} else None


def growing(reading: Reading, found: Found, wanted: frozenset[Mask]) -> Mask | None:
    """An interim ends in the middle of a number: what may become a secret does not show its first digits."""
    run = found.run
    if found.mask in wanted or run.chunks[0].is_amount or run.has_plus or not reaches_end(reading.tokens, run):
        return found.mask
    if found.topic in SECRET and (found.topic is not Topic.AFTER_CARD or reading.says_only):
        return _FITS[found.topic][2]
    return Mask.NUMBER if len(run.digits) >= LONG_INTERIM_DIGITS else None


def is_longer_number(run: Run) -> bool:
    """For the policy's “all longer numbers”: telephones too; prices, quantities and dates stay."""
    return len(run.digits) >= NUMBERS_FROM_DIGITS and not run.is_quantity and not run.chunks[0].is_date


# Numbers with letters --------------------------------------------------------------------------------


def _lettered(reading: Reading, first: int) -> Span | None:
    chunks = {chunk.first: chunk for run in reading.runs for chunk in run.chunks}
    symbols, index, longest = "", first, None
    while index < len(reading.tokens) and len(symbols) < 34:
        chunk = chunks.get(index)
        piece = chunk.digits if chunk is not None else _letters(reading.tokens[index])
        if piece is None or (index == first and not piece[:1].isalpha()):
            break
        symbols += piece
        index = chunk.last + 1 if chunk is not None else index + 1
        if checks.is_iban(symbols):
            return Span(first, index - 1, Mask.BANK)
        if checks.is_insurance_number(symbols):
            longest = Span(first, index - 1, Mask.NATIONAL)
    return longest


def _letters(token: Token) -> str | None:
    """Of a word that may be part of such a number: a single letter, or letters and digits in one, or capitals."""
    bare = token.word.replace("-", "").replace(".", "")
    if not bare:
        return ""
    if not bare.isascii() or not bare.isalnum():
        return None
    is_code = len(bare) == 1 or any(each.isdigit() for each in bare) or (token.text.isupper() and len(bare) <= 4)
    return bare.upper() if is_code else None
