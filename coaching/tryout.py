"""What a sentence would do on a call: the signals it gives and the play that would answer. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from coaching.ears import Ears
from coaching.types import Channel, Line, Material, Play, Signal

MAX_SENTENCE = 500


@dataclass(frozen=True, slots=True)
class Tried:
    """`fired` are plays whose own phrases were said, best first; `shown` is the card a rep would see."""

    signals: tuple[Signal, ...]
    fired: tuple[Play, ...]
    shown: Play | None


def try_sentence(material: Material, text: str, channel: Channel = Channel.CUSTOMER) -> Tried:
    """Hear one finished sentence, as if on a call with no card before it."""
    text = text[:MAX_SENTENCE]
    line = Line(channel, text, 0, 300 * len(text.split()), 1.0, is_final=True, utterance=1, provider="typed")
    ears = Ears(material)
    heard = ears.hear(line)
    best = ears.best_play(heard)
    return Tried(
        signals=tuple(found.signal for found in heard.found),
        fired=tuple(phrase.play for phrase in heard.phrases),
        shown=best[1] if best is not None else None,
    )
