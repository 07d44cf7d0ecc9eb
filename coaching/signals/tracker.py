"""Makes one signal of what growing interims and the final say again and again. Pure, bounded.

A signal is known by (channel, utterance, kind, topic). On an interim it needs more than on a final: a
confident match that other words already follow, or that the interim before had too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from coaching.signals.hits import Hit
from coaching.signals.text import Even, Token, normalise, quote, tail
from coaching.types import Channel, Line, Signal, SignalKind

UTTERANCES_KEPT = 32
LEAD_TOKENS = 6
LEAD_GAP_MS = 2_500
INTERIM_CONFIDENCE = 0.75
INFERRED_CONFIDENCE = 0.9
"""What only the classifier found may change with the next word: it needs more."""

Key = tuple[SignalKind, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A signal in this line. `is_new` the first time; `is_confirmed` when the line is final."""

    signal: Signal
    hit: Hit
    is_new: bool
    is_confirmed: bool


@dataclass(slots=True)
class _Utterance:
    start_ms: int
    end_ms: int
    is_final: bool = False
    ids: dict[Key, str] = field(default_factory=dict)
    last_keys: frozenset[Key] = frozenset()


class Tracker:
    """State of one call's detection: the last 32 utterances and the last words of each channel."""

    def __init__(self) -> None:
        self._utterances: OrderedDict[tuple[Channel, int], _Utterance] = OrderedDict()
        self._leads: dict[Channel, tuple[int, tuple[Token, ...]]] = {}

    def even(self, line: Line) -> Even:
        """The line made even, led by the unfinished end of the channel's last final if that was just said."""
        end_ms, lead = self._leads.get(line.channel, (0, ()))
        if line.start_ms - end_ms > LEAD_GAP_MS or line.start_ms < end_ms - LEAD_GAP_MS:
            lead = ()
        return normalise(line, lead)

    def update(self, line: Line, even: Even, hits: Iterable[Hit]) -> tuple[Found, ...]:
        """Take one line's hits; returns what stands now, signals keeping their id from interim to final."""
        utterance = self._utterance(line)
        found = []
        keys = set()
        for hit in hits:
            key = (hit.kind, hit.topic)
            keys.add(key)
            known = utterance.ids.get(key)
            if known is None and not line.is_final and not _is_strong(hit, key in utterance.last_keys):
                continue
            signal = _signal(line, even, hit, known)
            utterance.ids[key] = signal.id
            found.append(Found(signal, hit, is_new=known is None, is_confirmed=line.is_final))
        utterance.last_keys = frozenset(keys)
        utterance.end_ms = max(utterance.end_ms, line.end_ms)
        if line.is_final:
            utterance.is_final = True
            self._leads[line.channel] = (line.end_ms, tail(even, LEAD_TOKENS))
        return tuple(found)

    def still_says(self, channel: Channel, utterance: int, kind: SignalKind, topic: str) -> bool:
        """Whether the newest text of an utterance still holds the signal. Forgotten utterances say nothing."""
        entry = self._utterances.get((channel, utterance))
        return entry is not None and (kind, topic) in entry.last_keys

    def _utterance(self, line: Line) -> _Utterance:
        key = (line.channel, line.utterance)
        entry = self._utterances.get(key)
        is_reused = entry is not None and entry.is_final and line.start_ms >= entry.end_ms
        if entry is None or is_reused:
            entry = self._utterances[key] = _Utterance(line.start_ms, line.end_ms)
        self._utterances.move_to_end(key)
        while len(self._utterances) > UTTERANCES_KEPT:
            self._utterances.popitem(last=False)
        return entry


def _is_strong(hit: Hit, was_there: bool) -> bool:
    if hit.is_inferred:
        return hit.confidence >= INFERRED_CONFIDENCE and was_there
    return hit.confidence >= INTERIM_CONFIDENCE and (hit.is_closed or was_there)


def _signal(line: Line, even: Even, hit: Hit, known: str | None) -> Signal:
    start_ms, end_ms = even.tokens[hit.first].start_ms, even.tokens[hit.last].end_ms
    return Signal(
        id=known or f"{line.channel.value[0]}{start_ms}-{hit.kind.value}-{hit.topic}",
        kind=hit.kind,
        topic=hit.topic,
        channel=line.channel,
        confidence=round(hit.likelihood * (0.5 + 0.5 * min(max(line.confidence, 0.0), 1.0)), 3),
        quote=quote(even, hit.first, hit.last),
        start_ms=start_ms,
        end_ms=end_ms,
        is_interim=not line.is_final,
    )
