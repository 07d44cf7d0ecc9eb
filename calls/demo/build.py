"""Building the demo, as the owner. Idempotent: what is there stays, also what somebody changed."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from billing.rates.services import seed_prices
from calls.demo import dialogues
from calls.demo.businesses import BUSINESSES, OPERATOR_EMAIL, PASSWORD, DemoBusiness
from calls.demo.finished import finish_calls
from coaching.models import Competitor, Keyterm, Knowledge, PromptPurpose, PromptVersion
from coaching.playbook_versions import publish_first
from coaching.prompt_versions import Wording, publish_text
from coaching.services import apply_pack, load_material
from tenants.context import business_scope, public_scope
from tenants.house.models import Branding
from tenants.members.models import Member, Role, Team
from tenants.models import Tenant
from tenants.provisioning import create_business
from tenants.selectors import business_of


def build() -> list[str]:
    """Both businesses with people, material and finished calls, and the operator. One sentence for each.

    Expects migrated schemas where businesses are there already: making one is what takes seconds.
    """
    with public_scope():
        seed_prices()
        _people([(OPERATOR_EMAIL, "Operator", [Role.OPERATOR])])
    return [_business(demo) for demo in BUSINESSES]


def _business(demo: DemoBusiness) -> str:
    with public_scope():
        tenant = Tenant.objects.filter(schema_name=demo.schema_name).first()
    is_new = tenant is None
    if tenant is None:
        tenant = create_business(
            schema_name=demo.schema_name, name=demo.name, host=demo.host, trade=demo.trade, place=demo.place
        )
    with business_scope(business_of(tenant)):
        if is_new:
            _brand(demo)
        _people([(demo.email(person), person.name, [person.role]) for person in demo.people])
        give_team()
        give_material(demo)
        added = finish_calls(dialogues.read(demo.schema_name))
    return f"{demo.name} on {demo.host}: {len(demo.people)} people, {added} calls added"


def _brand(demo: DemoBusiness) -> None:
    Branding.objects.update_or_create(
        pk=1,
        defaults={
            "product_name": demo.name,
            "tagline": demo.tagline,
            "colour": demo.colour,
            "accent": demo.accent,
            "support_email": f"help@{demo.schema_name}.example",
        },
    )


def _people(wanted: Sequence[tuple[str, str, list[Role]]]) -> None:
    """Adds who is missing. One encoding of the password for all: it takes a third of a second each time."""
    known = set(Member.objects.filter(email__in=[email for email, _, _ in wanted]).values_list("email", flat=True))
    missing = [entry for entry in wanted if entry[0] not in known]
    password = make_password(PASSWORD) if missing else ""
    Member.objects.bulk_create(
        Member(email=email, name=name, roles=roles, password=password) for email, name, roles in missing
    )


def give_team() -> None:
    """One for everybody, led by the manager, who sees nobody's calls otherwise. Once: the admin may change it."""
    team, is_new = Team.objects.get_or_create(name="Sales")
    if is_new:
        team.members.set(Member.objects.filter(roles__overlap=[Role.REP, Role.MANAGER]))
        team.leaders.set(Member.objects.filter(roles__contains=[Role.MANAGER]))


def give_material(demo: DemoBusiness) -> None:
    """The pack, and what only this business knows; once: the admin may have changed it since."""
    if PromptVersion.objects.exists():
        return
    apply_pack(demo.pack, publish=False)
    for name, spelling in demo.competitors:
        Competitor.objects.get_or_create(name=name, defaults={"also_known_as": spelling})
    for text in demo.keyterms:
        Keyterm.objects.get_or_create(text=text)
    for key, title, body in demo.knowledge:
        fact = {"title": title, "body": body, "source": "Our price list and contracts", "approved_at": timezone.now()}
        Knowledge.objects.update_or_create(key=key, defaults=fact)
    publish_first("Demo")
    base = load_material().live_prompt.system
    publish_text(Wording(PromptPurpose.LIVE, f"{base}\n\n{demo.instructions}", note="Demo"))
