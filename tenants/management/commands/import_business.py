"""`manage.py import_business ARCHIVE [--schema NAME] [--host HOST]`: a business from another installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.archive.arrival import Imported, import_business
from tenants.archive.errors import ArchiveRefused
from tenants.archive.progress import bar
from tenants.archive.report import sentences
from tenants.schemas import SchemaBusy


class Command(BaseCommand):
    help = (
        "Bring in a business from an archive of export_business. Runs as the database's owner. Compares all of the "
        "archive before it writes; what fails leaves nothing and may run again. See docs/moving.md."
    )

    # They load every page and socket of the application, which has nothing to do with it.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("archive", type=Path)
        parser.add_argument("--schema", default="", help="Its short name here; the one it had when left out.")
        parser.add_argument("--host", default="", help="The host name that leads to it here, without a port.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            with bar() as steps:
                imported = import_business(
                    options["archive"], schema=options["schema"], host=options["host"], steps=steps
                )
        except (ArchiveRefused, ImproperlyConfigured, SchemaBusy) as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{imported.business.name} is here as {imported.business.schema_name}.")
        for sentence in sentences(imported.manifest, imported.fingerprint):
            self.stdout.write(sentence)
        self.stdout.write(_hosts(imported, options["host"]))


def _hosts(imported: Imported, host: str) -> str:
    leads = f"It is reached at {host}." if host else "No host leads to it yet: an operator adds one."
    former = [each.name for each in imported.manifest.hosts if each.is_verified and each.name != host.lower()]
    if not former:
        return leads
    return f"{leads} Where it comes from it had {', '.join(former)}: hosts are verified anew here."
