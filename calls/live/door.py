"""The door of a live call: whose audio may come in, by consent. Pure.

What may not come in is turned into silence before anything else sees it: the recording, the speech service, the
meters and the coach get zeros or nothing. Positions stay whole, so the capture clock goes on and the ack stays true:
of audio that nobody may keep there is nothing to lose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from calls.live.audio import Piece
from coaching.types import Channel
from tenants.consent.rules import Answer, Mode, is_given


class Opening(StrEnum):
    """Whose audio comes in. Also on the wire, as `hears` of the consent event."""

    ALL = "all"
    REP = "rep"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class ConsentState:
    """Where a call's consent stands: what it needs, and what was answered last."""

    mode: Mode = Mode.ONE_PARTY
    answer: Answer = Answer.NONE

    @property
    def is_pending(self) -> bool:
        return self.answer is Answer.NONE and not is_given(self.mode, self.answer)


def opening(state: ConsentState, channels: int) -> Opening:
    """Before an answer that is needed nobody is heard. After a refusal the rep alone, where the sides are apart."""
    if is_given(state.mode, state.answer):
        return Opening.ALL
    return Opening.REP if state.answer.is_refusal and channels > 1 else Opening.NOBODY


class Door:
    """One per session, on its event loop. A change counts for every frame that is taken after it."""

    def __init__(self, state: ConsentState, channels: int) -> None:
        self.state = state
        self.channels = channels
        self.opening = opening(state, channels)

    def put(self, state: ConsentState) -> bool:
        """A new answer. True when it changes anything. A refusal stands for the rest of the call."""
        if state == self.state or self.state.answer.is_refusal:
            return False
        self.state = state
        self.opening = opening(state, self.channels)
        return True

    @property
    def is_shut(self) -> bool:
        return self.opening is Opening.NOBODY

    def lets(self, channel: Channel) -> bool:
        """Whether words of `channel` may be used."""
        return self.opening is Opening.ALL or (self.opening is Opening.REP and channel is Channel.REP)

    def admit(self, piece: Piece) -> Piece:
        """`piece` with silence in the place of what may not come in."""
        return piece if self.opening is Opening.ALL else replace(piece, pcm=self.mask(piece.pcm))

    def mask(self, pcm: bytes) -> bytes:
        """As `admit`, for interleaved PCM16."""
        if self.opening is Opening.ALL:
            return pcm
        if self.opening is Opening.NOBODY:
            return bytes(len(pcm))
        values = np.frombuffer(pcm, dtype="<i2").reshape(-1, self.channels).copy()
        values[:, Channel.CUSTOMER.index] = 0
        return values.tobytes()
