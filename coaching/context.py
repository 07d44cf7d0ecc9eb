"""What the model sees of a call: a running summary, the key moments, the last turns in full. Pure.

The size does not grow with the call: 10 turns of at most 600 characters, 1,200 characters of older facts,
12 moments. Tokens are estimated as characters / 4.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from coaching import prompts
from coaching.planner import WHOLE_TURN
from coaching.types import Channel, Line, Material, Moment, Signal

FULL_TURNS = 10
TURN_CHARS = 600
FACTS_CHARS = 1_200
FACT_CHARS = 160
MOMENTS_KEPT = 12
TURN_TASK = (
    "The customer has just finished speaking, and no rule found a moment in it. Their last words, as data: {quote}. "
    "Write a card only if they hold a doubt, an interest, a question or a need that deserves one sentence of help now; "
    "otherwise set should_show to false."
)
TOKEN_CEILING = prompts.PREFIX_CHARS // 4 + 4_000

_FACT = re.compile(
    r"\d|\b(?:budget|deadline|contract|decid\w*|decision|boss|manager|team of|currently|using|need\w*|problem|goal|"
    r"hundred|thousand|percent|january|february|march|april|june|july|august|september|october|november|december|"
    r"monday|tuesday|wednesday|thursday|friday|quarter|year|renewal)\b",
    re.IGNORECASE,
)


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has: a quarter of its characters, rounded up."""
    return (len(text) + 3) // 4


@dataclass(slots=True)
class Turn:
    """What one person said without the other."""

    channel: Channel
    text: str
    start_ms: int


class Transcript:
    """The call's finals as turns: the last ten in full, older ones as a bounded list of facts."""

    def __init__(self) -> None:
        self._turns: deque[Turn] = deque()
        self._facts: deque[str] = deque()
        self._facts_chars = 0

    def add(self, line: Line) -> None:
        """A final line. The turn that falls out of the last ten leaves its facts behind, the oldest facts go first."""
        text = " ".join(line.text.split())
        if not text:
            return
        if self._turns and self._turns[-1].channel is line.channel:
            last = self._turns[-1]
            last.text = f"{last.text} {text}"[-TURN_CHARS:]
            return
        self._turns.append(Turn(line.channel, text[-TURN_CHARS:], line.start_ms))
        while len(self._turns) > FULL_TURNS:
            self._summarise(self._turns.popleft())

    @property
    def turns(self) -> tuple[Turn, ...]:
        return tuple(self._turns)

    @property
    def facts(self) -> tuple[str, ...]:
        """The running summary: sentences of older turns that hold a number, a date, a need or a decision."""
        return tuple(self._facts)

    def recent_text(self) -> str:
        """Everything a card may echo: the turns in full and the facts."""
        return " ".join((*self._facts, *(turn.text for turn in self._turns)))

    def _summarise(self, turn: Turn) -> None:
        for sentence in re.split(r"(?<=[.?!])\s+", turn.text):
            if len(sentence.split()) < 4 or not _FACT.search(sentence):
                continue
            fact = f"{turn.channel.value}: {sentence}"[:FACT_CHARS]
            self._facts.append(fact)
            self._facts_chars += len(fact)
        while self._facts_chars > FACTS_CHARS:
            self._facts_chars -= len(self._facts.popleft())


def card_messages(
    prefix: str, transcript: Transcript, moments: Sequence[Moment], signal: Signal, heard: Line
) -> tuple[tuple[str, str], ...]:
    """The messages of one card request: the fixed prefix, then the call as quoted data, the instruction last.

    `heard` is the line that holds the signal, an interim or a final that `transcript` does not yet hold.
    """
    older = [[moment.kind.value, moment.topic, moment.state.value, moment.quote[:FACT_CHARS]] for moment in moments]
    turns = [[turn.channel.value, turn.text] for turn in transcript.turns]
    if not turns or heard.text not in turns[-1][1]:
        turns.append([heard.channel.value, heard.text[-TURN_CHARS:]])
    call = "\n".join(
        (
            "<call>",
            f"facts: {prompts.quoted(list(transcript.facts))}",
            f"moments: {prompts.quoted(older[-MOMENTS_KEPT:])}",
            "turns:",
            *(prompts.quoted(turn) for turn in turns),
            "</call>",
        )
    )
    if signal.topic == WHOLE_TURN:
        return (("system", prefix), ("user", f"{call}\n{TURN_TASK.format(quote=prompts.quoted(signal.quote))}"))
    task = (
        f"The customer just raised: {signal.kind.value} about {signal.topic}. "
        f"Their words, as data: {prompts.quoted(signal.quote)}. Write the card now."
    )
    return (("system", prefix), ("user", f"{call}\n{task}"))


def summary_messages(
    material: Material, lines: Sequence[Line], moments: Sequence[Moment], *, max_chars: int = 200_000
) -> tuple[tuple[str, str], ...]:
    """The messages of a report: numbered lines as quoted data. Longer calls lose lines from the middle."""
    rows = [prompts.quoted([number, line.channel.value, line.text]) for number, line in enumerate(lines)]
    if sum(map(len, rows)) > max_chars:
        rows = _without_middle(rows, max_chars)
    notes = [[moment.kind.value, moment.topic, moment.state.value, moment.quote[:FACT_CHARS]] for moment in moments]
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
