"""`manage.py create_member rep@acme.example --business acme --name "Ada" --role rep`: prints a first password."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError, transaction

from tenants.audit.models import Via
from tenants.context import PUBLIC, business_scope
from tenants.members import notes
from tenants.members.models import Member, Role
from tenants.models import Tenant
from tenants.selectors import business_by_schema


class Command(BaseCommand):
    help = "Add a member to a business, or an operator with --business public."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--business", required=True, help="Its short name, or public for an operator.")
        parser.add_argument("--name", required=True)
        roles = [role for role in Role.values if role != Role.OPERATOR]
        parser.add_argument(
            "--role", choices=roles, action="append", help="Rep when left out; may be given more than once."
        )
        parser.add_argument("--password", default="", help="Made up and printed when left out.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        is_operator = options["business"] == PUBLIC.schema_name
        password = options["password"] or secrets.token_urlsafe(12)
        roles = [Role.OPERATOR] if is_operator else options["role"] or [Role.REP]
        try:
            validate_password(password)
            with business_scope(PUBLIC if is_operator else business_by_schema(options["business"])):
                self._create(email=options["email"], name=options["name"], roles=roles, password=password)
        except Tenant.DoesNotExist:
            raise CommandError(f"There is no business {options['business']!r}.") from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except IntegrityError:
            raise CommandError("A member with this e-mail address exists already.") from None
        shown = "" if options["password"] else f" Password (shown once): {password}"
        self.stdout.write(f"{options['email']} can sign in as {', '.join(roles)}.{shown}")

    def _create(self, **facts: Any) -> None:
        with transaction.atomic():
            member = Member.objects.create_member(**facts)
            notes.roles_changed(member, by=None, via=Via.COMMAND, before=[])
            notes.member_changed(member, by=None, via=Via.COMMAND, act="added", fields=["email", "name", "roles"])
