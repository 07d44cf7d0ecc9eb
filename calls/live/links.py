"""One audio socket as the session sees it, and the reasons a session has to close it."""

from __future__ import annotations

from typing import Protocol

from calls.events import Payload
from calls.live.outbox import Close

SUPERSEDED = Close(4409, "This call goes on in another window or device.")
SECOND_SOCKET = Close(4409, "A newer window sends this call's audio now.")
MOVING = Close(1012, "Moving: reconnect at once.")
ENDED = Close(4403, "This call has ended.")


class AudioLink(Protocol):
    """Nothing here waits; what is said after `close` is dropped."""

    def ready(self, *, epoch: int, next_sample: int) -> None: ...

    def ack(self, samples: int) -> None: ...

    def state(self, payload: Payload) -> None: ...

    def close(self, close: Close) -> None: ...
