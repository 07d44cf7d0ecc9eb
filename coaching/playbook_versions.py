"""The life of a playbook: edited as a working copy, published as a version, rolled back. Needs a current business.

A version never changes; going back to an earlier one publishes its content again, under a new number.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from django.db import IntegrityError, transaction

from coaching import handbook, handbook_changes, working_copy
from coaching.handbook import BadHandbook, Handbook
from coaching.handbook_changes import Change, Mode
from coaching.handbook_fields import Problem
from coaching.models import PlaybookVersion
from coaching.packs import BUILT_IN, load_pack
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.context import require_tenant
from tenants.members.models import Member

MAX_NOTE = 200
BOOKS_KEPT = 64


class PlaybookConflict(Exception):
    """Nothing was changed; the message says what happened and what to do."""


def published() -> PlaybookVersion | None:
    """The version in use, None before the first one."""
    return PlaybookVersion.objects.select_related("published_by").defer("content").order_by("-number").first()


def book_of(version: PlaybookVersion) -> Handbook:
    """Raises `BadHandbook` when this program can not read it any more. A version is read once in a process."""
    return _book(require_tenant().id, version.pk, version.published_at)


@lru_cache(maxsize=BOOKS_KEPT)
def _book(business_id: int, pk: int, published_at: datetime) -> Handbook:  # noqa: ARG001 -- they tell versions apart
    """Of the current business, which is `business_id`. Reading 300 plays takes 0.2 s."""
    return handbook.read(PlaybookVersion.objects.values_list("content", flat=True).get(pk=pk))


def in_use() -> tuple[int, Handbook]:
    """The number and content that calls use.

    Number 0, before anything was published: the plays that come with the product, so that no call is without help,
    and facts, competitors and keyterms as they stand.
    """
    version = published()
    if version is not None:
        return version.number, book_of(version)
    own = working_copy.read()
    built_in = load_pack(BUILT_IN).book
    return 0, Handbook(built_in.plays, own.facts, own.competitors, own.keyterms)


def unpublished() -> tuple[Change, ...]:
    """What differs between the working copy and the published version, empty when nothing does."""
    version = published()
    return handbook_changes.between(book_of(version) if version else Handbook(), working_copy.read())


def publish(
    *,
    by: Member | None = None,
    via: Via = Via.ADMIN,
    note: str = "",
    seen_number: int | None = None,
    seen_fingerprint: str | None = None,
) -> PlaybookVersion:
    """Use the working copy for calls that start from now on; calls in flight keep the version they began with.

    `seen_number` is the version that was in use when it was decided, 0 for none, `seen_fingerprint` the working copy
    as it was read; None leaves them unchecked. Raises `PlaybookConflict` when they do not hold any more, when nothing
    has changed, or when the working copy can not be used; then the message names what to mend.
    """
    book = working_copy.read()
    last = published()
    if seen_fingerprint is not None and handbook_changes.fingerprint(book) != seen_fingerprint:
        raise PlaybookConflict("Somebody has changed the playbook since you opened this page. Look at it again.")
    if last is not None and not handbook_changes.between(book_of(last), book):
        raise PlaybookConflict(f"{last} holds all of this already: there is nothing to publish.")
    try:
        book = handbook.read(handbook.as_mapping(book))
    except BadHandbook as error:
        words = " ".join(f"{_named(book, problem)}: {problem.words}" for problem in error.problems[:5])
        raise PlaybookConflict(f"It can not be published yet. {words}") from error
    return _add(book, last=last, restored=None, by=by, via=via, note=note, seen_number=seen_number)


def roll_back(
    version: PlaybookVersion,
    *,
    by: Member | None = None,
    via: Via = Via.ADMIN,
    note: str = "",
    seen_number: int | None = None,
) -> PlaybookVersion:
    """Publish an earlier version again. The working copy stays as it is. Raises `PlaybookConflict`."""
    last = published()
    if last is not None and last.number == version.number:
        raise PlaybookConflict(f"{version} is in use already.")
    book = book_of(version)
    return _add(book, last=last, restored=version.number, by=by, via=via, note=note, seen_number=seen_number)


def take_over(version: PlaybookVersion, *, by: Member | None = None) -> tuple[Change, ...]:
    """Make the working copy what a version holds; what was not published is lost."""
    return working_copy.lay_over(book_of(version), Mode.REPLACE, by=by)


def publish_first(note: str) -> PlaybookVersion | None:
    """Publish the working copy if nothing has been published yet, as seeding does."""
    return publish(via=Via.COMMAND, note=note) if published() is None else None


def _add(
    book: Handbook,
    *,
    last: PlaybookVersion | None,
    restored: int | None,
    by: Member | None,
    via: Via,
    note: str,
    seen_number: int | None,
) -> PlaybookVersion:
    before = last.number if last else 0
    if seen_number is not None and seen_number != before:
        raise PlaybookConflict(_overtaken(last))
    version = PlaybookVersion(
        number=before + 1,
        content=handbook.as_mapping(book),
        restored=restored,
        note=note[:MAX_NOTE],
        published_by=by,
    )
    with transaction.atomic():
        try:
            with transaction.atomic():
                version.save()
        except IntegrityError as error:
            raise PlaybookConflict(_overtaken(published())) from error
        record(
            Action.PLAYBOOK_CHANGED,
            actor=by,
            via=via,
            subject="playbook",
            subject_id=version.number,
            subject_name=str(version),
            detail={
                "did": "rolled_back" if restored else "published",
                "version": version.number,
                "before": before,
                "restored": restored,
                "plays": len(book.plays) - len(book.off),
            },
        )
    return version


def _overtaken(version: PlaybookVersion | None) -> str:
    if version is None:
        return "What is in use has changed meanwhile. Look at it before you publish."
    who = version.published_by.name if version.published_by else "Somebody"
    return f"{who} has published {version} meanwhile: that one is in use. Look at it before you publish."


def _named(book: Handbook, problem: Problem) -> str:
    match problem.place:
        case ("plays", int(number), *_):
            return f"Play “{book.plays[number].title}”"
        case ("knowledge", int(number), *_):
            return f"Fact “{book.facts[number].value.title}”"
    return str(problem.place[0]).capitalize() if problem.place else "The playbook"
