"""Two teams, and calls of their members. See `Sales`."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from calls.models import Call
from tenants.members.models import Member, Team
from tests.conftest import MakeMember
from tests.pages.conftest import MakeCall, call_of

__all__ = ["call_of"]


@dataclass(frozen=True)
class Sales:
    """`mo` manages the team of `ada`; `bo` is in another one."""

    mo: Member
    ada: Member
    bo: Member
    team: Team
    call_of_ada: Call
    call_of_bo: Call


@pytest.fixture
def sales(rolled_back: None, member: MakeMember, call_of: MakeCall) -> Sales:
    """Ada's and Bo's calls have ended and have a report."""
    mo, ada, bo = (
        member(role, name=name, is_in_team=False) for role, name in (("manager", "Mo"), ("rep", "Ada"), ("rep", "Bo"))
    )
    team, other = Team.objects.create(name="North"), Team.objects.create(name="South")
    team.leaders.add(mo)
    team.members.add(ada)
    other.members.add(bo)
    return Sales(
        mo,
        ada,
        bo,
        team,
        call_of_ada=call_of(ada, customer="Northwind", report="model"),
        call_of_bo=call_of(bo, customer="Southfield", report="model"),
    )
