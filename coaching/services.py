"""What others may do with a business's coaching material. All of it needs a current business."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.db.models import Q

from coaching import facts, handbook_changes, playbook_versions, working_copy
from coaching.ears import compiled
from coaching.handbook import MAX_FACTS, MAX_PLAYS, Handbook
from coaching.handbook_changes import Mode
from coaching.models import Competitor, Knowledge, PromptPurpose
from coaching.packs import Pack, load_pack
from coaching.prompt_versions import Wording, publish_text, published_prompt, published_version
from coaching.signals.labels import SHOWN, threshold_name
from coaching.types import Knowledge as KnowledgeValue
from coaching.types import Material
from tenants.context import require_tenant
from tenants.house.policies import current_policy


def load_material() -> Material:
    """Everything one call needs, read once: the published playbook, plays by priority, and the published prompts.

    Compiles the phrases too, so that the call's loop need not.
    """
    require_tenant()
    number, book = playbook_versions.in_use()
    return material_of(book, number)


def material_of(book: Handbook, number: int) -> Material:
    """A handbook as calls use it. At most 300 plays and 500 facts count; the rest, least important, is left out."""
    policy = current_policy()
    plays = sorted((play for play in book.plays if play.key not in book.off), key=lambda play: -play.priority)
    rivals = tuple(rival.name for rival in book.competitors)
    material = Material(
        business_name=require_tenant().name,
        plays=tuple(plays[:MAX_PLAYS]),
        knowledge=_usable(book)[:MAX_FACTS],
        competitors=rivals,
        keyterms=tuple(dict.fromkeys((*book.keyterms, *rivals))),
        live_prompt=published_prompt(PromptPurpose.LIVE),
        report_prompt=published_prompt(PromptPurpose.REPORT),
        playbook_version=number,
        settings={
            "seconds_between_cards": policy.seconds_between_cards,
            "cards_per_10_minutes": policy.cards_per_10_minutes,
            **{name: getattr(policy, name) for name in map(threshold_name, SHOWN)},
        },
        aliases=tuple((spelling, rival.name) for rival in book.competitors for spelling in rival.also_known_as),
    )
    compiled(material)
    return material


@transaction.atomic
def apply_pack(name: str, *, publish: bool = True) -> Pack:
    """Bring an industry pack into the working copy of the current business; raises `packs.BadPack`.

    May be repeated: plays and facts of the same key take the pack's words again, what is switched off stays off, and
    everything else the business wrote stays. Prompts, and with `publish` the playbook, are published only where the
    business has none.
    """
    require_tenant()
    pack = load_pack(name)
    known = set(Competitor.objects.values_list("name", flat=True))
    book = replace(
        pack.book,
        facts=tuple(
            replace(fact, value=replace(fact.value, source=fact.value.source or f"Pack “{pack.title}”"))
            for fact in pack.book.facts
        ),
        competitors=tuple(rival for rival in pack.book.competitors if rival.name not in known),
    )
    working_copy.lay_over(handbook_changes.keeping_off(working_copy.read(), book), Mode.ADD)
    for purpose, system in ((PromptPurpose.LIVE, pack.live_prompt), (PromptPurpose.REPORT, pack.report_prompt)):
        if published_version(purpose) is None:
            publish_text(Wording(purpose, system, note=f"From the pack “{pack.title}”"))
    if publish:
        playbook_versions.publish_first(f"From the pack “{pack.title}”")
    return pack


def _usable(book: Handbook) -> tuple[KnowledgeValue, ...]:
    """Facts that may be claimed today. Whoever withdraws one, or switches it off, need not publish that first."""
    withdrawn = set(Knowledge.objects.filter(Q(is_active=False) | Q(approved_at=None)).values_list("key", flat=True))
    today = facts.today()
    return tuple(
        fact.value
        for fact in book.facts
        if fact.is_approved and fact.is_active and fact.value.key not in withdrawn and fact.value.is_valid(today)
    )
