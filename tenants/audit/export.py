"""The audit log as CSV, read in portions while it is sent: no size of it fills the memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC

from channels.db import database_sync_to_async
from django.db.models import QuerySet

from tenants.audit.models import AuditLine
from tenants.context import Business, business_scope
from tenants.spreadsheets import csv_line, inert

PORTION = 1_000
HEAD = ("at (UTC)", "person", "person id", "way", "action", "subject", "subject id", "subject name", "detail")


async def csv_lines(business: Business, lines: QuerySet[AuditLine]) -> AsyncIterator[str]:
    """`lines`, newest first. Runs after the view has returned, so it enters the business by itself."""
    yield csv_line(HEAD)
    read = database_sync_to_async(_read, thread_sensitive=False)
    newest_first = lines.order_by("-id")
    before: int | None = None
    while portion := await read(business, newest_first, before):
        before = portion[-1].pk
        yield "".join(map(_csv, portion))


def _read(business: Business, lines: QuerySet[AuditLine], before: int | None) -> list[AuditLine]:
    with business_scope(business):
        return list((lines if before is None else lines.filter(pk__lt=before))[:PORTION])


def _csv(line: AuditLine) -> str:
    return csv_line(
        [
            f"{line.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
            inert(line.actor_name),
            "" if line.actor_id is None else line.actor_id,
            line.get_via_display(),
            line.get_action_display(),
            inert(line.subject),
            inert(line.subject_id),
            inert(line.subject_name),
            json.dumps(line.detail, ensure_ascii=False) if line.detail else "",
        ]
    )
