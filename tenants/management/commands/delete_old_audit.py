"""`manage.py delete_old_audit`: the audit log's share of retention, as the database's owner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone

from tenants.audit.models import Action, AuditLine, Via
from tenants.audit.services import record
from tenants.context import business_scope
from tenants.house.policies import current_policy
from tenants.selectors import each_business


class Command(BaseCommand):
    help = (
        "Delete audit lines older than each business's policy says. Runs as the database's owner: the application "
        "may only add lines. Leaves a line with the count. Run it nightly beside the backup."
    )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if connection.settings_dict.get("BUSINESS_ROLES", True):
            raise CommandError("The application may not delete audit lines: set SALESPILOT_AS_OWNER=true.")
        if not settings.DATABASE_APP_ROLE:
            raise CommandError("Set DATABASE_URL too.")
        for business in each_business():
            with business_scope(business), transaction.atomic():
                days = current_policy().audit_days
                if not days:
                    continue
                old = AuditLine.objects.filter(at__lt=timezone.now() - timedelta(days=days))
                # A queryset of the model's own manager: the model refuses, the database lets only its owner.
                count = old._raw_delete(old.db)  # noqa: SLF001 - no signals, no related rows, one statement
                if count:
                    record(
                        Action.ERASED,
                        actor=None,
                        via=Via.COMMAND,
                        subject="retention",
                        detail={"audit_lines": count},
                    )
                    self.stdout.write(f"{business.name}: {count} audit lines deleted.")
