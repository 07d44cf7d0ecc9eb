"""The one audio socket of a call, and the acks it gets."""

from __future__ import annotations

from calls.events import Payload
from calls.live.links import SECOND_SOCKET, AudioLink
from calls.live.outbox import Close


class LinkHolder:
    """Holds the newest socket; nothing here waits. Acks only grow."""

    def __init__(self) -> None:
        self._link: AudioLink | None = None
        self._acked = -1

    @property
    def is_open(self) -> bool:
        return self._link is not None

    def take(self, link: AudioLink, *, epoch: int, next_sample: int, ack: int, state: Payload) -> None:
        """An older socket closes with 4409; the new one hears where the call stands."""
        self.close(SECOND_SOCKET)
        self._link = link
        link.ready(epoch=epoch, next_sample=next_sample)
        link.ack(ack)
        link.state(state)

    def drop(self, link: AudioLink) -> None:
        """`link` is gone by itself; nothing when it is not ours any more."""
        if self._link is link:
            self._link = None

    def close(self, close: Close) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close(close)

    def ack(self, samples: int) -> bool:
        """Whether it is more than was acknowledged before."""
        if samples <= self._acked:
            return False
        self._acked = samples
        self.ack_again()
        return True

    def ack_again(self) -> None:
        """Also when nothing is new: a client that hears nothing for seconds takes its connection for dead."""
        if self._link is not None:
            self._link.ack(max(0, self._acked))

    def state(self, payload: Payload) -> None:
        if self._link is not None:
            self._link.state(payload)
