"""Playbooks out of a business and into it, as files. Needs a current business."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from coaching import handbook_changes, handbook_yaml, working_copy
from coaching.handbook import Handbook
from coaching.handbook_changes import Change, Mode
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.members.models import Member


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would change in the working copy as it stands at `fingerprint`. Nothing is saved yet."""

    book: Handbook
    changes: tuple[Change, ...]
    fingerprint: str


class FileConflict(Exception):
    """The working copy is not what it was when the file was looked at. Nothing was changed."""


def export(book: Handbook, *, by: Member | None = None, via: Via = Via.ADMIN, version: int | None = None) -> str:
    """The file's text, noted in the audit log. `version`: its number, None for the working copy."""
    record(
        Action.EXPORTED,
        actor=by,
        via=via,
        subject="playbook",
        subject_id=version or "",
        detail={"plays": len(book.plays), "facts": len(book.facts)},
    )
    return handbook_yaml.dump(book)


def preview(content: bytes, mode: Mode) -> Preview:
    """Raises `handbook_yaml.BadFile` with every mistake."""
    book = handbook_yaml.load(content)
    current = working_copy.read()
    result = handbook_changes.laid_over(current, book, mode)
    return Preview(book, handbook_changes.between(current, result), handbook_changes.fingerprint(current))


@transaction.atomic
def apply(
    book: Handbook, mode: Mode, *, by: Member | None = None, via: Via = Via.ADMIN, seen: str | None = None
) -> tuple[Change, ...]:
    """Bring a file into the working copy, all of it or nothing. Raises `FileConflict` unless it still is as `seen`."""
    if seen is not None and handbook_changes.fingerprint(working_copy.read()) != seen:
        raise FileConflict("Somebody has changed the playbook since you looked at the preview. Look at it again.")
    changes = working_copy.lay_over(book, mode, by=by)
    record(
        Action.IMPORTED,
        actor=by,
        via=via,
        subject="playbook",
        detail={"mode": mode.value, **handbook_changes.counted(changes)},
    )
    return changes
