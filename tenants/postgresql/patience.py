"""How long one answer of Postgres is waited for. Beyond that the connection counts as dead and is given up.

TCP tells late, or not at all: a server behind a cable that was pulled, or one that hangs, leaves connections that look
open. Whoever must not hang says so around its work; elsewhere only the network's own limits hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import psycopg
from psycopg.errors import OperationalError

CANCEL_WITHIN_S = 1.0

_within_s: ContextVar[float | None] = ContextVar("answers_within_s", default=None)


class NoAnswerError(OperationalError):
    """Postgres has not answered in time. The statement may still have been carried out."""


@contextmanager
def answers_within(seconds: float) -> Iterator[None]:
    """Each answer inside comes within `seconds`, or the query raises `NoAnswerError`. The stricter limit counts."""
    outer = _within_s.get()
    token = _within_s.set(seconds if outer is None else min(seconds, outer))
    try:
        yield
    finally:
        _within_s.reset(token)


class PatientConnection(psycopg.Connection[Any]):
    """A connection that keeps to `answers_within`."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        limit = _within_s.get()
        if timeout is None and limit is not None and not self.closed:
            try:
                return super().wait(gen, interval, limit)
            except psycopg.errors._WaitTimeout:  # noqa: SLF001 - there is no public name for it
                self._give_up()
                raise NoAnswerError("Postgres does not answer in time") from None
        return super().wait(gen, interval, timeout)

    def _give_up(self) -> None:
        """The server is told, so that nothing of ours goes on waiting there for a lock; then the line is cut."""
        with suppress(Exception):
            self.cancel_safe(timeout=CANCEL_WITHIN_S)
        self.pgconn.finish()
