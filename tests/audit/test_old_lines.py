"""The audit log's share of retention: only the database's owner deletes old lines, and says how many."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tenants.audit.models import Action, AuditLine, Via
from tenants.context import Business, business_scope
from tenants.house.models import Policy
from tests import services

pytestmark = pytest.mark.processes


def old_line(business: Business, days: int) -> None:
    with business_scope(business):
        AuditLine.objects.create(
            action=Action.EXPORTED, via=Via.WEB, subject="calls", at=timezone.now() - timedelta(days=days)
        )


def test_the_owner_deletes_lines_over_age_and_leaves_the_count(
    committed_db: None, acme: Business, globex: Business
) -> None:
    for business in (acme, globex):
        old_line(business, 40)
        old_line(business, 20)
    with business_scope(acme):
        Policy.objects.update(audit_days=30)
    made = subprocess.run(
        [sys.executable, "manage.py", "delete_old_audit"],
        cwd=services.ROOT,
        env={**os.environ, "SALESPILOT_AS_OWNER": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr[-2000:]
    assert made.stdout.strip() == "Acme Cloud: 1 audit lines deleted."
    with business_scope(acme):
        assert [(line.action, line.detail) for line in AuditLine.objects.all()] == [
            (Action.ERASED, {"audit_lines": 1}),
            (Action.EXPORTED, {}),
        ]
    with business_scope(globex):
        assert AuditLine.objects.count() == 2


def test_the_application_is_told_that_it_may_not(committed_db: None) -> None:
    with pytest.raises(CommandError, match="SALESPILOT_AS_OWNER"):
        call_command("delete_old_audit")
