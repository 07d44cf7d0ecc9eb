"""A YAML file into a business's playbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from coaching import playbook_files, playbook_versions
from coaching.handbook_changes import Mode
from coaching.handbook_yaml import MAX_BYTES, BadFile
from coaching.playbook_versions import PlaybookConflict
from tenants.audit.models import Via
from tenants.context import business_scope
from tenants.models import Tenant
from tenants.selectors import business_by_schema


class Command(BaseCommand):
    help = "Bring a YAML file into a business's playbook. Shows what would change; --apply does it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--business", required=True, help="Its permanent short name.")
        parser.add_argument("--replace", action="store_true", help="Remove what the file does not hold.")
        parser.add_argument("--apply", action="store_true", help="Do it; without this nothing is saved.")
        parser.add_argument("--publish", action="store_true", help="And use it for calls from now on.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            business = business_by_schema(options["business"])
        except Tenant.DoesNotExist:
            raise CommandError(f"There is no business {options['business']!r}.") from None
        try:
            with options["file"].open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise CommandError(f"{options['file']} can not be read: {error.strerror}.") from error
        with business_scope(business):
            try:
                self._import(content, options)
            except (BadFile, PlaybookConflict) as error:
                raise CommandError(str(error)) from error

    def _import(self, content: bytes, options: dict[str, Any]) -> None:
        mode = Mode.REPLACE if options["replace"] else Mode.ADD
        preview = playbook_files.preview(content, mode)
        for change in preview.changes:
            self.stdout.write(f"{change.what}: {change.kind.lower()} {change.key}")
        if not options["apply"]:
            self.stdout.write(f"{len(preview.changes)} changes. Nothing is saved yet: add --apply.")
            return
        changes = playbook_files.apply(preview.book, mode, via=Via.COMMAND, seen=preview.fingerprint)
        self.stdout.write(f"{len(changes)} changes saved.")
        if options["publish"]:
            self.stdout.write(f"{playbook_versions.publish(via=Via.COMMAND, note='Imported')} is in use.")
