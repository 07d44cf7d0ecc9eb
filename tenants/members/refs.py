"""A member as a value: what sockets and live sessions carry about, without the ORM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenants.members.models import ApiKey, Member


@dataclass(frozen=True, slots=True)
class KeyRef:
    """The API key somebody came with. Its scopes never change: another right is another key."""

    id: int
    scopes: frozenset[str]

    @classmethod
    def from_key(cls, key: ApiKey) -> KeyRef:
        return cls(id=key.pk, scopes=frozenset(key.scopes))


@dataclass(frozen=True, slots=True)
class MemberRef:
    """Who, and with which roles, at the time of asking. `id` is unique within one business only.

    `key` is None for a person in a browser, who may do all that the roles allow.
    """

    id: int
    name: str
    roles: frozenset[str]
    key: KeyRef | None = None

    @classmethod
    def from_member(cls, member: Member, key: ApiKey | None = None) -> MemberRef:
        key_ref = KeyRef.from_key(key) if key else None
        return cls(id=member.pk, name=member.name, roles=frozenset(member.roles), key=key_ref)

    def has_role(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)

    def has_scope(self, scope: str | None) -> bool:
        """Whether what they came with reaches so far. `scope` None: no key does, a browser does."""
        return self.key is None or scope in self.key.scopes
