"""What the sweeper finds, without a worker: reports that nobody was asked for, and those whose writer died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from calls import claims, sweeper
from calls.models import Call, ReportState
from calls.services import end_call
from tenants.members.models import Member
from tests.reports.written import ended_call

MakeMember = Callable[..., Member]

pytestmark = pytest.mark.usefixtures("rolled_back")


def test_a_report_that_nobody_was_asked_for_is_found(member: MakeMember) -> None:
    rep = member("rep")
    due, later = ended_call(rep), ended_call(rep, report_due_at=timezone.now() + timedelta(hours=1))
    assert list(sweeper.due_reports()) == [due.pk]
    assert claims.claim(due.pk) is not None
    assert list(sweeper.due_reports()) == []
    assert Call.objects.get(pk=later.pk).report_state == ReportState.DUE


@pytest.mark.parametrize("off_s", [3_600, -3_600])
def test_a_machine_whose_clock_is_wrong_makes_no_report_late(
    member: MakeMember, monkeypatch: pytest.MonkeyPatch, off_s: int
) -> None:
    """Whether it was wrong when the call ended or is when the sweeper looks."""
    call = ended_call(member("rep"), state="open", ended_at=None, report_state="none", report_due_at=None)
    now = timezone.now
    with monkeypatch.context() as wrong:
        wrong.setattr(timezone, "now", lambda: now() + timedelta(seconds=off_s))
        assert end_call(call.pk, reason="hung_up")
    assert list(sweeper.due_reports()) == [call.pk]
    claim = claims.claim(call.pk)
    assert claim is not None
    with monkeypatch.context() as wrong:
        wrong.setattr(timezone, "now", lambda: now() + timedelta(seconds=off_s))
        assert list(sweeper.due_reports()) == []
        assert claims.give_back(claim)
    Call.objects.filter(pk=call.pk).update(report_due_at=F("report_due_at") - timedelta(seconds=claims.FIRST_RETRY_S))
    assert list(sweeper.due_reports()) == [call.pk]


def test_a_report_whose_writer_died_is_found_once_its_claim_lapses(member: MakeMember) -> None:
    call = ended_call(member("rep"))
    first = claims.claim(call.pk)
    assert first is not None
    assert claims.claim(call.pk) is None
    Call.objects.filter(pk=call.pk).update(report_due_at=timezone.now())
    assert list(sweeper.due_reports()) == [call.pk]
    second = claims.claim(call.pk)
    assert second is not None
    # The one that seemed dead goes on: what it has is not the report any more.
    assert not claims.finish(first)
    assert claims.finish(second)
