"""The life of a prompt version: draft → tested → in use → rolled back. Writes; needs a current business.

A draft may be edited until it is first tested or published; from then on it never changes, because results and cards
name it. Going back to an earlier version is publishing it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone

from coaching import prompts
from coaching.models import PromptPublication, PromptPurpose, PromptVersion
from coaching.types import LIVE_LIMITS, REPORT_LIMITS, Example, Prompt
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.members.models import Member

NUMBER_TRIES = 5
BUILT_IN = {
    PromptPurpose.LIVE: Prompt(0, prompts.DEFAULT_LIVE, limits=LIVE_LIMITS),
    PromptPurpose.REPORT: Prompt(0, prompts.DEFAULT_REPORT, limits=REPORT_LIMITS),
}


class PromptConflict(Exception):
    """Somebody else was faster. Nothing was changed; the message says what happened and what to do."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Everything an author may set. Limits left None are the usual ones, an empty model the installation's."""

    purpose: str
    system: str
    examples: Sequence[Example] = ()
    temperature: float = 0.3
    model: str = ""
    max_output_tokens: int | None = None
    deadline_ms: int | None = None
    max_requests: int | None = None
    note: str = ""

    def columns(self) -> Mapping[str, Any]:
        return {
            "system": self.system,
            "examples": [{"heard": one.heard, "say": one.say} for one in self.examples],
            "temperature": self.temperature,
            "model": self.model,
            "max_output_tokens": self.max_output_tokens,
            "deadline_ms": self.deadline_ms,
            "max_requests": self.max_requests,
            "note": self.note,
        }


def published(purpose: str) -> PromptPublication | None:
    """What is in use, None before the first version was published."""
    newest = PromptPublication.objects.select_related("version", "published_by").filter(purpose=purpose)
    return newest.order_by("-number").first()


def published_version(purpose: str) -> PromptVersion | None:
    publication = published(purpose)
    return publication.version if publication is not None else None


def published_prompt(purpose: str) -> Prompt:
    """What calls use: the published version, or the built-in text."""
    version = published_version(purpose)
    return version.as_value() if version is not None else BUILT_IN[PromptPurpose(purpose)]


def save_draft(wording: Wording, *, author: Member | None = None) -> PromptVersion:
    """A new draft with the next number. Several at once get several numbers; after 5 tries `PromptConflict`."""
    for _ in range(NUMBER_TRIES):
        last = PromptVersion.objects.filter(purpose=wording.purpose).aggregate(last=Max("number"))["last"] or 0
        version = PromptVersion(purpose=wording.purpose, number=last + 1, created_by=author, **wording.columns())
        try:
            with transaction.atomic():
                version.save()
        except IntegrityError:
            continue
        return version
    raise PromptConflict("Too many versions are being saved at this moment. Save yours again.")


def change_draft(version: PromptVersion, wording: Wording, *, seen_revision: int) -> None:
    """Edit a draft as it was when its author opened it, at `seen_revision`. Raises `PromptConflict`."""
    edited = PromptVersion.objects.filter(pk=version.pk, frozen_at=None, revision=seen_revision).update(
        **wording.columns(), revision=F("revision") + 1
    )
    if edited:
        return
    if PromptVersion.objects.filter(pk=version.pk, frozen_at=None).exists():
        raise PromptConflict(
            "Somebody else has edited this draft since you opened it. Open it again to see their text."
        )
    raise PromptConflict("This version has been tested or published meanwhile and no longer changes. Start a new one.")


def discard_draft(version: PromptVersion) -> None:
    """Delete a draft. Raises `PromptConflict` once it has been tested or published."""
    deleted, _ = PromptVersion.objects.filter(pk=version.pk, frozen_at=None).delete()
    if not deleted:
        raise PromptConflict("This version has been tested or published: it stays in the history.")


def freeze(version: PromptVersion) -> None:
    """From now on the version never changes. Frozen already: nothing happens."""
    now = timezone.now()
    PromptVersion.objects.filter(pk=version.pk, frozen_at=None).update(frozen_at=now)
    version.frozen_at = version.frozen_at or now


@transaction.atomic
def publish(
    version: PromptVersion,
    *,
    by: Member | None = None,
    via: Via = Via.ADMIN,
    note: str = "",
    seen_publication: int | None = None,
    seen_revision: int | None = None,
) -> PromptPublication:
    """Use a version for calls that start from now on; calls in flight keep the one they began with.

    `seen_publication` is the number of the publication that was in use, 0 for none, when this one was decided;
    `seen_revision` the draft as it was read. Whoever publishes second, or publishes another text than they read,
    gets `PromptConflict`. None leaves that unchecked.
    """
    before = published(version.purpose)
    last = before.number if before else 0
    if seen_publication is not None and seen_publication != last:
        raise PromptConflict(_overtaken(before))
    if seen_revision is not None and not PromptVersion.objects.filter(pk=version.pk, revision=seen_revision).exists():
        raise PromptConflict("Somebody has edited this draft since you opened it. Read it again before you publish it.")
    freeze(version)
    publication = PromptPublication(
        version=version,
        purpose=version.purpose,
        number=last + 1,
        is_rollback=version.publications.exists(),
        note=note,
        published_by=by,
    )
    try:
        with transaction.atomic():
            publication.save()
    except IntegrityError as error:
        raise PromptConflict(_overtaken(published(version.purpose))) from error
    record(
        Action.PROMPT_CHANGED,
        actor=by,
        via=via,
        subject="prompt",
        subject_id=version.pk,
        subject_name=str(version),
        detail={
            "did": "rolled_back" if publication.is_rollback else "published",
            "version": version.number,
            "before": before.version.number if before else 0,
        },
    )
    return publication


def publish_text(wording: Wording, *, by: Member | None = None, via: Via = Via.COMMAND) -> PromptVersion:
    """Save a new version and use it at once."""
    with transaction.atomic():
        version = save_draft(wording, author=by)
        publish(version, by=by, via=via, note=wording.note)
    return version


def _overtaken(publication: PromptPublication | None) -> str:
    if publication is None:
        return "What is in use has changed meanwhile. Look at it before you publish."
    who = publication.published_by.name if publication.published_by else "Somebody"
    return f"{who} has published {publication.version} meanwhile: that one is in use. Look at it before you publish."
