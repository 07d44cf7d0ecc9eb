"""What the worker does for calls. Thin: `calls.reports` and `calls.sweeper` do the work."""

from __future__ import annotations

import logging
import time
import uuid

from django.core.cache import cache

from calls import heartbeat, reports, sweeper
from tenants.context import Business, business_scope
from tenants.jobs import business_task, each_business, public_task

logger = logging.getLogger(__name__)


@business_task(name="calls.write_report")
def write_report(business: Business, *, call_id: str) -> None:  # noqa: ARG001 -- it says whose call it is
    """Writes the report of one ended call. Sent again for the same call it does nothing, or takes over."""
    try:
        reports.write_report(uuid.UUID(call_id))
    except reports.ReportFailedError:
        # Logged, counted and due again: a task that fails now would only be noise beside it.
        return


@public_task(name="calls.sweep")
def sweep() -> None:
    """For every business: end silent calls, send due reports. One business's trouble is not another's."""
    for business in each_business():
        try:
            with business_scope(business):
                sweeper.end_silent_calls()
                due = list(sweeper.due_reports())
            for call_id in due:
                write_report.send(business, call_id=str(call_id))
        except Exception:
            logger.exception("Sweep of a business failed", extra={"business": business.id})
    cache.set(heartbeat.WORKER_SEEN, time.time(), heartbeat.KEEP_S)
