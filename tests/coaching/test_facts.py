"""Only facts that somebody approved and that still hold may be claimed, and the card says where they are from."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from coaching import facts, services
from coaching.facts import FactState
from coaching.grounding import Ground, Ruling
from coaching.llm.base import CardText
from coaching.models import Knowledge
from coaching.types import Material
from tenants.context import Business, business_scope

pytestmark = pytest.mark.usefixtures("rolled_back")

CLAIM = CardText("It costs $49 per seat.", source_key="seat-price", is_complete=True)


def fact(**changes: object) -> Knowledge:
    usual: dict[str, object] = {
        "key": "seat-price",
        "kind": "price",
        "title": "Price per seat",
        "body": "A seat costs $49 a month.",
        "source": "Price list 2026",
        "source_url": "https://acme.example/prices",
        "approved_at": timezone.now(),
    }
    return Knowledge.objects.create(**usual | changes)


def ruling(material: Material) -> Ruling:
    return Ground(material).judge(CLAIM, "").ruling


def test_an_approved_fact_may_be_claimed_and_names_its_source() -> None:
    fact(valid_until=facts.today())
    verdict = Ground(services.load_material()).judge(CLAIM, "")
    assert verdict.ruling is Ruling.GROUNDED
    assert verdict.source is not None
    assert (verdict.source.title, verdict.source.origin) == ("Price per seat", "Price list 2026")
    assert verdict.source.url == "https://acme.example/prices"


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"valid_until": facts.today() - timedelta(days=1)}, FactState.EXPIRED),
        ({"approved_at": None}, FactState.NOT_APPROVED),
        ({"is_active": False}, FactState.OFF),
    ],
)
def test_any_other_fact_may_not(changes: dict[str, object], state: FactState) -> None:
    entry = fact(**changes)
    assert ruling(services.load_material()) is Ruling.UNGROUNDED
    assert facts.state_of(entry) is state
    assert list(Knowledge.objects.filter(facts.in_state(state))) == [entry]
    assert not facts.usable_facts().exists()


def test_a_pack_s_facts_are_approved_and_name_the_pack() -> None:
    services.apply_pack("b2b_software")
    found = list(Knowledge.objects.all())
    assert found
    assert all(facts.state_of(entry) is FactState.IN_USE and entry.source for entry in found)


def test_a_stranger_may_not_claim_acme_s_facts(globex: Business) -> None:
    fact()
    with business_scope(globex):
        assert ruling(services.load_material()) is Ruling.UNGROUNDED
