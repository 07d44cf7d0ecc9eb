"""Who hears a call at this moment, and how that is told: the engine, another one, the rep's browser, or nobody."""

from __future__ import annotations

import time
from collections.abc import Callable

from calls.live import ladder
from calls.live.door import Door
from calls.live.ladder import Part, Rung
from calls.speech.base import StreamState

BROWSER_HEARS_FOR_S = 10.0


class WhoHears:
    """Of one call. `first_choice` names the engine that is meant to hear, "" where there is none."""

    def __init__(self, *, first_choice: str, door: Door, put_rung: Callable[[Part, Rung, str], None]) -> None:
        self._first_choice = first_choice
        self._door = door
        self._put_rung = put_rung
        self._is_up = False
        self._is_slotless = False
        """Nothing is wrong with the first choice, but it waits for a free slot."""
        self._is_deaf = False
        """Somebody tried to hear and can not; before the first engine has answered it is neither."""
        self._is_doubted = False
        """The engine that hears does not answer: until the verdict the browser is to hear beside it."""
        self._told = (Rung.FULL, "")
        """What was last told of an engine."""
        self._browser_heard_at = float("-inf")

    @property
    def is_sure(self) -> bool:
        """Whether an engine hears, as far as is known."""
        return self._is_up and not self._is_doubted

    @property
    def wants_browser(self) -> bool:
        """Whether nobody surely hears here: the browser is asked before it has said anything, as long as it helps."""
        return self._is_unheard or self._is_doubted

    @property
    def _is_unheard(self) -> bool:
        return self._is_deaf and not self._is_up

    def no_engine(self) -> None:
        """There is none at all."""
        self._is_deaf = True
        self._put_rung(Part.SPEECH, Rung.RECORDING, "")

    def state(self, state: StreamState) -> bool:
        """What the stream says of itself; True when the first choice hears."""
        self._is_up, self._is_deaf, self._is_slotless = state.is_up, not state.is_up, state.is_full
        self._is_doubted = False
        if not state.is_up:
            self._nobody()
            return False
        is_first_choice = state.engine in {"", self._first_choice}
        rung = Rung.FULL if is_first_choice else Rung.BROWSER_SPEECH
        self._told = rung, "" if is_first_choice else self._why(ladder.SECOND_ENGINE_WORDS)
        self._put_rung(Part.SPEECH, *self._told)
        return is_first_choice

    def doubted(self, *, is_doubted: bool) -> None:
        """Help is to go on before the verdict: the browser is asked at once, and hears in vain at worst."""
        if is_doubted is not self._is_doubted:
            self._is_doubted = is_doubted
            rung, words = self._told
            self._put_rung(Part.SPEECH, rung, ladder.DOUBT_WORDS if is_doubted else words)

    def browser_spoke(self) -> None:
        self._browser_heard_at = time.monotonic()
        if not self.is_sure:
            self._put_rung(Part.SPEECH, Rung.BROWSER_SPEECH, self._why(ladder.BROWSER_WORDS))

    def tick(self) -> None:
        """About every second: the browser may have stopped to hear."""
        if self._is_unheard:
            self._nobody()

    def _nobody(self) -> None:
        # While nobody may be heard, that nobody hears is no news.
        if not self._door.is_shut and time.monotonic() - self._browser_heard_at > BROWSER_HEARS_FOR_S:
            self._put_rung(Part.SPEECH, Rung.RECORDING, ladder.NO_SLOT_WORDS if self._is_slotless else "")

    def _why(self, words: str) -> str:
        return ladder.for_want_of_a_slot(words) if self._is_slotless else words
