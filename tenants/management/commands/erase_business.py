"""`manage.py erase_business acme`: everything of a business is deleted for good, and a certificate says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.erasure.business import NoSuchBusiness, NotGone, StillLive, erase_business
from tenants.erasure.database import InUse
from tenants.erasure.folders import FilesLeft
from tenants.erasure.stores import StoreAway
from tenants.schemas import SchemaBusy


class Command(BaseCommand):
    help = (
        "Delete a business for good: hosts, sign-in, schema, database role, recordings, pictures, archives, cache. "
        "Runs as the database's owner. A run that was cut off is completed by the next. See docs/erasure.md."
    )

    # They load every page and socket of the application, which has nothing to do with it.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("schema_name", help="Its short name.")
        parser.add_argument("--yes", default="", metavar="NAME", help="For scripts: the short name once more.")
        parser.add_argument(
            "--end-calls",
            action="store_true",
            help="End running calls in order. Without it the command refuses while calls run.",
        )
        parser.add_argument(
            "--certificate", type=Path, help="Where the certificate goes; EXPORTS_DIR/certificates when left out."
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        schema = options["schema_name"]
        if not confirmed(schema, options["yes"], f"This deletes {schema} for good. Type its short name to go on: "):
            raise CommandError("Not confirmed: nothing was changed.")
        try:
            path = erase_business(
                schema, end_calls=options["end_calls"], certificate=options["certificate"], say=self.stdout.write
            )
        except NoSuchBusiness:
            raise CommandError(
                f"There is no business {schema!r}. If it was erased before, its certificate says so."
            ) from None
        except (StillLive, InUse, FilesLeft, StoreAway, NotGone, SchemaBusy, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The certificate can not be written: {error}. Run it again.") from error
        self.stdout.write(f"{schema} is gone. Certificate: {path}")


def confirmed(expected: str, given: str, question: str) -> bool:
    """Whether somebody typed what is to be erased: in `given`, else at the keyboard. Nobody there: no."""
    if not given:
        try:
            given = input(question)
        except EOFError:
            return False
    return given.strip() == expected
