"""Reports by a real Celery worker: down when the call ended, killed in the middle, its queue lost."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from calls.models import Call, CallState, Report, ReportState
from calls.services import end_call
from salespilot.quickstart.processes import wait_until
from tenants.context import Business, business_scope
from tenants.members.models import Member
from tests.reports.silence import SilentServer
from tests.reports.written import SALE, ended_call, is_whole, kinds
from tests.server import Server

MakeMember = Callable[..., Member]

pytestmark = [pytest.mark.sockets, pytest.mark.usefixtures("committed_db")]

SOON = 40


def state(business: Business, call_id: uuid.UUID) -> str:
    with business_scope(business):
        return Call.objects.get(pk=call_id).report_state


def is_ready(business: Business, call_id: uuid.UUID) -> bool:
    return wait_until(lambda: state(business, call_id) == ReportState.READY, seconds=SOON, every=0.1)


def lose_the_queue() -> None:
    """Redis comes back empty, as after a restart."""
    redis.Redis.from_url(settings.REDIS_URL).flushdb()


def open_call(rep: Member) -> Call:
    entries = [entry for entry in SALE if entry[0] != "call_ended"]
    return ended_call(
        rep,
        entries,
        state=CallState.OPEN,
        ended_at=None,
        end_reason="",
        report_state=ReportState.NONE,
        report_due_at=None,
    )


def test_a_call_that_ended_without_a_worker_is_found_by_the_sweeper(
    acme: Business, globex: Business, member: MakeMember
) -> None:
    with business_scope(acme):
        call = open_call(member("rep"))
        end_call(call.pk, reason="hung_up")
    with business_scope(globex):
        theirs = ended_call(member("rep", business=globex))
    lose_the_queue()
    with Server(with_worker=True, with_beat=True, SWEEP_SECONDS="1"):
        assert is_ready(acme, call.pk)
        assert is_ready(globex, theirs.pk), "each business is swept"
    with business_scope(acme):
        assert Report.objects.get(call=call).origin == "extractive"
        assert kinds(call.pk)[-3:] == ["call_ended", "moment", "report"]
        assert is_whole(call.pk)
        assert not Call.objects.filter(pk=theirs.pk).exists()


def test_a_silent_call_is_ended_and_reported(acme: Business, member: MakeMember) -> None:
    with business_scope(acme):
        rep = member("rep")
        silent, lively = open_call(rep), open_call(rep)
        Call.objects.filter(pk=silent.pk).update(heard_at=timezone.now() - timedelta(hours=1))
    with Server(with_worker=True, with_beat=True, SWEEP_SECONDS="1"):
        assert is_ready(acme, silent.pk)
    with business_scope(acme):
        assert Call.objects.get(pk=silent.pk).end_reason == "silent"
        assert Call.objects.get(pk=lively.pk).state == CallState.OPEN
        assert is_whole(silent.pk)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_worker_killed_in_the_middle_of_a_report_is_replaced(acme: Business, member: MakeMember) -> None:
    with business_scope(acme):
        call = open_call(member("rep"))
    with (
        SilentServer() as model,
        Server(with_worker=True, OPENAI_BASE_URL=model.url, OPENAI_API_KEY="sk-test") as server,
    ):
        with business_scope(acme):
            end_call(call.pk, reason="hung_up")
        assert model.was_asked.wait(SOON), server.output("worker")[-2000:]
        assert state(acme, call.pk) == ReportState.WRITING
        for child in children(server.pid("worker")):
            os.kill(child, signal.SIGKILL)
        server.kill("worker")
    with business_scope(acme):
        assert Call.objects.get(pk=call.pk).report_state == ReportState.WRITING, (
            "nobody has it, and it is still claimed"
        )
        # Ten minutes later:
        Call.objects.filter(pk=call.pk).update(report_due_at=timezone.now())
    with Server(with_worker=True, with_beat=True, SWEEP_SECONDS="1"):
        assert is_ready(acme, call.pk)
    with business_scope(acme):
        assert Call.objects.get(pk=call.pk).report_attempts == 2
        assert kinds(call.pk).count("report") == 1
        assert kinds(call.pk).count("moment") == 2
        assert is_whole(call.pk)


def test_one_businesss_trouble_does_not_stop_the_sweep(
    acme: Business, globex: Business, member: MakeMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    from calls import sweeper, tasks
    from tenants.context import require_tenant

    swept: list[str] = []

    def end_silent_calls() -> int:
        if require_tenant().id == acme.id:
            raise RuntimeError("acme is in trouble")
        swept.append(require_tenant().schema_name)
        return 0

    monkeypatch.setattr(sweeper, "end_silent_calls", end_silent_calls)
    tasks.sweep()
    assert swept == ["globex"]


def test_the_task_refuses_to_run_without_a_business() -> None:
    from calls.tasks import write_report
    from tenants.context import PUBLIC, NoBusiness

    with pytest.raises(NoBusiness):
        write_report(PUBLIC, call_id=str(uuid.uuid4()))
    with pytest.raises(NoBusiness):
        write_report._run(call_id=str(uuid.uuid4()))
