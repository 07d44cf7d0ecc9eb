"""What others may do with a business's coaching material. All of it needs a current business."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from coaching import prompts
from coaching.ears import compiled
from coaching.models import Competitor, Keyterm, Play, PromptPurpose, PromptVersion
from coaching.models import Knowledge as KnowledgeEntry
from coaching.packs import Pack, load_pack
from coaching.types import Channel, Knowledge, Material, Prompt, SignalKind
from coaching.types import Play as PlayValue
from tenants.context import require_tenant
from tenants.house.policies import current_policy

MAX_PLAYS = 300
MAX_KNOWLEDGE = 500
DEFAULTS = {PromptPurpose.LIVE: prompts.DEFAULT_LIVE, PromptPurpose.REPORT: prompts.DEFAULT_REPORT}


def load_material() -> Material:
    """Everything one call needs, read once: active plays by priority, knowledge, competitors, published prompts.

    At most 300 plays and 500 knowledge entries count; the rest, least important, is left out. Compiles the
    phrases too, so that the call's loop need not.
    """
    business = require_tenant()
    rivals = tuple(Competitor.objects.all()[:200])
    policy = current_policy()
    plays = tuple(as_value(play) for play in Play.objects.filter(is_active=True)[:MAX_PLAYS])
    material = Material(
        business_name=business.name,
        plays=plays,
        knowledge=tuple(
            Knowledge(entry.key, entry.title, entry.body)
            for entry in KnowledgeEntry.objects.filter(is_active=True)[:MAX_KNOWLEDGE]
        ),
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


def published_version(purpose: str) -> PromptVersion | None:
    """The version in use, None before the first was published."""
    versions = PromptVersion.objects.filter(purpose=purpose, published_at__isnull=False)
    return versions.order_by("-published_at", "-number").first()


def published_prompt(purpose: str) -> Prompt:
    version = published_version(purpose)
    if version is None:
        return Prompt(0, DEFAULTS[PromptPurpose(purpose)])
    return Prompt(version.pk, version.system, version.temperature)


def save_prompt_version(*, purpose: str, system: str, temperature: float = 0.3, note: str = "") -> PromptVersion:
    """A new version with the next number, not yet in use. Two at once: one of them raises `IntegrityError`."""
    last = PromptVersion.objects.filter(purpose=purpose).aggregate(last=Max("number"))["last"] or 0
    version = PromptVersion(purpose=purpose, number=last + 1, system=system, temperature=temperature, note=note)
    version.save()
    return version


def publish(version: PromptVersion) -> PromptVersion:
    """Use a saved version from now on; calls in flight keep the one they began with."""
    now = timezone.now()
    PromptVersion.objects.filter(pk=version.pk).update(published_at=now)
    version.published_at = now
    return version


@transaction.atomic
def publish_prompt(*, purpose: str, system: str, temperature: float = 0.3, note: str = "") -> PromptVersion:
    """Save a new version and use it at once."""
    return publish(save_prompt_version(purpose=purpose, system=system, temperature=temperature, note=note))


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
        KnowledgeEntry.objects.update_or_create(key=key, defaults={"title": title, "body": body})
    for rival, spellings in pack.competitors:
        Competitor.objects.get_or_create(name=rival, defaults={"also_known_as": "\n".join(spellings)})
    for term in pack.keyterms:
        Keyterm.objects.get_or_create(text=term)
    for purpose, system in ((PromptPurpose.LIVE, pack.live_prompt), (PromptPurpose.REPORT, pack.report_prompt)):
        if published_version(purpose) is None:
            publish_prompt(purpose=purpose, system=system, note=f"From the pack “{pack.title}”")
    return pack


def _keyterms(rivals: tuple[Competitor, ...]) -> tuple[str, ...]:
    """What recognition should know: the business's words and its competitors' names."""
    terms = [*Keyterm.objects.values_list("text", flat=True)[:200], *(rival.name for rival in rivals)]
    return tuple(dict.fromkeys(terms))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
