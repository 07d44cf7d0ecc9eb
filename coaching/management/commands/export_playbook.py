"""A business's playbook as a YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from coaching import playbook_files, playbook_versions, working_copy
from coaching.handbook import Handbook
from coaching.models import PlaybookVersion
from tenants.audit.models import Via
from tenants.context import business_scope
from tenants.models import Tenant
from tenants.selectors import business_by_schema


class Command(BaseCommand):
    help = "Write a business's playbook as YAML: what it edits now, or with --version a published version."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--business", required=True, help="Its permanent short name.")
        parser.add_argument("--version-number", type=int, help="A published version instead of the working copy.")
        parser.add_argument("--file", type=Path, help="Where to; without it the text is printed.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            business = business_by_schema(options["business"])
        except Tenant.DoesNotExist:
            raise CommandError(f"There is no business {options['business']!r}.") from None
        number = options["version_number"]
        with business_scope(business):
            text = playbook_files.export(self._book(number), via=Via.COMMAND, version=number)
        if options["file"] is None:
            self.stdout.write(text, ending="")
            return
        options["file"].write_text(text, encoding="utf-8")
        self.stdout.write(f"Written to {options['file']}.")

    def _book(self, number: int | None) -> Handbook:
        if number is None:
            return working_copy.read()
        version = PlaybookVersion.objects.filter(number=number).first()
        if version is None:
            raise CommandError(f"This business has no playbook v{number}.")
        return playbook_versions.book_of(version)
