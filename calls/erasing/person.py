"""Erasing one person of the current business, as the owner: a customer or a member. Everything may run again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from django.db import transaction

from calls.clock import database_now
from calls.erasing import member as members
from calls.erasing import mentions, voice, whole
from calls.erasing.names import Names
from calls.erasing.progress import Progress
from calls.models import Call, CallEvent, CallState, Recording, Report, ReportState
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.context import require_tenant
from tenants.erasure import folders, stores
from tenants.erasure.certificates import Check
from tenants.members.models import Member

Say = Callable[[str], None]


class InUse(RuntimeError):
    """Somebody works on a call of the person: nothing was changed of it."""


class NotFinished(RuntimeError):
    """Something could not be erased; the rest is. Running it again completes it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom it is about. `member` None: a customer. `calls` are their own, `keep_calls` those of a namesake."""

    names: Names
    calls: tuple[uuid.UUID, ...]
    keep_calls: tuple[uuid.UUID, ...] = ()
    member: Member | None = None

    @property
    def kind(self) -> str:
        return "member" if self.member else "customer"


def customer(name: str, *, also: Iterable[str] = (), call_ids: Collection[uuid.UUID] = ()) -> Person:
    """Raises `NameTooShort`, `UnclearCalls`."""
    names = Names([name, *also])
    calls = tuple(whole.calls_of(Names([name]), call_ids).values_list("pk", flat=True))
    return Person(names, calls, tuple(whole.namesakes(Names([name]), calls)))


def member(email: str, *, also: Iterable[str] = ()) -> Person:
    """Raises `Member.DoesNotExist`, `NameTooShort`, `LastAdmin`."""
    found = Member.objects.get(email__iexact=email.strip())
    members.check_not_last_admin(found)
    names = Names([*members.names_of(found), *also])
    return Person(names, tuple(Call.objects.filter(member=found).values_list("pk", flat=True)), member=found)


def check_settled(person: Person) -> None:
    """Raises `InUse` while a call of the person runs or its report is being written."""
    calls = Call.objects.filter(pk__in=person.calls)
    if running := list(calls.filter(state=CallState.OPEN).values_list("pk", flat=True)):
        raise InUse(
            f"A call is running: {', '.join(map(str, running))}. End it, or wait until it is over, and run this again."
        )
    writing = calls.filter(report_state=ReportState.WRITING, report_due_at__gt=database_now())
    if busy := list(writing.values_list("pk", flat=True)):
        raise InUse(f"A report is being written: {', '.join(map(str, busy))}. Run this again in some minutes.")


def preview(person: Person) -> dict[str, int]:
    """What an erasure would touch: own calls with what hangs on them, and rows elsewhere by table. Changes nothing."""
    ids = person.calls
    counts = {
        "own calls": len(ids),
        "events of own calls": CallEvent.objects.filter(call__in=ids).count(),
        "recordings of own calls": Recording.objects.filter(call__in=ids).count(),
        "reports of own calls": Report.objects.filter(call__in=ids).count(),
    }
    elsewhere = mentions.scrub(person.names, keep_calls=[*ids, *person.keep_calls], is_dry=True).rows
    counts |= {f"rows elsewhere: {table}": rows for table, rows in sorted(elsewhere.items())}
    archives = folders.measure_archives(require_tenant().id)
    return {name: count for name, count in {**counts, "kept archives": archives.files}.items() if count}


def erase(person: Person, progress: Progress, say: Say) -> None:
    """All of it but the certificate. Raises `InUse`, `NotFinished`, `FilesLeft`, `StoreAway`."""
    check_settled(person)
    if person.member is not None:
        say("Ending sign-in everywhere; sockets end within 10 s.")
        progress.add(members.end_sign_in(person.member))
        # One more look: a call may have been started until now.
        fresh = tuple(Call.objects.filter(member=person.member).values_list("pk", flat=True))
        person = Person(person.names, fresh, member=person.member)
        check_settled(person)
    say(f"Erasing the content of {len(person.calls)} calls.")
    failed = [call_id for call_id in person.calls if not _erase_call(person, call_id, progress)]
    if person.member is not None:
        changed = voice.erase_notes(person.names, members.pseudonym_of(person.member))
        progress.add({"notes_and_acts_elsewhere": changed})
    say("Looking for the name in everything else.")
    found = mentions.scrub(person.names, keep_calls=[*person.keep_calls, *failed])
    progress.add({**found.rows, "silenced_ms_elsewhere": found.silenced_ms})
    progress.add({"kept_archives": folders.remove_archives(require_tenant().id).files})
    addresses = [name for name in person.names.all if "@" in name]
    progress.add({"mails_as_files": folders.remove_mails(addresses)})
    progress.add({"cache_keys": stores.forget_cache(require_tenant().schema_name)})
    if left := [*failed, *found.failed]:
        calls = ", ".join(map(str, left))
        raise NotFinished(
            f"Recordings could not be written or removed: these calls are as they were: {calls}. Mend that and run it "
            "again."
        )
    _conclude(person, progress)


def _erase_call(person: Person, call_id: uuid.UUID, progress: Progress) -> bool:
    """False when its recording can not be written or removed."""
    call = Call.objects.get(pk=call_id)
    try:
        if person.member is None:
            progress.add({"calls_emptied": int(whole.erase_content(call))})
        else:
            silenced = voice.erase_voice(call, person.names, members.pseudonym_of(person.member))
            progress.add({"calls_without_their_voice": 1, "silenced_ms": silenced})
    except OSError:
        return False
    progress.note_call(call_id)
    return True


def _conclude(person: Person, progress: Progress) -> None:
    """The last transaction: until now a run that is cut off finds the person again."""
    with transaction.atomic(durable=True):
        if person.member is not None:
            progress.add(members.rename(person.member))
        record(
            Action.ERASED,
            actor=None,
            via=Via.COMMAND,
            subject=person.kind,
            subject_id=person.member.pk if person.member else "",
            subject_name=members.pseudonym_of(person.member) if person.member else "",
            detail={"calls": [str(each) for each in progress.calls], "counts": dict(progress.counts)},
        )


def checks(person: Person, former_calls: Collection[str]) -> list[Check]:
    """Asked of tables and recordings again. `former_calls`: those that earlier runs treated."""
    calls = list(Call.objects.filter(pk__in=[*person.calls, *former_calls]))
    found = [
        Check("rows that hold the name", mentions.left(person.names, keep_calls=person.keep_calls)),
        Check("kept archives", folders.measure_archives(require_tenant().id).files),
    ]
    if person.member is None:
        return [
            *found,
            Check("events of their calls", CallEvent.objects.filter(call__in=calls).count()),
            Check("recordings of their calls", Recording.objects.filter(call__in=calls).count()),
            Check("reports of their calls", Report.objects.filter(call__in=calls).count()),
        ]
    return [
        *found,
        Check("recordings of their calls with their voice", sum(not voice.is_unheard(call) for call in calls)),
        Check("rows of their id with a name beside it", members.rows_by_id(person.member, person.names)),
        Check("ways to sign in", members.ways_in(person.member)),
        Check("active members of this id", Member.objects.filter(pk=person.member.pk, is_active=True).count()),
    ]


def nothing_found(person: Person) -> bool:
    return person.member is None and not person.calls and not mentions.left(person.names, keep_calls=person.keep_calls)
