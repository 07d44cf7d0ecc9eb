"""Whom the first lane tells what it hears."""

from __future__ import annotations

from typing import Protocol

from calls.speech.base import Gap, Progress, Refusal, StreamState
from coaching.types import Channel, Line, Usage


class LaneSink(Protocol):
    """The session, as the lane sees it. Called on the loop; must not block."""

    def heard(self, line: Line) -> None: ...

    def settled(self, progress: Progress) -> None: ...

    def used(self, usage: Usage) -> None: ...

    def hearing(self, state: StreamState) -> None: ...

    def doubted(self, *, is_doubted: bool) -> None: ...

    def missed(self, gap: Gap) -> None: ...

    def refused(self, refusal: Refusal) -> None: ...

    def settled_ms(self, channel: Channel) -> int: ...
