"""Two fresh businesses whose every text carries a canary of its own. `python -m bench.soak.house A B` makes them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

from bench.soak.canary import new_canary
from tests import services

PASSWORD = "soaked-for-minutes-1"
ROLES = ("rep", "manager", "admin", "billing")
COLOURS = ("#be123c", "#15803d")


@dataclass(frozen=True)
class House:
    """One business. `key` is its rep's, for everything a key may do."""

    business_id: int
    canary: str
    key: str

    @property
    def host(self) -> str:
        return f"{self.canary}.localhost"

    def email(self, role: str) -> str:
        return f"{role}@{self.canary}.example"


def set_up() -> tuple[House, House]:
    """Starts the services and makes both businesses; this process can read the database afterwards."""
    canaries = new_canary(), new_canary()
    services.start()
    subprocess.run(
        [sys.executable, "-m", "bench.soak.house", *canaries],
        cwd=services.ROOT,
        env={**os.environ, "SALESPILOT_AS_OWNER": "true"},
        check=True,
    )
    import django

    django.setup()
    first, second = (_furnish(canary, colour) for canary, colour in zip(canaries, COLOURS, strict=True))
    return first, second


def _furnish(canary: str, colour: str) -> House:
    from django.db import connections

    from coaching.models import Competitor, Keyterm, Knowledge, Play, PromptPurpose
    from coaching.playbook_versions import publish
    from coaching.prompt_versions import Wording, publish_text
    from coaching.services import apply_pack, load_material
    from tenants.context import business_scope
    from tenants.house.models import Branding, Policy
    from tenants.members.models import ApiKey, Member, Team
    from tenants.selectors import business_by_schema

    business = business_by_schema(canary)
    with business_scope(business):
        Branding.objects.update(
            product_name=f"{canary} pilot", tagline=f"{canary} calls", support_email=f"help@{canary}.example",
            colour=colour, mail_sender=f"{canary} pilot", mail_footer=f"{canary} footer",
        )  # fmt: skip
        Policy.objects.update(cards_per_10_minutes=100, seconds_between_cards=1)
        people = {
            role: Member.objects.create_member(
                email=f"{role}@{canary}.example", name=f"{canary} {role}", roles=[role], password=PASSWORD
            )
            for role in ROLES
        }
        team = Team.objects.create(name=f"{canary} team")
        team.members.add(people["rep"])
        team.leaders.add(people["manager"])
        apply_pack("b2b_software", publish=False)
        for play in Play.objects.all():
            Play.objects.filter(pk=play.pk).update(
                title=f"{canary} {play.title}"[:70], say=f"{canary}, {play.say}"[:150]
            )
        Play.objects.create(
            key=canary, title=f"{canary} play", kind="price", topic="soak", patterns=canary, say=f"Ask {canary} more.",
            priority=90, cooldown_s=1,
        )  # fmt: skip
        Keyterm.objects.create(text=canary)
        Competitor.objects.create(name=f"{canary} rival")
        Knowledge.objects.create(key=canary, title=f"{canary} price", body=f"{canary} costs little.", source=canary)
        publish(note=canary)
        base = load_material().live_prompt.system
        publish_text(Wording(PromptPurpose.LIVE, f"{base}\n\n{canary}", note=canary))
        publish_text(Wording(PromptPurpose.REPORT, f"Summarise. {canary}", note=canary))
        _, key = ApiKey.issue(member=people["rep"], name=canary)
    connections.close_all()
    return House(business.id, canary, key)


def _make(canaries: list[str]) -> None:
    import django

    django.setup()
    from tenants.provisioning import create_business
    from tenants.schemas import migrate_shared

    migrate_shared()
    for canary in canaries:
        create_business(schema_name=canary, name=canary, host=f"{canary}.localhost", trade=canary, place="US-NY")


if __name__ == "__main__":
    _make(sys.argv[1:])
