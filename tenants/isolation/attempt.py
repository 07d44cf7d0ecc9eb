"""What an attempt is and what may come of it. Nothing here touches a database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.utils import Error as DatabaseError

from tenants.context import NoBusiness

if TYPE_CHECKING:
    from tenants.isolation.stage import Stage

# SQLSTATEs: permission denied; a second statement; SET inside a function; no such table.
DENIED, STACKED, NOT_IN_FUNCTION, UNKNOWN = "42501", "42601", "0A000", "42P01"
NO_BUSINESS = "no business"


class Result(StrEnum):
    REFUSED = "refused"  # with one of the refusals the attempt names
    NOTHING = "nothing"  # it ran and reached nothing that is another's
    REACHED = "reached"
    FAILED = "failed"  # another error: neither proof of a wall nor of a hole


class Expected(StrEnum):
    REFUSED = "refused"
    NOTHING = "nothing"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Attempt:
    """`reach` returns what it got hold of, in words without anybody's data, or "" for nothing; errors pass through.

    `why` explains to the reader what is open by nature. `needs_superuser`: the wall stands only where a superuser
    prepared the server (section `superuser` of roles.sql).
    """

    name: str
    reach: Callable[[Stage], str]
    expected: Expected = Expected.REFUSED
    refusals: frozenset[str] = frozenset({DENIED})
    why: str = ""
    needs_superuser: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the matrix. `is_weaker`: open on a managed server, accepted because the operator said so."""

    name: str
    expected: Expected
    result: Result
    detail: str
    ok: bool
    is_weaker: bool = False

    def to_json(self) -> dict[str, object]:
        return {"name": self.name, "expected": self.expected.value, "result": self.result.value, "ok": self.ok}


def try_all(attempts: Iterable[Attempt], stage: Stage, *, is_managed: bool = False) -> list[Line]:
    """The matrix. `is_managed`: what only a superuser can close may be open."""
    return [_judge(attempt, *_try(attempt, stage), is_managed=is_managed) for attempt in attempts]


def _try(attempt: Attempt, stage: Stage) -> tuple[Result, str]:
    try:
        reached = attempt.reach(stage)
    except (DatabaseError, NoBusiness) as error:
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        return (Result.REFUSED if state_of(error) in attempt.refusals else Result.FAILED), first_line
    return (Result.REACHED, reached) if reached else (Result.NOTHING, "")


def state_of(error: Exception) -> str:
    """The SQLSTATE that Postgres gave, or `NO_BUSINESS`, or ""."""
    if isinstance(error, NoBusiness):
        return NO_BUSINESS
    return str(getattr(error.__cause__, "sqlstate", None) or "")


def _judge(attempt: Attempt, result: Result, detail: str, *, is_managed: bool) -> Line:
    """What is refused where nothing was to be reached is as good, and the other way round is not: a wall is missing."""
    ok = {
        Expected.REFUSED: result is Result.REFUSED,
        Expected.NOTHING: result in {Result.NOTHING, Result.REFUSED},
        Expected.OPEN: result is not Result.FAILED,
    }[attempt.expected]
    line = Line(attempt.name, attempt.expected, result, attempt.why if ok and attempt.why else detail, ok)
    if not ok and is_managed and attempt.needs_superuser and result is Result.REACHED:
        return replace(line, ok=True, is_weaker=True)
    return line
