"""`manage.py erase_person acme --customer "Ada Lovelace"`: one person is erased everywhere in a business."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from calls.erasing import person as people
from calls.erasing.member import LastAdmin
from calls.erasing.mentions import nowhere
from calls.erasing.names import Names, NameTooShort
from calls.erasing.person import InUse, NotFinished, Person
from calls.erasing.progress import Progress
from calls.erasing.whole import UnclearCalls
from tenants.context import Business, business_scope
from tenants.erasure import handed_out
from tenants.erasure.folders import FilesLeft
from tenants.erasure.stores import StoreAway
from tenants.management.commands.erase_business import confirmed
from tenants.members.models import Member
from tenants.models import Tenant
from tenants.schemas import SchemaBusy, schema_lock
from tenants.selectors import business_by_schema


class Command(BaseCommand):
    help = (
        "Erase one person from a business: a customer's calls whole, a member's voice, sign-in and name, and the name "
        "wherever else it stands, with the audio in which it was said. Runs as the database's owner. A run that was "
        "cut off is completed by the next. See docs/erasure.md."
    )

    # They load every page and socket of the application, which has nothing to do with it.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("schema_name", help="The business's short name.")
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--customer", metavar="NAME", help="As it stands on the calls, whatever its case.")
        who.add_argument("--member", metavar="EMAIL")
        parser.add_argument(
            "--call",
            action="append",
            default=[],
            type=uuid.UUID,
            metavar="ID",
            help="With --customer: of several people of one name only these calls; or calls without a name as well.",
        )
        parser.add_argument(
            "--also",
            action="append",
            default=[],
            metavar="NAME",
            help="Another spelling to look for in what was said and written, such as the first name alone.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would be touched, and change nothing.")
        parser.add_argument("--yes", default="", metavar="NAME", help="For scripts: the name or address once more.")
        parser.add_argument(
            "--certificate", type=Path, help="Where the certificate goes; EXPORTS_DIR/certificates when left out."
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if connection.settings_dict.get("BUSINESS_ROLES", True):
            raise CommandError("The application may not change audit lines: set SALESPILOT_AS_OWNER=true.")
        if options["call"] and options["member"]:
            raise CommandError("--call goes with --customer: a member's own calls are known.")
        try:
            business = business_by_schema(options["schema_name"])
            with schema_lock(f"person:{business.schema_name}"), business_scope(business):
                self._erase(business, options)
        except Tenant.DoesNotExist:
            raise CommandError(f"There is no business {options['schema_name']!r}.") from None
        except (
            InUse, NotFinished, LastAdmin, NameTooShort, UnclearCalls, FilesLeft, StoreAway, SchemaBusy,
        ) as error:  # fmt: skip
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"A file can not be written: {error}. Run it again.") from error

    def _erase(self, business: Business, options: dict[str, Any]) -> None:
        name = options["customer"] or options["member"]
        progress = Progress(business, "member" if options["member"] else "customer", name, options["certificate"])
        person = self._find(options, progress)
        if options["dry_run"]:
            self._preview(person)
            return
        if progress.is_new and people.nothing_found(person):
            self.stdout.write("Nothing of this name is here.")
            return
        people.check_settled(person)
        if not confirmed(name, options["yes"], f"This erases the {person.kind} for good. Type {name} to go on: "):
            raise CommandError("Not confirmed: nothing was changed.")
        if not _is_renamed(person):
            progress.about(person.member.pk if person.member else None)
            people.erase(person, progress, self.stdout.write)
        self._certify(person, progress)

    def _find(self, options: dict[str, Any], progress: Progress) -> Person:
        if options["customer"]:
            return people.customer(options["customer"], also=options["also"], call_ids=options["call"])
        try:
            return people.member(options["member"], also=options["also"])
        except Member.DoesNotExist:
            found = Member.objects.filter(pk=progress.member_id or 0).first()
            if found is None or not _was_renamed(found):
                raise CommandError(
                    "There is no member with this address. If they were erased before, a certificate says so."
                ) from None
            calls = tuple(found.calls.values_list("pk", flat=True))
            return Person(Names([options["member"], *options["also"]]), calls, member=found)

    def _preview(self, person: Person) -> None:
        self.stdout.write("This would be touched; nothing was changed:")
        for what, count in people.preview(person).items():
            self.stdout.write(f"  {count:>6}  {what}")
        if person.keep_calls:
            self.stdout.write(f"  {len(person.keep_calls)} calls of the same name that were not chosen stay.")

    def _certify(self, person: Person, progress: Progress) -> None:
        exports = handed_out.exports()
        if exports:
            self.stdout.write("Exports that were handed out and may hold the person; ask who has them:")
        for each in exports:
            self.stdout.write(f"  {each}")
        found = people.checks(person, progress.calls)
        if left := [f"{check.asked}: {check.found}" for check in found if check.found]:
            raise NotFinished(f"Still there: {'; '.join(left)}. Run it again.")
        self.stdout.write(f"Erased and checked. Certificate: {progress.certify(found, exports)}")


def _is_renamed(person: Person) -> bool:
    return person.member is not None and _was_renamed(person.member)


def _was_renamed(member: Member) -> bool:
    return member.email == nowhere(member.pk)
