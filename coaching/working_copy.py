"""The playbook as the admin edits it: rows to a handbook and back. Needs a current business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from coaching import handbook_changes
from coaching.handbook import Fact, Handbook, Rival
from coaching.handbook_changes import Change, Mode, What
from coaching.models import Competitor, Keyterm, Knowledge, Play
from coaching.types import Channel, Match, SignalKind, Subject, Trigger
from coaching.types import Play as PlayValue
from tenants.members.models import Member


def read() -> Handbook:
    """All of it, what is switched off and what waits for approval included."""
    plays = list(Play.objects.all())
    return Handbook(
        plays=tuple(map(as_value, plays)),
        facts=tuple(
            Fact(fact.as_value(), is_approved=fact.approved_at is not None, is_active=fact.is_active)
            for fact in Knowledge.objects.all()
        ),
        competitors=tuple(Rival(rival.name, lines(rival.also_known_as)) for rival in Competitor.objects.all()),
        keyterms=tuple(Keyterm.objects.values_list("text", flat=True)),
        off=frozenset(play.key for play in plays if not play.is_active),
    )


def as_value(play: Play) -> PlayValue:
    """A play as the pure code knows it."""
    return PlayValue(
        key=play.key,
        kind=SignalKind(play.kind),
        topic=play.topic,
        title=play.title,
        say="\n".join(lines(play.say)),
        why=play.why,
        patterns=lines(play.patterns),
        unless=lines(play.unless),
        channel=Channel(play.channel) if play.channel else None,
        priority=play.priority,
        cooldown_s=play.cooldown_s,
        trigger=Trigger(play.trigger),
        match=Match(play.match),
        signals=tuple(map(Subject.parse, lines(play.signals))),
        since=Subject.parse(play.since) if play.since else None,
        within_s=play.within_s,
        before=Subject.parse(play.before) if play.before else None,
        after=Subject.parse(play.after) if play.after else None,
        from_s=play.from_s,
        until_s=play.until_s,
        once_per_call=play.once_per_call,
        question=play.question,
        source=play.source,
    )


@transaction.atomic
def lay_over(file: Handbook, mode: Mode, *, by: Member | None = None) -> tuple[Change, ...]:
    """Bring a handbook into the working copy; returns what changed. Calls notice once it is published.

    Whoever does it vouches for the facts that the handbook calls approved and that are new or different.
    """
    current = read()
    result = handbook_changes.laid_over(current, file, mode)
    changes = handbook_changes.between(current, result)
    keys = {(change.part, change.key) for change in changes if change.what is not What.REMOVED}
    _remove([change for change in changes if change.what is What.REMOVED])
    for play in result.plays:
        if ("plays", play.key) in keys:
            columns = columns_of(play) | {"is_active": play.key not in result.off}
            Play.objects.update_or_create(key=play.key, defaults=columns)
    for fact in result.facts:
        if ("knowledge", fact.value.key) in keys:
            Knowledge.objects.update_or_create(key=fact.value.key, defaults=_fact_columns(fact, by))
    for rival in result.competitors:
        if ("competitors", rival.name) in keys:
            spellings = {"also_known_as": "\n".join(rival.also_known_as)}
            Competitor.objects.update_or_create(name=rival.name, defaults=spellings)
    Keyterm.objects.bulk_create(Keyterm(text=text) for text in result.keyterms if ("keyterms", text) in keys)
    return changes


def columns_of(play: PlayValue) -> dict[str, Any]:
    """Everything but the key and whether it is switched on."""
    return {
        "title": play.title,
        "kind": play.kind.value,
        "topic": play.topic,
        "channel": play.channel.value if play.channel else "",
        "say": play.say,
        "why": play.why,
        "patterns": "\n".join(play.patterns),
        "unless": "\n".join(play.unless),
        "priority": play.priority,
        "cooldown_s": play.cooldown_s,
        "trigger": play.trigger.value,
        "match": play.match.value,
        "signals": "\n".join(map(str, play.signals)),
        "since": str(play.since or ""),
        "within_s": play.within_s,
        "before": str(play.before or ""),
        "after": str(play.after or ""),
        "from_s": play.from_s,
        "until_s": play.until_s,
        "once_per_call": play.once_per_call,
        "question": play.question,
        "source": play.source,
    }


def lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _fact_columns(fact: Fact, by: Member | None) -> Mapping[str, Any]:
    value = fact.value
    return {
        "title": value.title,
        "body": value.body,
        "kind": value.kind.value,
        "source": value.source,
        "source_url": value.source_url,
        "valid_until": value.valid_until,
        "is_active": fact.is_active,
        "approved_at": timezone.now() if fact.is_approved else None,
        "approved_by": by if fact.is_approved else None,
    }


def _remove(changes: list[Change]) -> None:
    for part, rows, name in (
        ("plays", Play.objects, "key"),
        ("knowledge", Knowledge.objects, "key"),
        ("competitors", Competitor.objects, "name"),
        ("keyterms", Keyterm.objects, "text"),
    ):
        keys = [change.key for change in changes if change.part == part]
        rows.filter(**{f"{name}__in": keys}).delete()
