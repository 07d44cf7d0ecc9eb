"""The business of an endurance run: as `bench.house`, and people who sign in with a password."""

from __future__ import annotations

from bench import house
from bench.soak.house import PASSWORD


def set_up() -> str:
    """Returns the rep's API key."""
    key = house.set_up()
    from django.db import connections

    from tenants.context import business_scope
    from tenants.members.models import Member, Role, Team
    from tenants.selectors import business_by_schema

    with business_scope(business_by_schema(house.BUSINESS)):
        rep = Member.objects.get(email="rep@bench.example")
        rep.email = f"{Role.REP}@{house.BUSINESS}.example"
        rep.set_password(PASSWORD)
        rep.save()
        manager = Member.objects.create_member(
            email=f"{Role.MANAGER}@{house.BUSINESS}.example", name="Manager", roles=[Role.MANAGER], password=PASSWORD
        )
        team = Team.objects.create(name="All")
        team.members.add(rep)
        team.leaders.add(manager)
    connections.close_all()
    return key
