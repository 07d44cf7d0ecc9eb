"""What a sentence would do on a call: the signals it gives and the play that would answer. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from coaching.ears import Ears
from coaching.types import Channel, Line, Material, Play, Signal

MAX_SENTENCE = 500


@dataclass(frozen=True, slots=True)
class Tried:
    """`fired` are plays whose own phrases were said, best first; `shown` is the card a rep would see.

    `silenced` are plays that listen for what was said and that the order of a call, or its clock, keeps back here.
    """

    signals: tuple[Signal, ...]
    fired: tuple[Play, ...]
    shown: Play | None
    silenced: tuple[Play, ...] = ()


def try_sentence(material: Material, text: str, channel: Channel = Channel.CUSTOMER) -> Tried:
    """Hear one finished sentence, as if on a call with no card before it."""
    text = text[:MAX_SENTENCE]
    line = Line(channel, text, 0, 300 * len(text.split()), 1.0, is_final=True, utterance=1, provider="typed")
    ears = Ears(material)
    heard = ears.hear(line)
    fires = {cue.play.key for cue in heard.cues}
    best = heard.best
    return Tried(
        signals=tuple(found.signal for found in heard.found),
        fired=tuple(phrase.play for phrase in heard.phrases),
        shown=best.play if best is not None else None,
        silenced=tuple(cue.play for cue in Ears(_at_any_time(material)).hear(line).cues if cue.play.key not in fires),
    )


def _at_any_time(material: Material) -> Material:
    """The same plays without their place in the call."""
    plays = (replace(play, before=None, after=None, from_s=0, until_s=0) for play in material.plays)
    return replace(material, plays=tuple(plays))
