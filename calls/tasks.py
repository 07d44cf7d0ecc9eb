"""What the worker does for calls. Thin: `calls.reports` and `calls.sweeper` do the work."""

from __future__ import annotations

import logging
import time
import uuid

from django.core.cache import cache

from calls import heartbeat, late, reports, retention, sweeper
from calls.play_tests import running as play_tests
from calls.prompt_tests import running
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


@business_task(name="calls.repair_call")
def repair_call(business: Business, *, call_id: str) -> None:
    """Tries the gaps of one ended call again. Sent again for the same call it does nothing."""
    if reports.repair_again(uuid.UUID(call_id)):
        write_report.send(business, call_id=call_id)


@business_task(name="calls.run_prompt_test")
def run_prompt_test(business: Business, *, test_id: int) -> None:
    """Works on one test of a prompt for some minutes. Sent again for the same test it does nothing, or goes on."""
    if running.run(test_id) is running.Ended.NOT_YET:
        run_prompt_test.send(business, test_id=test_id)


@business_task(name="calls.run_play_test")
def run_play_test(business: Business, *, test_id: int) -> None:
    """Works on one back-test of a play for some minutes. Sent again for the same test it does nothing, or goes on."""
    if play_tests.run(test_id):
        run_play_test.send(business, test_id=test_id)


@business_task(name="calls.apply_retention")
def apply_retention(business: Business) -> None:  # noqa: ARG001 -- it says whose calls
    """Deletes what one business keeps no longer. Sent again it finds nothing, or goes on where it stopped."""
    retention.apply_retention()


@public_task(name="calls.retention")
def apply_all_retention() -> None:
    """Every night: one task for each business, so that one with much to delete holds up nobody."""
    for business in each_business():
        apply_retention.send(business)


@public_task(name="calls.sweep")
def sweep() -> None:
    """For every business: end silent calls, send due reports. One business's trouble is not another's."""
    for business in each_business():
        try:
            with business_scope(business):
                sweeper.end_silent_calls()
                late.drop_passing()
                due = list(sweeper.due_reports())
                repairs = sweeper.due_repairs()
                tests = sweeper.due_prompt_tests()
                play_test_ids = sweeper.due_play_tests()
            for call_id in due:
                write_report.send(business, call_id=str(call_id))
            for call_id in repairs:
                repair_call.send(business, call_id=str(call_id))
            for test_id in tests:
                run_prompt_test.send(business, test_id=test_id)
            for test_id in play_test_ids:
                run_play_test.send(business, test_id=test_id)
        except Exception:
            logger.exception("Sweep of a business failed", extra={"business": business.id})
    cache.set(heartbeat.WORKER_SEEN, time.time(), heartbeat.KEEP_S)
