"""Erasing a business: doors first, then what runs, then the right to its data, then the data, its role last.

Every step may be repeated. That it was begun stands in the comment of the business's role (`mark`); once the role is
gone, in the unfinished certificate. So a run that was killed anywhere is completed by the next.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from psycopg import sql

from tenants.context import Business, business_scope, public_scope
from tenants.erasure import certificates, database, folders, handed_out, mark, stores
from tenants.erasure.certificates import Check
from tenants.erasure.live import live_work
from tenants.models import Domain, Tenant
from tenants.postgresql.roles import role_name
from tenants.schemas import owner_connection, schema_lock
from tenants.selectors import HOST_SECONDS, business_of

SETTLE_S = HOST_SECONDS + 1.0
"""So long after the doors were shut a process may still believe a host, or a socket its member."""
END_WITHIN_S = 30.0
LOOK_EVERY_S = 0.2

REMAINS = (
    "Backups of the database and of the folders: they hold the business until they are overwritten.",
    "Logs of the processes, kept elsewhere: they name the business by its id, never what was said or who.",
    "Mails that were sent, and what receivers made of them.",
    "Archives and lists that were handed out: see the exports below.",
    "What speech and model services keep by their own contracts.",
)

Say = Callable[[str], None]


class NoSuchBusiness(LookupError):
    """Nothing of this name, and no erasure of it that was begun."""


class StillLive(RuntimeError):
    """Calls are running: nothing was changed."""


class NotGone(RuntimeError):
    """Something was still there when it was asked again afterwards."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is erased, wherever that is known from. `business` None: its row is gone already."""

    mark: mark.Mark
    role: str
    business: Business | None


def erase_business(schema: str, *, end_calls: bool, certificate: Path | None, say: Say) -> Path:
    """Erases the business whose schema this is, or completes an erasure; the path of the certificate.

    `say` is told every step in a sentence. Raises `NoSuchBusiness`, `StillLive` (unless `end_calls`),
    `ImproperlyConfigured` when not run as the owner, `SchemaBusy`, and what can be mended and tried again: `InUse`,
    `FilesLeft`, `StoreAway`, `NotGone`.
    """
    if connection.settings_dict.get("BUSINESS_ROLES", True):
        raise ImproperlyConfigured("Businesses are erased by the owner: set SALESPILOT_AS_OWNER=true.")
    with schema_lock(schema), public_scope():
        subject = _find(schema)
        if subject is None:
            path = _unfinished(schema, certificate)
            content = certificates.read_partial(path)
            if content is None:
                raise NoSuchBusiness(schema)
        else:
            subject = _begin(subject, end_calls=end_calls, say=say)
            if subject.business is not None:
                subject = _close(subject, subject.business, say)
            say("Dropping the schema, table by table.")
            database.drop_schema(schema)
            path = certificate or _usual_path(subject.mark)
            content = _content(subject)
        return _finish(path, content, say)


def live_count(business: Business) -> int:
    """How much runs for the business just now, of all kinds."""
    if not database.is_furnished(business.schema_name):
        return 0
    with business_scope(business):
        return sum(work.count() for work in live_work())


def _find(schema: str) -> Subject | None:
    role = role_name(owner_connection().info.dbname, schema)
    tenant = Tenant.objects.filter(schema_name=schema).first()
    known = mark.read(owner_connection(), role)
    if tenant is None:
        return Subject(known, role, None) if known else None
    if known is None:
        known = mark.Mark(business_id=tenant.pk, schema=schema, started_at="")
    elif known.business_id != tenant.pk:
        raise ImproperlyConfigured(
            f"{schema} was made anew, as id {tenant.pk}, before the erasure of id {known.business_id} was finished."
        )
    return Subject(known, role, business_of(tenant))


# Doors, and what runs ---------------------------------------------------------------------------------


def _begin(subject: Subject, *, end_calls: bool, say: Say) -> Subject:
    """The mark, no host, no sign-in: one transaction. From here on there is no way back."""
    before, business = subject.mark, subject.business
    if before.started_at:
        say(f"Going on with the erasure begun {before.started_at}.")
    elif business is not None and not end_calls and (running := live_count(business)):
        raise StillLive(
            f"{running} calls are running: wait for their end, or say --end-calls to end them in order. Nothing was "
            "changed."
        )
    begun = replace(before, runs=before.runs + 1) if before.started_at else _fresh(before)
    with transaction.atomic(durable=True):
        mark.write(owner_connection(), subject.role, begun)
        if business is not None:
            database.shut_doors(business)
    if business is not None:
        say("No host leads there any more and nobody is signed in; sockets end within 10 s.")
    return replace(subject, mark=begun)


def _fresh(before: mark.Mark) -> mark.Mark:
    domains = list(Domain.objects.filter(tenant_id=before.business_id).values_list("pk", "domain"))
    return replace(
        before,
        started_at=certificates.now_text(),
        hosts=tuple(domain for _, domain in domains),
        domain_ids=tuple(pk for pk, _ in domains),
    )


def _close(subject: Subject, business: Business, say: Say) -> Subject:
    """Ends what runs, measures what there is, and takes the application's right to it away."""
    handed: list[handed_out.HandedOut] = []
    if database.is_furnished(business.schema_name):
        _end_live(business, say)
        with business_scope(business):
            handed = handed_out.exports()
    _settle(subject.mark)
    for each in handed:
        say(f"Handed out: {each}")
    found = {
        "rows": database.count_rows(owner_connection(), business.schema_name),
        "files": folders.measure(business.id, subject.mark.hosts),
        "keys and queued tasks": stores.count(business.id, business.schema_name),
        "exports": [each.to_json() for each in handed],
    }
    measured = replace(subject.mark, found=found)
    with transaction.atomic(durable=True):
        mark.write(owner_connection(), subject.role, measured)
        database.close(business, subject.role, measured.domain_ids, measured.hosts)
    say("The application has no right to its data any more; tasks that wait find no business.")
    return replace(subject, mark=measured, business=None)


def _end_live(business: Business, say: Say) -> None:
    with business_scope(business):
        for work in live_work():
            if not (running := work.count()):
                continue
            say(f"Ending {running} {work.name}.")
            work.ask()
            if not _wait(lambda work=work: work.count() == 0, END_WITHIN_S):  # type: ignore[misc]
                work.cut()


def _settle(begun: mark.Mark) -> None:
    """Until every process has asked again who leads where and who is signed in."""
    since = datetime.fromisoformat(begun.started_at)
    _wait(lambda: (datetime.now(UTC) - since).total_seconds() >= SETTLE_S, SETTLE_S + 1.0)


def _wait(is_so: Callable[[], bool], within_s: float) -> bool:
    until = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() >= until:
            return False
        time.sleep(LOOK_EVERY_S)
    return True


# The end, which also runs alone -----------------------------------------------------------------------


def _finish(path: Path, content: Mapping[str, Any], say: Say) -> Path:
    """Files, keys, the role, questions asked again, the certificate."""
    subject = content["subject"]
    business_id, schema, role = subject["business_id"], subject["schema"], subject["role"]
    say("Removing files, keys and waiting tasks.")
    folders.remove(business_id, subject["hosts"])
    stores.forget(business_id, schema)
    certificates.write_partial(path, content)
    database.drop_role(role)
    checks = _checks(subject)
    if left := [check for check in checks if check.found]:
        raise NotGone("; ".join(f"{check.asked}: {check.found}" for check in left) + ". Run it again.")
    public = {key: value for key, value in content.items() if key != "subject"}
    certificates.write(
        path,
        {
            **public,
            "finished_at": certificates.now_text(),
            "checks": [check.to_json() for check in checks],
            "remains": list(REMAINS),
        },
    )
    say(f"Checked {len(checks)} times that nothing is left.")
    return path


def _checks(subject: Mapping[str, Any]) -> list[Check]:
    """Asked of the database, the folders and Redis themselves."""
    raw = owner_connection()
    schema, role, business_id = subject["schema"], subject["role"], subject["business_id"]

    def count(query: str, *values: Any) -> int:
        row = raw.execute(query, values, prepare=False).fetchone()
        return int(row[0]) if row else 0

    def rows(table: str) -> int:
        text = sql.SQL("SELECT count(*) FROM {} WHERE {} = %s").format(
            sql.Identifier(database.SHARED, table), sql.Identifier(database.ROLE_COLUMN)
        )
        row = raw.execute(text, [role], prepare=False).fetchone()
        return int(row[0]) if row else 0

    return [
        Check("schemas of this name", count("SELECT count(*) FROM pg_namespace WHERE nspname = %s", schema)),
        Check("database roles of this name", count("SELECT count(*) FROM pg_roles WHERE rolname = %s", role)),
        Check(
            "rights of the role anywhere in the server",
            count(
                "SELECT count(*) FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = %s",
                subject["role_oid"],
            ),
        ),
        *(Check(f"rows in {table}", rows(table)) for table in database.tables_with_role(raw)),
        Check("businesses of this id", Tenant.objects.filter(pk=business_id).count()),
        Check("files in its folders", folders.counted(folders.measure(business_id, subject["hosts"]))),
        Check("folders of its own", sum(place.path.exists() for place in folders.places(business_id))),
        Check("keys and queued tasks", stores.count(business_id, schema)),
    ]


def _content(subject: Subject) -> dict[str, Any]:
    known = subject.mark
    found = dict(known.found or {})
    rows: Mapping[str, int] = found.get("rows", {})
    oid = owner_connection().execute("SELECT oid FROM pg_roles WHERE rolname = %s", [subject.role]).fetchone()
    return {
        "certificate": 1,
        "erased_what": f"business {known.schema} (id {known.business_id})",
        "started_at": known.started_at,
        "by": certificates.operator(),
        "runs": known.runs,
        "erased": {
            "rows": sum(rows.values()),
            "rows_by_table": dict(rows),
            "files_by_place": dict(found.get("files", {})),
            "keys_and_queued_tasks": found.get("keys and queued tasks", 0),
            "hosts": len(known.hosts),
            "database_role": 1,
        },
        "exports_handed_out": list(found.get("exports", [])),
        "subject": {
            "business_id": known.business_id,
            "schema": known.schema,
            "role": subject.role,
            "role_oid": int(oid[0]) if oid else 0,
            "hosts": list(known.hosts),
        },
    }


def _usual_path(known: mark.Mark) -> Path:
    return certificates.folder() / f"business-{known.schema}-{known.business_id}.json"


def _unfinished(schema: str, certificate: Path | None) -> Path:
    """Where the certificate of an erasure would be that got as far as dropping the role."""
    if certificate is not None:
        return certificate
    found = sorted(certificates.folder().glob(f"business-{schema}-*.json{certificates.PARTIAL}"))
    newest = found[-1] if found else certificates.folder() / f"business-{schema}.json{certificates.PARTIAL}"
    return newest.with_name(newest.name.removesuffix(certificates.PARTIAL))
