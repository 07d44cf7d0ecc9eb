"""Where a call stands on the ladder, told to everybody: its log, the rep's light, the gauges."""

from __future__ import annotations

from collections.abc import Callable

from calls import events, metrics
from calls.events import Kind, Payload
from calls.live.door import Opening
from calls.live.ladder import Ladder, Part, Rung


class Standing:
    """The only one that moves a call's ladder. `wants_browser`: whether the rep's browser is to recognise speech."""

    def __init__(
        self,
        ladder: Ladder,
        *,
        epoch: int,
        append: Callable[[Kind, Payload], None],
        show: Callable[[Payload], None],
        wants_browser: Callable[[], bool],
    ) -> None:
        self._ladder = ladder
        self._epoch = epoch
        self._append = append
        self._show = show
        self._wants_browser = wants_browser
        self._counted: Rung | None = None
        self._has_left = False

    def begin(self) -> None:
        self._count(self._ladder.rung)

    def leave(self) -> None:
        """The call stands nowhere any more: nothing moves it from here on."""
        self._has_left = True
        self._count(None)

    def rung(self, part: Part) -> Rung:
        return self._ladder.rungs[part]

    def put(self, part: Part, rung: Rung, words: str = "") -> None:
        """`words` say more than the rung's own sentence."""
        before = self._ladder.rungs[part]
        if self._has_left or not self._ladder.put(part, rung, words):
            return
        if rung is not before:
            metrics.rung_changes.labels(rung.value).inc()
        self._count(self._ladder.rung)
        self.tell()

    def put_door(self, opening: Opening) -> None:
        """Whose audio the door lets in has changed."""
        self._ladder.hears = opening
        self.tell()

    def tell(self) -> None:
        state = self.payload()
        self._append(Kind.STATE, state)
        self._show(state)

    def payload(self) -> Payload:
        state = self._ladder.state()
        return events.state(
            rung=state.rung.value,
            parts=state.parts,
            since=state.since,
            audio=state.audio,
            words=state.words,
            epoch=self._epoch,
            wants_browser_speech=self._wants_browser(),
        )

    def _count(self, rung: Rung | None) -> None:
        before, self._counted = self._counted, rung
        if before is not None:
            metrics.calls_by_rung.labels(before.value).dec()
        if rung is not None:
            metrics.calls_by_rung.labels(rung.value).inc()
