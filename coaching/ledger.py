"""The facts of a call that must not be forgotten, each with who said it, when, and in which words. Pure, bounded.

A fact joins what the model is shown when its turn leaves the window of turns in full, at the end, so that what stood
before stays byte for byte the same and is cached by the vendor. Beyond 8,000 characters (about 2,000 tokens) the least
important facts go: first what was said again with other figures, then numbers, each time the oldest first. Deciders,
budgets, dates and promises stay and only lose the words around them, the oldest first. Were these alone too many, more
than about a hundred, the oldest of the most frequent kind would go.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from coaching import prompts
from coaching.ledger_rules import EntryKind, Mark, marks_of
from coaching.types import Channel, Line, Signal, SignalKind

LEDGER_CHARS = 8_000
ROOM_AFTER = 0.8
"""How full the ledger is after it let something go: it does so seldom, since each time the vendor reads it anew."""

QUOTE_CHARS = 160
SHORT_CHARS = (80, 30)
"""What is left of the words of a fact that is never forgotten, when room is short and when it is shorter still."""

PROMISED_CHARS = 30
AROUND_CHARS = 30
ALIKE = 0.5
SAID_AGAIN = 0.7
NEVER_FORGOTTEN = frozenset({EntryKind.DECIDER, EntryKind.BUDGET, EntryKind.DATE, EntryKind.PROMISE})
IMPORTANCE = {EntryKind.NUMBER: 0, EntryKind.MONEY: 1, EntryKind.INTEREST: 1, EntryKind.NEXT_STEP: 1}
OTHERWISE = 2
_OF_SIGNALS = {
    SignalKind.OBJECTION: EntryKind.OBJECTION,
    SignalKind.COMPETITOR: EntryKind.COMPETITOR,
    SignalKind.BUYING_SIGNAL: EntryKind.INTEREST,
    SignalKind.NEXT_STEP: EntryKind.NEXT_STEP,
}
_SENTENCE = re.compile(r"[^.?!]+(?:[.?!](?!\s)[^.?!]*)*[.?!]*")
_TERM = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was said: what it is about, in which words, by whom, and where in the call.

    `turn` numbers the turn that holds it; `values` are the facts in one spelling, as `kind:value`.
    """

    kinds: tuple[EntryKind, ...]
    values: frozenset[str]
    quote: str
    channel: Channel
    utterance: int
    at_ms: int
    turn: int = 0
    short: str = ""

    @property
    def is_kept(self) -> bool:
        return not NEVER_FORGOTTEN.isdisjoint(self.kinds)

    @property
    def importance(self) -> int:
        return max(IMPORTANCE.get(kind, OTHERWISE) for kind in self.kinds)

    @property
    def row(self) -> str:
        """How the model sees it: kinds, speaker, minute and second, words."""
        minutes, seconds = divmod(self.at_ms // 1_000, 60)
        return prompts.quoted(["+".join(self.kinds), self.channel.value, f"{minutes}:{seconds:02}", self.quote])


class Ledger:
    """Of one call. With `is_mono` both people are one channel, so anybody may set requirements."""

    def __init__(self, *, is_mono: bool = False) -> None:
        self._is_mono = is_mono
        self._fresh: list[Entry] = []
        self._entries: list[Entry] = []
        self._terms: dict[Entry, frozenset[str]] = {}
        self._by_value: dict[str, list[Entry]] = {}
        self.text = ""
        self.said = ""
        """The words of all that is shown, for who checks what a card may echo."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What the model is shown, in the order in which it joined."""
        return tuple(self._entries)

    def note(self, line: Line, signals: Iterable[Signal] = (), *, turn: int = 0) -> None:
        """Remember the facts of a final line. `signals` are those that were found in it."""
        for entry in _entries_of(
            line, list(signals), turn, may_require=self._is_mono or line.channel is Channel.CUSTOMER
        ):
            terms = frozenset(_TERM.findall(entry.quote.lower()))
            if not self._is_known(entry, terms):
                self._fresh.append(entry)
                self._learn(entry, terms)

    def settle(self, before_turn: int) -> None:
        """Show the facts of the turns before this one, which are no longer shown in full."""
        joining = [entry for entry in self._fresh if entry.turn < before_turn]
        if not joining:
            return
        self._fresh = [entry for entry in self._fresh if entry.turn >= before_turn]
        self._entries += joining
        self._show([entry.row for entry in joining], [entry.quote for entry in joining])
        if len(self.text) > LEDGER_CHARS:
            self._let_go(round(LEDGER_CHARS * ROOM_AFTER))

    def _show(self, rows: list[str], quotes: list[str]) -> None:
        self.text = "\n".join((self.text, *rows) if self.text else rows)
        self.said = " ".join((self.said, *quotes))

    def _learn(self, entry: Entry, terms: frozenset[str]) -> None:
        self._terms[entry] = terms
        for value in entry.values:
            self._by_value.setdefault(value, []).append(entry)

    def _is_known(self, entry: Entry, terms: frozenset[str]) -> bool:
        """Whether the same values were told in much the same words. The same date of another thing is another fact."""
        for other in self._by_value.get(next(iter(entry.values)), ()):
            known = self._terms[other]
            if entry.values <= other.values and len(terms & known) >= ALIKE * len(terms | known):
                return True
        return False

    def _let_go(self, room: int) -> None:
        outdated = self._outdated()
        may_go = [entry for entry in self._entries if not entry.is_kept]
        size = len(self.text)
        gone: set[Entry] = set()
        for entry in sorted(may_go, key=lambda entry: (entry not in outdated, entry.importance)):
            if size <= room:
                break
            size -= len(entry.row) + 1
            gone.add(entry)
        self._keep(entry for entry in self._entries if entry not in gone)
        for chars in SHORT_CHARS:
            if len(self.text) > LEDGER_CHARS:
                self._shorten(room, chars)
        while len(self.text) > LEDGER_CHARS:
            self._keep(_without_one(self._entries))

    def _outdated(self) -> set[Entry]:
        """Those that were said again since in much the same words, with other figures."""
        said = [(entry, frozenset(filter(str.isalpha, self._terms[entry]))) for entry in self._entries]
        return {
            entry
            for place, (entry, terms) in enumerate(said)
            if any(len(terms & later) > SAID_AGAIN * len(terms | later) for _, later in said[place + 1 :])
        }

    def _shorten(self, room: int, chars: int) -> None:
        """The oldest facts keep the words that matter and lose those around them."""
        size = len(self.text)
        kept = []
        for entry in self._entries:
            if size > room and len(entry.short[:chars]) < len(entry.quote):
                brief = replace(entry, quote=entry.short[:chars])
                self._terms[brief] = self._terms[entry]
                size -= len(entry.row) - len(brief.row)
                kept.append(brief)
            else:
                kept.append(entry)
        self._keep(kept)

    def _keep(self, entries: Iterable[Entry]) -> None:
        self._entries = list(entries)
        self.text = self.said = ""
        self._show([entry.row for entry in self._entries], [entry.quote for entry in self._entries])
        known, self._terms, self._by_value = self._terms, {}, {}
        for entry in (*self._entries, *self._fresh):
            self._learn(entry, known[entry])


def _without_one(entries: Sequence[Entry]) -> list[Entry]:
    """Without the oldest of the kind there is most of."""
    kind, _ = Counter(entry.kinds[0] for entry in entries).most_common(1)[0]
    oldest = next(entry for entry in entries if entry.kinds[0] is kind)
    return [entry for entry in entries if entry is not oldest]


def _entries_of(line: Line, signals: list[Signal], turn: int, *, may_require: bool) -> Iterator[Entry]:
    """The facts of a line, one entry for each sentence or, of a sentence without end, for each cluster of facts."""
    for match in _SENTENCE.finditer(" ".join(line.text.split())):
        sentence = match.group().strip()
        marks = marks_of(sentence, may_require=may_require)
        for signal in [one for one in signals if one.quote and one.quote.strip() in sentence]:
            marks += _mark_of(signal, sentence)
            signals.remove(signal)
        for cluster in _clusters(sorted(marks, key=lambda mark: mark.start)):
            yield _entry(cluster, sentence, line, turn)
    for signal in signals:
        if marks := _mark_of(signal, signal.quote):
            yield _entry(marks, signal.quote, line, turn)


def _mark_of(signal: Signal, sentence: str) -> list[Mark]:
    kind = _OF_SIGNALS.get(signal.kind)
    if kind is None:
        return []
    start = max(sentence.find(signal.quote.strip()), 0)
    return [Mark(kind, signal.topic, start, min(start + len(signal.quote), start + QUOTE_CHARS // 2))]


def _clusters(marks: list[Mark]) -> Iterator[list[Mark]]:
    """Marks that fit into one quote."""
    cluster: list[Mark] = []
    for mark in marks:
        if cluster and mark.end - cluster[0].start > QUOTE_CHARS - 2 * AROUND_CHARS:
            yield cluster
            cluster = []
        cluster.append(mark)
    if cluster:
        yield cluster


def _entry(marks: list[Mark], sentence: str, line: Line, turn: int) -> Entry:
    start, end = marks[0].start, max(mark.end for mark in marks)
    kept = [mark for mark in marks if mark.kind in NEVER_FORGOTTEN or mark.kind is EntryKind.MONEY]
    whole = sentence if len(sentence) <= QUOTE_CHARS else _piece(sentence, start - AROUND_CHARS, end + AROUND_CHARS)
    return Entry(
        kinds=tuple(sorted({mark.kind for mark in marks}, key=list(EntryKind).index)),
        values=frozenset(f"{mark.kind.value}:{mark.value}" for mark in marks),
        quote=whole[:QUOTE_CHARS],
        channel=line.channel,
        utterance=line.utterance,
        at_ms=line.start_ms,
        turn=turn,
        short=" … ".join(_words_of(mark, sentence) for mark in kept),
    )


def _words_of(mark: Mark, sentence: str) -> str:
    """A mark's own words; of a promise also what follows, for what is promised stands there."""
    more = PROMISED_CHARS if mark.kind is EntryKind.PROMISE else 0
    return _piece(sentence, mark.start, mark.end + more)


def _piece(sentence: str, start: int, end: int) -> str:
    """The whole words of a span."""
    first = sentence.rfind(" ", 0, max(start, 0) + 1) + 1
    last = sentence.find(" ", min(end, len(sentence)))
    return sentence[first : last if last >= 0 else len(sentence)]
