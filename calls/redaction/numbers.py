"""Numbers in what was said, written or spoken: “4242”, “forty-two forty-two”, “double four”, “triple zero”, “oh”.

Pure; English words, digits of any language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from calls.redaction.parts import Chunk, Run, Token
from calls.redaction.words import (
    AROUND,
    BEFORE_A_YEAR,
    BEFORE_AN_AMOUNT,
    BETWEEN,
    COUNTED,
    MONTHS,
    NAMED,
    OH,
    STREETS,
    TEENS,
    TENS,
    TIMES,
    UNITS,
)

_TOKEN = re.compile(r"\S+")
_WRITTEN = re.compile(r"[(#\"'“]*(\+?)\(?(\d[\d\-–.()/]*)[.,;:!?)\"'”…]*\Z")
_AMOUNT = re.compile(r"\d{1,3}(?:[,.']\d{3})+(?:[.,]\d+)?\Z|\d+[.,]\d{1,3}\Z")
_STRIP = ".,;:!?()[]\"'“”‘’…#"
_DASHES = re.compile(r"[-–—]")
_JOINTS = re.compile(r"[-–.()/]+")
_PLACEHOLDER = re.compile(r"\[[A-Z0-9_ ]+\]|\*{3,}|#{3,}")
MOST_BETWEEN = 5


def tokens_of(text: str) -> list[Token]:
    return [Token(each.group(), _bare(each.group()), each.start()) for each in _TOKEN.finditer(text)]


def is_placeholder(text: str) -> bool:
    """What a speech service leaves where it took something out."""
    return _PLACEHOLDER.fullmatch(text.strip(".,;:!?")) is not None


def runs_of(tokens: Sequence[Token]) -> list[Run]:
    """In order. Numbers that are clearly prices, times or fractions stand alone and are quantities."""
    found: list[list[Chunk]] = []
    for chunk in _chunks(tokens):
        last = found[-1][-1] if found else None
        if last is not None and _go_together(tokens, last, chunk):
            found[-1].append(chunk)
        else:
            found.append([chunk])
    return [_run(tokens, chunks) for chunks in found if any(chunk.ways[-1] for chunk in chunks)]


def says_only(tokens: Sequence[Token], runs: Sequence[Run]) -> bool:
    """Whether somebody says numbers and nothing else."""
    inside = {index for run in runs for index in range(run.first, run.last + 1)}
    return bool(runs) and all(i in inside or token.word in AROUND or not token.word for i, token in enumerate(tokens))


def reaches_end(tokens: Sequence[Token], run: Run) -> bool:
    return all(token.word in BETWEEN or not token.word for token in tokens[run.last + 1 :])


def reaches_start(tokens: Sequence[Token], run: Run) -> bool:
    return all(token.word in AROUND or not token.word for token in tokens[: run.first])


def is_year(digits: str) -> bool:
    return len(digits) == 4 and digits[:2] in {"19", "20"}


def _bare(text: str) -> str:
    bare = text.strip(_STRIP).lower().replace("’", "'")
    return bare or (text if text in {"-", "–", "—", "/", ",", "."} else "")


def _go_together(tokens: Sequence[Token], last: Chunk, chunk: Chunk) -> bool:
    if last.is_amount or chunk.is_amount or chunk.has_plus or last.is_date or chunk.is_date:
        return False
    between = tokens[last.last + 1 : chunk.first]
    return len(between) <= MOST_BETWEEN and all(not token.word or token.word in BETWEEN for token in between)


def _chunks(tokens: Sequence[Token]) -> list[Chunk]:
    chunks: list[Chunk] = []
    index = 0
    while index < len(tokens):
        chunk = _written(tokens, index) or _spoken(tokens, index)
        if chunk is None:
            index += 1
            continue
        chunks.append(chunk)
        index = chunk.last + 1
    return [_doubted(tokens, chunks, place) for place in range(len(chunks))]


def _doubted(tokens: Sequence[Token], chunks: Sequence[Chunk], place: int) -> Chunk:
    """“Oh” is surely a zero only beside another digit; elsewhere it may be nothing at all."""
    chunk = chunks[place]
    if tokens[chunk.first].word not in OH:
        return chunk
    beside = [other for other in chunks[max(0, place - 1) : place + 2] if other is not chunk]
    is_beside = any(other.last + 1 == chunk.first or other.first == chunk.last + 1 for other in beside)
    return chunk if is_beside else replace(chunk, ways=("0", ""))


def _written(tokens: Sequence[Token], index: int) -> Chunk | None:
    text = tokens[index].text
    if not any(character.isdigit() for character in text):
        return None
    digits = "".join(character for character in text if character in "0123456789")
    match = _WRITTEN.match(text)
    if match is None or not digits:
        # A price, a share, a time or a number with thousands points; not what has letters in it.
        is_plain = not any(character.isalpha() for character in text)
        return Chunk(index, index, (digits,), is_amount=True) if is_plain and digits else None
    bare = match[2].strip(".)(-–/")
    if _AMOUNT.match(bare):
        return Chunk(index, index, (digits,), is_amount=True)
    groups = tuple(group for group in _JOINTS.split(bare) if group)
    return Chunk(index, index, (digits,), is_date="/" in bare, has_plus=bool(match[1]), groups=groups)


def _spoken(tokens: Sequence[Token], index: int) -> Chunk | None:
    word = tokens[index].word
    if word in TIMES:
        return _repeated(tokens, index)
    if _DASHES.search(word) and not _hyphened_digits(word):
        return _hyphened(word, index)
    if word in OH:
        return Chunk(index, index, ("0",), is_spoken=True)
    if (small := _small(tokens, index)) is None:
        return None
    value, last, ways = small
    return _cardinal(tokens, index, value, last) or Chunk(index, last, ways, is_spoken=True)


def _repeated(tokens: Sequence[Token], index: int) -> Chunk | None:
    """“Double four”, “triple 0”."""
    if index + 1 >= len(tokens):
        return None
    word = tokens[index + 1].word
    digit = "0" if word in OH else str(UNITS[word]) if word in UNITS else word
    if len(digit) != 1 or not digit.isdecimal():
        return None
    return Chunk(index, index + 1, (digit * TIMES[tokens[index].word],), is_spoken=True)


def _hyphened(word: str, index: int) -> Chunk | None:
    """“forty-two”, “four-two-four-two”, “double-four”."""
    parts = [Token(part, part, 0) for part in _DASHES.split(word)]
    if not all(
        part.word in UNITS or part.word in TEENS or part.word in TENS or part.word in TIMES or part.word in OH
        for part in parts
    ):
        return None
    chunks = _chunks(parts)
    if not chunks:
        return None
    ways = ("".join(chunk.digits for chunk in chunks), "".join(chunk.ways[-1] for chunk in chunks))
    return Chunk(index, index, tuple(dict.fromkeys(ways)), is_spoken=True)


def _small(tokens: Sequence[Token], index: int) -> tuple[int, int, tuple[str, ...]] | None:
    """A number below 100: its value, its last token, its digits."""
    word = tokens[index].word if index < len(tokens) else ""
    if word in UNITS:
        return UNITS[word], index, (str(UNITS[word]),)
    if word in TEENS:
        return TEENS[word], index, (str(TEENS[word]),)
    if word not in TENS:
        digits = _hyphened_digits(word)
        return (int(digits), index, (digits, f"{digits[0]}0{digits[1]}")) if digits else None
    after = UNITS.get(tokens[index + 1].word, 0) if index + 1 < len(tokens) else 0
    if after and tokens[index].text[-1].isalpha():
        # “Twenty one” may be 21, or 20 and 1 of somebody who reads in pairs.
        return TENS[word] + after, index + 1, (str(TENS[word] + after), f"{TENS[word]}{after}")
    return TENS[word], index, (str(TENS[word]),)


def _hyphened_digits(word: str) -> str:
    head, _, tail = word.partition("-")
    return str(TENS[head] + UNITS[tail]) if head in TENS and UNITS.get(tail) else ""


def _cardinal(tokens: Sequence[Token], first: int, value: int, last: int) -> Chunk | None:
    """“Four hundred and two”, “forty-two hundred”, “four thousand two hundred forty two”."""
    if not _is(tokens, last + 1, "hundred", "thousand"):
        return None
    if _is(tokens, last + 1, "hundred"):
        value, last = _plus(tokens, value * 100, last + 1)
    if _is(tokens, last + 1, "thousand"):
        value, last = value * 1_000, last + 1
        rest = _small(tokens, last + 1)
        if rest is not None and _is(tokens, rest[1] + 1, "hundred"):
            value, last = value + rest[0] * 100, rest[1] + 1
        value, last = _plus(tokens, value, last)
    return Chunk(first, last, (str(value),), is_spoken=True, is_cardinal=True)


def _plus(tokens: Sequence[Token], value: int, last: int) -> tuple[int, int]:
    start = last + 2 if _is(tokens, last + 1, "and") else last + 1
    rest = _small(tokens, start)
    # A number from 0 to 9 without “and” may as well be the next digit; either way it belongs to the run.
    return (value + rest[0], rest[1]) if rest is not None and rest[0] else (value, last)


def _is(tokens: Sequence[Token], index: int, *words: str) -> bool:
    return index < len(tokens) and tokens[index].word in words


def _run(tokens: Sequence[Token], chunks: Sequence[Chunk]) -> Run:
    return Run(tuple(chunks), _is_quantity(tokens, chunks), _is_counting(chunks), _groups(tokens, chunks))


def _is_quantity(tokens: Sequence[Token], chunks: Sequence[Chunk]) -> bool:
    before = tokens[chunks[0].first - 1].word if chunks[0].first else ""
    after = tokens[chunks[-1].last + 1].word if chunks[-1].last + 1 < len(tokens) else ""
    if chunks[-1].is_amount or after in COUNTED or before in BEFORE_AN_AMOUNT:
        return True
    if before in NAMED or _is_address(tokens, chunks[-1].last):
        return True
    if before in MONTHS or after in MONTHS or (len(chunks) == 1 and chunks[0].is_cardinal):
        return True
    digits = "".join(chunk.digits for chunk in chunks)
    return (is_year(digits) and before in BEFORE_A_YEAR) or _is_counting(chunks)


def _is_address(tokens: Sequence[Token], last: int) -> bool:
    return any(token.word in STREETS for token in tokens[last + 1 : last + 4])


def _is_counting(chunks: Sequence[Chunk]) -> bool:
    values = [int(chunk.digits) for chunk in chunks]
    return len(values) > 3 and values[-1] >= 10 and all(after == before + 1 for before, after in pairwise(values))


def _groups(tokens: Sequence[Token], chunks: Sequence[Chunk]) -> tuple[str, ...]:
    """Digits as they were grouped: by written groups, and by pauses that are spoken or written as a dash or a comma."""
    groups: list[str] = []
    is_open = False
    for place, chunk in enumerate(chunks):
        if place and (chunk.first > chunks[place - 1].last + 1 or tokens[chunks[place - 1].last].text[-1] in ",.-–;"):
            is_open = False
        if not chunk.is_spoken:
            groups += chunk.groups or (chunk.digits,)
            is_open = False
        elif is_open:
            groups[-1] += chunk.digits
        else:
            groups.append(chunk.digits)
            is_open = True
    return tuple(groups)
