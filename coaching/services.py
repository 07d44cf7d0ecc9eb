"""What others may do with a business's coaching material. All of it needs a current business."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from coaching.ears import compiled
from coaching.facts import usable_facts
from coaching.models import Competitor, Keyterm, Knowledge, Play, PromptPurpose
from coaching.packs import Pack, load_pack
from coaching.prompt_versions import Wording, publish_text, published_prompt, published_version
from coaching.types import Channel, Material, SignalKind
from coaching.types import Play as PlayValue
from tenants.context import require_tenant
from tenants.house.policies import current_policy

MAX_PLAYS = 300
MAX_KNOWLEDGE = 500


def load_material() -> Material:
    """Everything one call needs, read once: active plays by priority, knowledge, competitors, published prompts.

    At most 300 plays and 500 facts count; the rest, least important, is left out. Compiles the
    phrases too, so that the call's loop need not.
    """
    business = require_tenant()
    rivals = tuple(Competitor.objects.all()[:200])
    policy = current_policy()
    plays = tuple(as_value(play) for play in Play.objects.filter(is_active=True)[:MAX_PLAYS])
    material = Material(
        business_name=business.name,
        plays=plays,
        knowledge=tuple(fact.as_value() for fact in usable_facts()[:MAX_KNOWLEDGE]),
        competitors=tuple(rival.name for rival in rivals),
        keyterms=_keyterms(rivals),
        live_prompt=published_prompt(PromptPurpose.LIVE),
        report_prompt=published_prompt(PromptPurpose.REPORT),
        settings={
            "seconds_between_cards": policy.seconds_between_cards,
            "cards_per_10_minutes": policy.cards_per_10_minutes,
        },
        aliases=tuple((spelling, rival.name) for rival in rivals for spelling in _lines(rival.also_known_as)),
    )
    compiled(material)
    return material


def as_value(play: Play) -> PlayValue:
    """A play as the pure code knows it."""
    return PlayValue(
        key=play.key,
        kind=SignalKind(play.kind),
        topic=play.topic,
        title=play.title,
        say=play.say,
        why=play.why,
        patterns=_lines(play.patterns),
        unless=_lines(play.unless),
        channel=Channel(play.channel) if play.channel else None,
        priority=play.priority,
        cooldown_s=play.cooldown_s,
    )


@transaction.atomic
def apply_pack(name: str) -> Pack:
    """Bring an industry pack into the current business; raises `packs.BadPack`.

    May be repeated: plays and knowledge of the same key take the pack's words again, everything else the
    business wrote stays. Prompts are published only where the business has none.
    """
    require_tenant()
    pack = load_pack(name)
    for play in pack.plays:
        Play.objects.update_or_create(
            key=play.key,
            defaults={
                "title": play.title,
                "kind": play.kind,
                "topic": play.topic,
                "channel": play.channel,
                "say": play.say,
                "why": play.why,
                "patterns": "\n".join(play.patterns),
                "unless": "\n".join(play.unless),
                "priority": play.priority,
                "cooldown_s": play.cooldown_s,
            },
        )
    for key, title, body in pack.knowledge:
        fact = {"title": title, "body": body, "source": f"Pack “{pack.title}”", "approved_at": timezone.now()}
        Knowledge.objects.update_or_create(key=key, defaults=fact)
    for rival, spellings in pack.competitors:
        Competitor.objects.get_or_create(name=rival, defaults={"also_known_as": "\n".join(spellings)})
    for term in pack.keyterms:
        Keyterm.objects.get_or_create(text=term)
    for purpose, system in ((PromptPurpose.LIVE, pack.live_prompt), (PromptPurpose.REPORT, pack.report_prompt)):
        if published_version(purpose) is None:
            publish_text(Wording(purpose, system, note=f"From the pack “{pack.title}”"))
    return pack


def _keyterms(rivals: tuple[Competitor, ...]) -> tuple[str, ...]:
    """What recognition should know: the business's words and its competitors' names."""
    terms = [*Keyterm.objects.values_list("text", flat=True)[:200], *(rival.name for rival in rivals)]
    return tuple(dict.fromkeys(terms))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
