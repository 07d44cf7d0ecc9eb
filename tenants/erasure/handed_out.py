"""Exports that left the house: nobody can erase them here, so somebody has to be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from tenants.audit.models import Action, AuditLine


@dataclass(frozen=True, slots=True)
class HandedOut:
    """One export by a line of the audit log. `who` is the name that stands there, for the screen only."""

    at: str
    member: int | None
    who: str
    via: str
    what: str

    def to_json(self) -> dict[str, object]:
        return {"at": self.at, "member": self.member, "via": self.via, "what": self.what}

    def __str__(self) -> str:
        return f"{self.at}  {self.who or 'an operator'}  {self.what} ({self.via})"


def exports() -> list[HandedOut]:
    """Of the current business, the oldest first."""
    lines = AuditLine.objects.filter(action=Action.EXPORTED).order_by("id")
    return [
        HandedOut(
            at=line.at.astimezone(UTC).isoformat(timespec="seconds"),
            member=line.actor_id,
            who=line.actor_name,
            via=line.via,
            what=line.subject,
        )
        for line in lines.iterator()
    ]
