"""A member as a value: what sockets and live sessions carry about, without the ORM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenants.members.models import Member


@dataclass(frozen=True, slots=True)
class MemberRef:
    """Who, and with which roles, at the time of asking. `id` is unique within one business only."""

    id: int
    name: str
    roles: frozenset[str]

    @classmethod
    def from_member(cls, member: Member) -> MemberRef:
        return cls(id=member.pk, name=member.name, roles=frozenset(member.roles))

    def has_role(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)
