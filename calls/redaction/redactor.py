"""One call's memory for redaction: what numbers are being talked about, and what was just said of them.

A number is rarely said in one piece: “what is the card number?”, “four two four two”, “mm-hm”, “four two four two”. So
the topic is kept over lines of both sides until it is answered, forgotten or another comes up. Nothing is held back and
nothing is taken back: digits that may begin a secret number are masked as they come.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NewType

from calls.redaction import judging, masks
from calls.redaction.cues import SECRET, Cue, Topic, cues_of
from calls.redaction.judging import Found, Reading
from calls.redaction.masks import Mask, Span
from calls.redaction.numbers import reaches_end
from calls.redaction.parts import Chunk
from coaching.types import Channel, Line, Word

TOPIC_LASTS_MS = 60_000
HARMLESS_LASTS_MS = 15_000
TAIL_LASTS_MS = 20_000
CARD_DIGITS = 15
MOST_TAIL_CHUNKS = 24
REMEMBERED_LINES = 64

CleanLine = NewType("CleanLine", Line)
"""A line that has been through redaction. Only this module makes one; the log and the screens take nothing else."""

_MAY_MATTER = re.compile(
    r"\d|\[|\*\*\*|\b(?:zero|oh|nought|naught|one|two|three|four|five|six|seven|eight|nine|double|triple|ten|eleven|"
    r"twelve|\w+teen|twenty|thirty|fort?y|fourty|fifty|sixty|seventy|eighty|ninety)",
    re.IGNORECASE,
)
_LEFT_AT = {
    Mask.CARD: Topic.CARD,
    Mask.CARD_DATE: Topic.AFTER_CARD,
    Mask.CODE: Topic.AFTER_CARD,
    Mask.BANK: Topic.BANK,
    Mask.SOCIAL: Topic.SOCIAL,
    Mask.NATIONAL: Topic.NATIONAL,
}
"""What may follow a number of each kind."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A line, and what was taken out of it, in order."""

    line: CleanLine
    masks: tuple[Mask, ...] = ()


class Talk:
    """What is being talked about. What is harmless lies over what is secret for a while, and does not end it."""

    def __init__(self) -> None:
        self._secret: tuple[Topic, int] | None = None
        self._harmless: tuple[Topic, int] | None = None
        self._digits = 0

    def topic_at(self, now_ms: int) -> Topic | None:
        if self._harmless is not None and now_ms - self._harmless[1] <= HARMLESS_LASTS_MS:
            return self._harmless[0]
        if self._secret is not None and now_ms - self._secret[1] <= TOPIC_LASTS_MS:
            return self._secret[0]
        return None

    def asked(self, topic: Topic, at_ms: int) -> None:
        if topic not in SECRET:
            self._harmless = (topic, at_ms)
            return
        if topic is Topic.CARD:
            self._digits = 0
        self._secret, self._harmless = (topic, at_ms), None

    def answered(self) -> None:
        """A price or a quantity was said: what was spoken of before goes on."""
        self._harmless = None

    def masked(self, mask: Mask, found: Found, at_ms: int) -> None:
        topic = _LEFT_AT.get(mask)
        if topic is None:
            return
        if topic is Topic.CARD:
            self._digits += len(found.run.digits)
            if found.is_proved or self._digits >= CARD_DIGITS:
                topic, self._digits = Topic.AFTER_CARD, 0
        self._secret, self._harmless = (topic, at_ms), None


WITHHELD = "[…]"
"""In place of a line that could not be cleaned."""


def withheld(line: Line) -> CleanLine:
    """The line without anything that was said in it."""
    return CleanLine(replace(line, text=WITHHELD if line.text else "", words=()))


class Redactor:
    """One per call, used in the order of what was said. `kinds`: of the policy (`pci`, `ssn`, `numbers`); none: off.

    Bounded: one topic, at most 24 numbers a side and the newest 64 lines, masked. A line costs less than 1 ms.
    """

    def __init__(self, kinds: Collection[str]) -> None:
        self._kinds = tuple(kinds)
        self._wanted = masks.wanted(kinds)
        self._talk = Talk()
        self._tails: dict[Channel, tuple[int, tuple[Chunk, ...]]] = {}
        self._lines: deque[CleanLine] = deque(maxlen=REMEMBERED_LINES)

    def hear(self, line: Line) -> Redacted:
        """A line as it came, interim or final. An interim leaves no trace."""
        if not self._wanted or not line.text:
            return Redacted(CleanLine(line))
        topic = self._talk.topic_at(line.start_ms)
        if not _MAY_MATTER.search(line.text):
            return Redacted(self._kept(line, cues_of(line.text)))
        reading = judging.read(line.text, topic)
        found = judging.judge(reading, topic, self._tail(line))
        spans = self._spans(reading, found, is_final=line.is_final)
        masked = self._masked(line, reading, spans, topic)
        if line.is_final:
            self._remember(line, reading, found)
        clean = self._kept(masked, ())
        return Redacted(clean, tuple(span.mask for span in spans))

    def restore(self, lines: Iterable[Line]) -> None:
        """Take over from another process: the log's last lines, in order, masked as they are."""
        for line in deque(lines, maxlen=REMEMBERED_LINES):
            self.hear(line)

    def aside(self, before_ms: int) -> Redactor:
        """For lines that come late: it knows what was said before `before_ms`, and this one learns nothing of it."""
        other = Redactor(self._kinds)
        other.restore(line for line in self._lines if line.end_ms <= before_ms)
        return other

    # Inside -------------------------------------------------------------------------------------------

    def _tail(self, line: Line) -> tuple[Chunk, ...]:
        said_ms, chunks = self._tails.get(line.channel, (0, ()))
        return chunks if line.start_ms - said_ms <= TAIL_LASTS_MS else ()

    def _spans(self, reading: Reading, found: Sequence[Found], *, is_final: bool) -> list[Span]:
        spans = [span for span in judging.lettered_spans(reading) if span.mask in self._wanted]
        for each in found:
            mask = self._mask(each if is_final else replace(each, mask=judging.growing(reading, each, self._wanted)))
            is_free = all(span.last < each.run.first or each.run.last < span.first for span in spans)
            if mask is not None and is_free:
                spans.append(Span(each.run.first, each.run.last, mask))
        return sorted(spans, key=lambda span: span.first)

    def _mask(self, found: Found) -> Mask | None:
        """As the policy wants it. A number that still grows is masked under any policy."""
        if found.mask in self._wanted or found.mask is Mask.NUMBER:
            return found.mask
        return Mask.NUMBER if Mask.NUMBER in self._wanted and judging.is_longer_number(found.run) else None

    def _masked(self, line: Line, reading: Reading, spans: Sequence[Span], topic: Topic | None) -> Line:
        is_same = [word.text for word in line.words] == [token.text for token in reading.tokens]
        if is_same and not spans:
            return line
        text = masks.masked_text(line.text, reading.tokens, spans)
        words = masks.masked_words(line.words, spans) if is_same else self._words_by_themselves(line, topic, spans)
        return replace(line, text=text, words=words)

    def _words_by_themselves(self, line: Line, topic: Topic | None, found: Sequence[Span]) -> tuple[Word, ...]:
        """The engine's words are not those of its text: they are judged again, and dropped where that is in doubt."""
        reading = judging.read(" ".join(word.text for word in line.words), topic)
        judged = judging.judge(reading, topic, self._tail(line))
        spans = self._spans(reading, judged, is_final=line.is_final)
        is_in_doubt = len(spans) < len(found) or (spans and len(reading.tokens) != len(line.words))
        return () if is_in_doubt else masks.masked_words(line.words, spans)

    def _remember(self, line: Line, reading: Reading, found: Sequence[Found]) -> None:
        """Moves the talk on: cues and masked numbers in the order in which they were said."""
        steps: list[tuple[int, Cue | Found]] = [(cue.start, cue) for cue in judging.asked(reading)]
        steps += [(reading.tokens[each.run.first].start, each) for each in found]
        for _, step in sorted(steps, key=lambda one: one[0]):
            if isinstance(step, Cue):
                self._talk.asked(step.topic, line.end_ms)
            elif (mask := self._mask(step)) is not None:
                self._talk.masked(mask, step, line.end_ms)
            elif step.run.is_quantity:
                self._talk.answered()
        if found:
            self._keep_tail(line, reading, found)

    def _keep_tail(self, line: Line, reading: Reading, found: Sequence[Found]) -> None:
        last = found[-1]
        is_over = last.is_proved or last.topic not in judging.GOES_ON
        if is_over or last.run.is_quantity or not reaches_end(reading.tokens, last.run):
            self._tails.pop(line.channel, None)
            return
        before = self._tail(line) if reading.says_only else ()
        self._tails[line.channel] = (line.end_ms, (*before, *last.run.chunks)[-MOST_TAIL_CHUNKS:])

    def _kept(self, line: Line, cues: Sequence[Cue]) -> CleanLine:
        clean = CleanLine(line)
        if line.is_final:
            for cue in cues:
                self._talk.asked(cue.topic, line.end_ms)
            self._lines.append(clean)
        return clean


def redacted_text(text: str, kinds: Collection[str]) -> tuple[str, tuple[Mask, ...]]:
    """Typed text by itself: a note, a name. What of it stays, and what was taken out."""
    line = Line(Channel.REP, text, 0, 0, 1.0, is_final=True, utterance=0, provider="")
    redacted = Redactor(kinds).hear(line)
    return redacted.line.text, redacted.masks
