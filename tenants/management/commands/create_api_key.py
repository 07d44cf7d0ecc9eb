"""`create_api_key --business acme --member rep@acme.example --name crm --scope calls:read`: prints the key, once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from tenants.audit.models import Via
from tenants.context import business_scope
from tenants.members import notes
from tenants.members.models import ApiKey, Member, Scope
from tenants.models import Tenant
from tenants.selectors import business_by_schema


class Command(BaseCommand):
    help = "Issue an API key in a member's name. Only its hash is kept: the key is printed here and nowhere else."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--business", required=True, help="Its short name.")
        parser.add_argument("--member", required=True, help="E-mail address of the member the key speaks for.")
        parser.add_argument("--name", required=True, help="What uses it, for the list in the admin.")
        parser.add_argument(
            "--scope",
            choices=Scope.values,
            action="append",
            required=True,
            help="What it may do, within what the member may; may be given more than once. "
            + " ".join(f"{scope.value}: {scope.label}." for scope in Scope),
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        try:
            with business_scope(business_by_schema(options["business"])):
                member = Member.objects.get(email__iexact=options["member"], is_active=True)
                with transaction.atomic():
                    key, secret = ApiKey.issue(member=member, name=options["name"], scopes=options["scope"])
                    notes.key_changed(key, by=None, via=Via.COMMAND, act="issued")
        except Tenant.DoesNotExist:
            raise CommandError(f"There is no business {options['business']!r}.") from None
        except Member.DoesNotExist:
            raise CommandError("There is no active member with this e-mail address.") from None
        self.stdout.write(secret)
