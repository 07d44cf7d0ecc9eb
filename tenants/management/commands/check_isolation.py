"""`manage.py check_isolation`: tries, as the application, everything that must not work between two businesses."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from rich.console import Console
from rich.table import Table

from tenants.isolation.attempt import Expected, Line, Result, try_all
from tenants.isolation.registry import ATTEMPTS
from tenants.isolation.stage import Stage
from tenants.isolation.throwaway import NotMade, two_businesses
from tenants.models import Tenant
from tenants.selectors import business_by_schema, each_business


class Command(BaseCommand):
    help = (
        "Try, for real and as the application, to reach one business from another, print what came of it, and end "
        "with status 1 on any surprise. With DATABASE_OWNER_URL set it makes two businesses for this and removes them; "
        "otherwise it uses two that exist. It changes nothing in either."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="end with a line of JSON")
        parser.add_argument("--businesses", nargs=2, metavar="SCHEMA", help="two businesses that exist, by short name")
        parser.add_argument(
            "--managed",
            action="store_true",
            help="accept what only a superuser can close, on a server that gives you none",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if not connection.settings_dict.get("BUSINESS_ROLES", True):
            raise CommandError("Run it as the application: unset SALESPILOT_AS_OWNER.")
        with _pair(options["businesses"]) as (ours, theirs):
            stage = Stage(partial(connections.create_connection, "default"), *map(business_by_schema, (ours, theirs)))
            lines = try_all(ATTEMPTS, stage, is_managed=options["managed"])
        self._show(lines)
        if options["json"]:
            self.stdout.write(json.dumps({"attempts": [line.to_json() for line in lines]}))
        if not all(line.ok for line in lines):
            raise SystemExit(1)

    def _show(self, lines: Sequence[Line]) -> None:
        table = Table(title="Tried from inside one business", title_justify="left")
        for column in ("Attempt", "Expected", "Result", "", "What was said"):
            table.add_column(column, overflow="fold")
        for line in lines:
            table.add_row(line.name, line.expected, line.result, _verdict(line), line.detail)
        # The stream behind Django's wrapper: it knows its width.
        console = Console(file=getattr(self.stdout, "_out", None), highlight=False, markup=False)
        console.print(table)
        console.print(_summary(lines))


@contextmanager
def _pair(named: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    if named:
        known = {business.schema_name for business in each_business()}
        if unknown := sorted(set(named) - known):
            raise CommandError(f"There is no business {', '.join(unknown)}. Known: {', '.join(sorted(known))}.")
        if len(set(named)) < 2:
            raise CommandError("Name two different businesses.")
        yield named[0], named[1]
    elif settings.DATABASE_OWNER_ROLE:
        try:
            with two_businesses() as pair:
                yield pair
        except NotMade as error:
            raise CommandError(f"Two businesses for the check could not be made: {error}") from None
    else:
        found = list(Tenant.objects.order_by("pk").values_list("schema_name", flat=True)[:2])
        if len(found) < 2:
            raise CommandError("The check needs two businesses: set DATABASE_OWNER_URL, and it makes and removes them.")
        yield found[0], found[1]


def _verdict(line: Line) -> str:
    if line.is_weaker:
        return "weaker here"
    if not line.ok:
        return "SURPRISE"
    return "open" if line.expected is Expected.OPEN and line.result is Result.REACHED else "ok"


def _summary(lines: Sequence[Line]) -> str:
    surprises = [line.name for line in lines if not line.ok]
    weaker = [line.name for line in lines if line.is_weaker]
    words = [f"{len(lines)} attempts, {len(surprises)} surprises"]
    if surprises:
        words.append("see docs/security.md, and run prepare again to set the roles and grants anew")
    if weaker:
        words.append(f"weaker than elsewhere, because no superuser prepared this server: {', '.join(weaker)}")
    return "; ".join(words) + "."
