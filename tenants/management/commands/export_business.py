"""`manage.py export_business acme [--to PATH]`: everything a business has, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat

from tenants.archive.errors import ArchiveNotWritten
from tenants.archive.export import export_business
from tenants.archive.progress import bar
from tenants.archive.report import sentences
from tenants.models import Tenant
from tenants.selectors import business_by_schema


class Command(BaseCommand):
    help = (
        "Write one archive with everything a business has: rows, audit log, pictures, recordings. The business works "
        "on meanwhile; what it does after the beginning is not in it. See docs/moving.md."
    )

    # They load every page and socket of the application, which has nothing to do with it.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("schema_name", help="Its short name.")
        parser.add_argument("--to", type=Path, help="A new file, or a folder; EXPORTS_DIR when left out.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            business = business_by_schema(options["schema_name"])
            with bar() as steps:
                exported = export_business(business, to=options["to"], steps=steps)
        except Tenant.DoesNotExist:
            raise CommandError(f"There is no business {options['schema_name']!r}.") from None
        except ArchiveNotWritten as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{exported.path} ({filesizeformat(exported.size)})")
        for sentence in sentences(exported.manifest, exported.fingerprint):
            self.stdout.write(sentence)
        self.stdout.write("It holds everything the business has. Keep it as you keep the database.")
