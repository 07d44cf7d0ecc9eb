"""`manage.py migrate_behind [--workers 2] [--json]`: brings the shared schema and every business up to date."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tenants.schemas import SchemaBusy
from tenants.upgrade.many import OnDone
from tenants.upgrade.one import Outcome, Patience
from tenants.upgrade.report import Report
from tenants.upgrade.services import look, upgrade


class Command(BaseCommand):
    help = (
        "Migrate the shared schema, then every business that is behind; those that are not are left alone. "
        "Runs as the database's owner. May be stopped and run again, and twice at once."
    )

    # They load every page and socket of the application, which takes longer than finding that nothing is to be done.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("schemas", nargs="*", help="Only these businesses, by short name. All when left out.")
        parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1), help="Processes; %(default)s.")
        parser.add_argument(
            "--lock-timeout", type=float, default=5.0, help="Seconds to wait for a table in use; %(default)s."
        )
        parser.add_argument("--attempts", type=int, default=3, help="How often to come back to it; %(default)s.")
        parser.add_argument("--check", action="store_true", help="Only say who is behind; exit status 1 when any is.")
        parser.add_argument("--json", action="store_true", help="The report as the last line, for programs.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if options["workers"] < 1 or options["attempts"] < 1 or options["lock_timeout"] < 0.1:
            raise CommandError("--workers and --attempts are at least 1, --lock-timeout at least 0.1.")
        try:
            report = self._look(options) if options["check"] else self._upgrade(options)
        except (ImproperlyConfigured, SchemaBusy) as error:
            raise CommandError(str(error)) from error
        for sentence in report.sentences():
            self.stdout.write(sentence)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json()))
        if report.failed or report.waiting:
            sys.exit(1)

    def _look(self, options: dict[str, Any]) -> Report:
        return look(options["schemas"])

    def _upgrade(self, options: dict[str, Any]) -> Report:
        with ExitStack() as stack:

            def on_start(count: int) -> OnDone:
                return stack.enter_context(_bar(count))

            return upgrade(
                workers=options["workers"],
                patience=Patience(options["lock_timeout"], options["attempts"]),
                on_start=on_start,
                only=options["schemas"],
            )


@contextmanager
def _bar(count: int) -> Iterator[OnDone]:
    """On the terminal only, and on stderr: the report is what a pipe gets."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not (console.is_terminal and count)) as progress:
        task = progress.add_task("Migrating businesses", total=count)

        def advance(outcome: Outcome) -> None:
            progress.advance(task)
            if outcome.error:
                progress.console.print(f"{outcome.schema} failed. {outcome.error}", markup=False, highlight=False)

        yield advance
