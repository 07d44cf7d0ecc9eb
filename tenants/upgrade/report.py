"""What one run found and did, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from tenants.upgrade.one import Outcome

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Report:
    """`waiting` are behind and were only looked at. Schema names everywhere."""

    businesses: int
    current: int
    seconds: float
    is_shared_migrated: bool = False
    waiting: tuple[str, ...] = ()
    migrated: tuple[Outcome, ...] = ()
    failed: tuple[Outcome, ...] = ()
    unfinished: tuple[str, ...] = ()
    ahead: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def sentences(self) -> Iterator[str]:
        found = f"{_businesses(self.businesses)}: {self.current} up to date already"
        yield f"{found}, {self._done()} ({self.seconds:.1f} s)."
        if self.is_shared_migrated:
            yield "The shared schema was brought up to date first."
        for outcome in self.failed:
            yield f"{outcome.schema} failed. {outcome.error}"
        if self.failed:
            yield "What failed is as it was before its failing step. Run the same command again when the cause is gone."
        if self.unfinished:
            yield f"Made only in part: {_names(self.unfinished)}. create_business with the same values completes them."
        if self.ahead:
            yield f"With migrations that this code does not know: {_names(self.ahead)}. Is this an older version?"

    def _done(self) -> str:
        if self.waiting:
            return f"{len(self.waiting)} behind: {_names(self.waiting)}"
        return f"{len(self.migrated)} migrated, {len(self.failed)} failed"


def _businesses(count: int) -> str:
    return "1 business" if count == 1 else f"{count} businesses"


def _names(schemas: tuple[str, ...]) -> str:
    more = f" and {len(schemas) - SHOWN} more" if len(schemas) > SHOWN else ""
    return ", ".join(schemas[:SHOWN]) + more
