"""What the model sees of a call: its facts, the last turns in full, the key moments, the task. Pure.

The size does not grow with the call: 10 to 20 turns, or pieces of them, of at most 600 characters each and 8,000
together; 2,000 tokens of facts; 12 moments. Tokens are estimated as characters / 4.

The order is made for a vendor that caches what begins like the request before: the fixed prefix, facts that only
grow, turns that only grow, and last what changes with every request. The window of turns is cut ten at a time, and
only then do facts join: between two cuts all but the end of a request stood in the one before.
"""

from __future__ import annotations

import textwrap
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from coaching import prompts
from coaching.ledger import Entry, Ledger
from coaching.planner import WHOLE_TURN
from coaching.types import Channel, Line, Material, Moment, MomentState, Signal, SignalKind

FULL_TURNS = 10
CUT_TURNS = 10
"""So many turns leave the window at once, when it holds more than twice as many."""

TURN_CHARS = 600
TURNS_CHARS = 8_000
QUOTE_CHARS = 160
MOMENTS_KEPT = 12
TURN_TASK = (
    "The customer has just finished speaking, and no rule found a moment in it. Their last words, as data: {quote}. "
    "Write a card only if they hold a doubt, an interest, a question or a need that deserves one sentence of help now; "
    "otherwise set should_show to false."
)
TOKEN_CEILING = prompts.PREFIX_CHARS // 4 + 5_000


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has: a quarter of its characters, rounded up."""
    return (len(text) + 3) // 4


@dataclass(slots=True)
class Turn:
    """What one person said without the other, or a piece of it: a longer turn goes on in the next."""

    channel: Channel
    text: str
    start_ms: int
    row: str = ""


class Transcript:
    """The call's finals: the last ten to twenty turns in full, older ones as the facts of a bounded ledger."""

    def __init__(self, *, is_mono: bool = False) -> None:
        self._turns: deque[Turn] = deque()
        self._chars = 0
        self._first = 0
        self._ledger = Ledger(is_mono=is_mono)

    def add(self, line: Line, signals: Iterable[Signal] = ()) -> None:
        """A final line, with the signals that were found in it. Turns that leave the window leave facts behind."""
        for piece in textwrap.wrap(line.text, TURN_CHARS, break_on_hyphens=False):
            self._append(piece, line)
        self._ledger.note(line, signals, turn=self._first + max(len(self._turns) - 1, 0))
        if len(self._turns) > FULL_TURNS + CUT_TURNS or self._chars > TURNS_CHARS:
            self._cut()

    @property
    def turns(self) -> tuple[Turn, ...]:
        return tuple(self._turns)

    @property
    def facts(self) -> tuple[Entry, ...]:
        """What is remembered of the turns before those in full."""
        return self._ledger.entries

    def recent_text(self) -> str:
        """Everything a card may echo: the turns in full and the facts."""
        return " ".join((self._ledger.said, *(turn.text for turn in self._turns)))

    def rows(self) -> tuple[str, ...]:
        """Facts and turns as the model sees them, one JSON row each; what was given before stays its beginning."""
        facts = ("facts:", self._ledger.text) if self._ledger.text else ()
        return (*facts, "turns:", *[turn.row for turn in self._turns])

    def holds(self, line: Line) -> bool:
        """Whether the window has this line's words."""
        text = " ".join(line.text.split())
        return any(text in turn.text for turn in reversed(self._turns) if turn.channel is line.channel)

    def _append(self, text: str, line: Line) -> None:
        last = self._turns[-1] if self._turns else None
        if last is not None and last.channel is line.channel and len(last.text) + len(text) < TURN_CHARS:
            last.text = f"{last.text} {text}"
        else:
            last = Turn(line.channel, text, line.start_ms)
            self._turns.append(last)
        last.row = prompts.quoted([last.channel.value, last.text])
        self._chars += len(text) + 1

    def _cut(self) -> None:
        while len(self._turns) > FULL_TURNS:
            self._chars -= len(self._turns.popleft().text) + 1
            self._first += 1
        self._ledger.settle(self._first)


def card_messages(
    prefix: str, transcript: Transcript, moments: Sequence[Moment], signal: Signal, heard: Line
) -> tuple[tuple[str, str], ...]:
    """The messages of one card request: the fixed prefix, then the call as quoted data, the instruction last.

    `heard` is the line that holds the signal, an interim or a final that `transcript` does not yet hold.
    """
    newest = ", ".join(_moment_row(one.kind, one.topic, one.state) for one in moments[-MOMENTS_KEPT:])
    now = () if transcript.holds(heard) else (prompts.quoted([heard.channel.value, heard.text[-TURN_CHARS:]]),)
    rows = ("<call>", *transcript.rows(), *now, f"moments: [{newest}]", "</call>", _task(signal))
    return (("system", prefix), ("user", "\n".join(rows)))


def _task(signal: Signal) -> str:
    if signal.topic == WHOLE_TURN:
        return TURN_TASK.format(quote=prompts.quoted(signal.quote))
    return (
        f"The customer just raised: {signal.kind.value} about {signal.topic}. "
        f"Their words, as data: {prompts.quoted(signal.quote)}. Write the card now."
    )


@lru_cache(maxsize=512)
def _moment_row(kind: SignalKind, topic: str, state: MomentState) -> str:
    """What came up and what became of it; its words stand among the facts or the turns."""
    return prompts.quoted([kind.value, topic, state.value])


def summary_messages(
    material: Material, lines: Sequence[Line], moments: Sequence[Moment], *, max_chars: int = 200_000
) -> tuple[tuple[str, str], ...]:
    """The messages of a report: numbered lines as quoted data. Longer calls lose lines from the middle."""
    rows = [prompts.quoted([number, line.channel.value, line.text]) for number, line in enumerate(lines)]
    if sum(map(len, rows)) > max_chars:
        rows = _without_middle(rows, max_chars)
    notes = [[moment.kind.value, moment.topic, moment.state.value, moment.quote[:QUOTE_CHARS]] for moment in moments]
    call = "\n".join(("<call>", f"moments: {prompts.quoted(notes[:100])}", "lines:", *rows, "</call>"))
    return (("system", prompts.report_prefix(material)), ("user", f"{call}\nWrite the report now."))


def _without_middle(rows: list[str], max_chars: int) -> list[str]:
    half, head, tail = max_chars // 2, [], []
    size = 0
    for row in rows:
        size += len(row)
        if size > half:
            break
        head.append(row)
    size = 0
    for row in reversed(rows[len(head) :]):
        size += len(row)
        if size > half:
            break
        tail.append(row)
    return [*head, '["…"]', *reversed(tail)]
