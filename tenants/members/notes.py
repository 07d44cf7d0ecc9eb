"""Audit lines about members, teams and keys. Operators have no audit log: on the public host nothing is noted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.context import current
from tenants.members.models import ApiKey, Member, Team


def member_changed(member: Member, *, by: Member | None, via: Via, act: str, fields: Iterable[str]) -> None:
    """`act` is `added` or `changed`; names of fields only, and how the account now stands."""
    detail = {"act": act, "fields": sorted(fields), "is_active": member.is_active}
    _note(Action.MEMBER_CHANGED, member, detail, by, via)


def roles_changed(member: Member, *, by: Member | None, via: Via, before: Iterable[str]) -> None:
    detail = {"before": sorted(before), "after": sorted(member.roles)}
    _note(Action.ROLES_CHANGED, member, detail, by, via)


def team_changed(team: Team, *, by: Member | None, via: Via, act: str, detail: Mapping[str, Any]) -> None:
    _note(Action.TEAM_CHANGED, team, {"act": act, **detail}, by, via)


def key_changed(key: ApiKey, *, by: Member | None, via: Via, act: str) -> None:
    """`act` is `issued` or `revoked`."""
    detail = {"act": act, "member": key.member_id, "scopes": list(key.scopes)}
    _note(Action.KEY_CHANGED, key, detail, by, via)


def _note(
    action: Action, about: Member | Team | ApiKey, detail: Mapping[str, Any], by: Member | None, via: Via
) -> None:
    business = current()
    if business is None or business.is_public:
        return
    subject = str(about._meta.verbose_name)  # noqa: SLF001 - Django's documented introspection
    record(action, actor=by, via=via, subject=subject, subject_id=about.pk, subject_name=about.name, detail=detail)
