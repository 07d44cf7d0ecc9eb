"""`manage.py create_business acme --name "Acme" --host acme.example.com`: a new business, ready to sign in."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.provisioning import create_business
from tenants.schemas import SchemaBusy


class Command(BaseCommand):
    help = "Make a business: schema, database role, tables, first rows. Runs as the database's owner; may run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("schema_name", help="Its permanent short name: a-z, 0-9 and _.")
        parser.add_argument("--name", required=True)
        parser.add_argument("--host", required=True, help="The host name that leads to it, without a port.")
        parser.add_argument("--trade", default="", help="What it sells, in a few words.")
        parser.add_argument("--admin-email", default="", help="Its first admin; has no password until invited.")
        parser.add_argument("--admin-name", default="", help="The part before @ when left out.")
        parser.add_argument("--place", default="", help="Where it and its customers are, for consent: US-CA, DE, GB …")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            tenant = create_business(
                schema_name=options["schema_name"],
                name=options["name"],
                host=options["host"],
                trade=options["trade"],
                admin_email=options["admin_email"],
                admin_name=options["admin_name"],
                place=options["place"],
            )
        except (ValidationError, ImproperlyConfigured, SchemaBusy) as error:
            raise CommandError(" ".join(getattr(error, "messages", [str(error)]))) from error
        self.stdout.write(f"{tenant.name} is ready at {options['host']}.")
