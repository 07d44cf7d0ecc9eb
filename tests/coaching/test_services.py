"""A business's material in its own schema: packs, prompt versions, and the stranger who sees none of it."""

from __future__ import annotations

import pytest

from coaching import prompt_versions, services
from coaching.models import Competitor, Play, PromptPurpose
from tenants.context import Business, NoBusiness, business_scope
from tenants.house.models import Policy


@pytest.mark.usefixtures("rolled_back")
def test_a_pack_gives_a_business_its_whole_material() -> None:
    services.apply_pack("b2b_software")
    material = services.load_material()
    assert len(material.plays) >= 15
    assert material.competitors
    assert ("sales beam", "SalesBeam") in material.aliases
    assert "SalesBeam" in material.keyterms
    assert material.live_prompt.version_id > 0
    assert material.settings["seconds_between_cards"] == 20
    assert material.settings["cards_per_10_minutes"] == 6
    assert material.settings["price_objection_from_percent"] == 0


@pytest.mark.usefixtures("rolled_back")
def test_a_pack_twice_keeps_what_the_business_wrote() -> None:
    services.apply_pack("general")
    mine = Play.objects.create(
        key="mine", title="Mine", kind="objection", topic="price", patterns="my phrase", say="Hi?"
    )
    Play.objects.filter(key="price-too-high").update(is_active=False)
    prompt = prompt_versions.published_prompt(PromptPurpose.LIVE)
    services.apply_pack("general")
    assert Play.objects.filter(pk=mine.pk).exists()
    assert not Play.objects.get(key="price-too-high").is_active, "what was switched off stays off"
    assert prompt_versions.published_prompt(PromptPurpose.LIVE) == prompt


@pytest.mark.usefixtures("rolled_back")
def test_an_empty_business_still_has_prompts() -> None:
    material = services.load_material()
    assert material.live_prompt.system
    assert material.report_prompt.system


@pytest.mark.usefixtures("committed_db")
def test_a_stranger_loads_nothing_of_acme(acme: Business, globex: Business) -> None:
    with business_scope(acme):
        Competitor.objects.create(name="Only Acme knows this name")
    with business_scope(globex):
        material = services.load_material()
    assert material.business_name == globex.name
    assert "Only Acme knows this name" not in material.competitors


def test_without_a_business_there_is_no_material() -> None:
    with business_scope(None), pytest.raises(NoBusiness):
        services.load_material()


@pytest.mark.usefixtures("rolled_back")
def test_how_sure_a_signal_must_be_is_each_business_own(acme: Business, globex: Business) -> None:
    with business_scope(acme):
        Policy(id=1, buying_signal_from_percent=95).save()
        assert services.load_material().settings["buying_signal_from_percent"] == 95
    with business_scope(globex):
        assert services.load_material().settings["buying_signal_from_percent"] == 0
