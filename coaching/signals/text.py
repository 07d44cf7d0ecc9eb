"""Text as recognisers write it, made even: lower case, no punctuation but sentence ends, contractions opened.

Pure. `normalise` keeps, for every token, where it stood in the original text and in the audio, so that a
match in the even text names exact words and milliseconds.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from coaching.types import Line, Word

STOPS = frozenset({".", "?"})
FILLERS = frozenset({"uh", "um", "er", "erm", "hmm", "mhm", "ah", "eh"})
QUOTE_CHARS = 160
MAX_CHARS = 1_500

_WORD = re.compile(r"\S+")
_PIECE = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[$£€%&]")
_ENDS = re.compile(r"([.!?;…])[\"')\]]*$")
_NOT = re.compile(r"^(can|won|shan|ain|[a-z]+)n't$")
_TAILS = {"'re": "are", "'ve": "have", "'ll": "will", "'d": "would", "'m": "am"}
_IS_HEADS = frozenset({"it", "that", "what", "who", "here", "there", "he", "she", "how", "where", "when", "this"})
_CURRENCIES = {"$": "dollars", "£": "pounds", "€": "euros", "%": "percent", "&": "and"}
_WHOLE: dict[str, tuple[str, ...]] = {
    "can't": ("can", "not"),
    "won't": ("will", "not"),
    "shan't": ("shall", "not"),
    "ain't": ("is", "not"),
    "cannot": ("can", "not"),
    "let's": ("let", "us"),
    "lets": ("let", "us"),
    "dont": ("do", "not"),
    "doesnt": ("does", "not"),
    "didnt": ("did", "not"),
    "cant": ("can", "not"),
    "wont": ("will", "not"),
    "isnt": ("is", "not"),
    "arent": ("are", "not"),
    "wasnt": ("was", "not"),
    "wouldnt": ("would", "not"),
    "couldnt": ("could", "not"),
    "shouldnt": ("should", "not"),
    "havent": ("have", "not"),
    "hasnt": ("has", "not"),
    "im": ("i", "am"),
    "ive": ("i", "have"),
    "youre": ("you", "are"),
    "theyre": ("they", "are"),
    "thats": ("that", "is"),
    "whats": ("what", "is"),
    "gonna": ("going", "to"),
    "wanna": ("want", "to"),
    "gotta": ("got", "to"),
    "kinda": ("kind", "of"),
    "e-mail": ("email",),
}


@dataclass(frozen=True, slots=True)
class Token:
    """One even word. `start` and `end` are character positions in the line's own text; `lead` tokens have -1."""

    text: str
    start: int
    end: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Even:
    """A line made even: `text` is the tokens joined by single spaces, with a space at both ends.

    The first `lead` tokens come from the line before, so that a phrase cut by the recogniser is still found.
    """

    tokens: tuple[Token, ...]
    text: str
    offsets: tuple[int, ...]
    lead: int
    original: str

    def index_at(self, position: int) -> int:
        """The token at a character position of `text`."""
        return max(bisect_right(self.offsets, position) - 1, 0)

    def sentence_start(self, position: int) -> int:
        """Where the sentence that holds `position` begins in `text`."""
        return max(self.text.rfind(" . ", 0, position), self.text.rfind(" ? ", 0, position), -1) + 1


def words_of(text: str) -> Iterator[str]:
    """Even words of a phrase or sentence, sentence ends included as `.` and `?`."""
    previous = ""
    for match in _WORD.finditer(text.lower().replace("’", "'").replace("‘", "'")):
        for token in _even(match.group()):
            if token == previous and token not in STOPS and not token.isdigit():
                continue
            previous = token
            yield token


def normalise(line: Line, lead: tuple[Token, ...] = ()) -> Even:
    """Make a line even. Repeated words ("it's it's") and fillers go; times come from the words, else by position."""
    tokens = list(lead)
    if len(line.text) > MAX_CHARS:
        line = _shortened(line)
    lowered = line.text.lower().replace("’", "'").replace("‘", "'")
    spans = list(_WORD.finditer(lowered))
    for number, match in enumerate(spans):
        start_ms, end_ms = _times(line, number, len(spans), match.start(), match.end())
        for text in _even(match.group()):
            if tokens and tokens[-1].text == text and not text.isdigit():
                continue
            tokens.append(Token(text, match.start(), match.end(), start_ms, end_ms))
    return _join(tuple(tokens), len(lead), line.text)


def tail(even: Even, count: int) -> tuple[Token, ...]:
    """The last tokens of a line that did not end its sentence, to lead the next one; else nothing."""
    if not even.tokens or even.tokens[-1].text in STOPS:
        return ()
    kept = even.tokens[-count:]
    for number in range(len(kept) - 1, -1, -1):
        if kept[number].text in STOPS:
            kept = kept[number + 1 :]
            break
    return tuple(Token(token.text, -1, -1, token.start_ms, token.end_ms) for token in kept)


def quote(even: Even, first: int, last: int) -> str:
    """The words around tokens first..last as they were said: their sentence, at most 160 characters."""
    while first > even.lead and even.tokens[first - 1].text not in STOPS:
        first -= 1
    first = max(first, min(even.lead, len(even.tokens) - 1))
    while last < len(even.tokens) - 1 and even.tokens[last].text not in STOPS:
        last += 1
    said = even.original[max(even.tokens[first].start, 0) : max(even.tokens[last].end, 0)].strip()
    return said if len(said) <= QUOTE_CHARS else said[: QUOTE_CHARS - 1].rsplit(" ", 1)[0] + "…"


def _join(tokens: tuple[Token, ...], lead: int, original: str) -> Even:
    offsets, position = [], 1
    for token in tokens:
        offsets.append(position)
        position += len(token.text) + 1
    text = " " + " ".join(token.text for token in tokens) + " "
    return Even(tokens, text, tuple(offsets), lead, original)


def _even(raw: str) -> Iterator[str]:
    """One written word as zero or more even tokens: "$5,000." becomes 5000, dollars and a stop."""
    bare = raw.strip("\"'()[].,!?;:…-–—")
    if bare in _WHOLE:
        yield from _WHOLE[bare]
    else:
        pieces = _PIECE.findall(re.sub(r"(?<=\d),(?=\d{3})", "", bare))
        signs = [piece for piece in pieces if piece in _CURRENCIES]
        for piece in pieces:
            if piece not in _CURRENCIES and piece not in FILLERS:
                yield from _open(piece)
        yield from (_CURRENCIES[sign] for sign in signs)
    end = _ENDS.search(raw)
    if end is not None:
        yield "?" if end.group(1) == "?" else "."


def _open(piece: str) -> Iterator[str]:
    """Open one contraction."""
    if piece in _WHOLE:
        yield from _WHOLE[piece]
        return
    if _NOT.match(piece):
        yield from (piece[:-3], "not")
        return
    head, mark, _ = piece.partition("'")
    tail_ = piece[len(head) :]
    yield head
    if tail_ in _TAILS:
        yield _TAILS[tail_]
    elif mark and tail_ == "'s" and head in _IS_HEADS:
        yield "is"


def _shortened(line: Line) -> Line:
    """The last 1,500 characters of a line: what was said before was heard before."""
    cut = line.text.find(" ", len(line.text) - MAX_CHARS) + 1 or len(line.text) - MAX_CHARS
    text = line.text[cut:]
    count = len(_WORD.findall(text))
    start_ms = line.start_ms + (line.end_ms - line.start_ms) * cut // len(line.text)
    return replace(line, text=text, start_ms=start_ms, words=line.words[-count:] if count else ())


def _times(line: Line, number: int, count: int, start: int, end: int) -> tuple[int, int]:
    """When a written word was said: from the recogniser's word when they pair up, else by its place in the text."""
    if len(line.words) == count:
        word: Word = line.words[number]
        return word.start_ms, word.end_ms
    length = max(len(line.text), 1)
    span = line.end_ms - line.start_ms
    return line.start_ms + span * start // length, line.start_ms + span * end // length
