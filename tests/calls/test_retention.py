"""Retention: what is over age is gone for good, whole or not at all, counted in the audit log."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from calls import claims, retention, tasks
from calls.live.recording import relative_path
from calls.models import Call, CallConsent, CallEvent, Gap, Recording, Report, ReportState
from calls.retention import Deleted, apply_retention
from tenants.audit.models import Action, AuditLine
from tenants.context import Business, business_scope
from tenants.house.models import Policy
from tests.conftest import ClientFor, MakeMember
from tests.reports.written import ended_call

DAYS = {"audio_days": 10, "log_days": 20, "report_days": 30}


@pytest.fixture
def audio(tmp_path: Path, settings: Settings) -> Path:
    settings.AUDIO_STORAGE_URL = f"file://{tmp_path}"
    return tmp_path


def a_call(member: MakeMember, business: Business, root: Path, *, days_ago: int, **changes: Any) -> Call:
    """An ended call with recording, log, gap, consent and report."""
    with business_scope(business):
        call = ended_call(member("rep", business=business))
        values = {"ended_at": timezone.now() - timedelta(days=days_ago), "report_state": ReportState.READY, **changes}
        Call.objects.filter(pk=call.pk).update(**values)
        path = relative_path(business.id, call.pk)
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_bytes(b"\1\0" * 100)
        Recording.objects.create(call=call, path=path, channels=2)
        Gap.objects.create(call=call, start_ms=0, end_ms=100, reason="tests")
        CallConsent.objects.create(call=call, mode="ask", answer="yes", given_by="customer", recorded_by_id=1)
        Report.objects.create(call=call, summary="It went well.", origin="extractive")
        return Call.objects.get(pk=call.pk)


def left(call: Call, root: Path) -> dict[str, bool]:
    found = Call.objects.filter(pk=call.pk).first()
    return {
        "file": (root / relative_path(1, call.pk)).exists(),
        "recording": Recording.objects.filter(call=call).exists(),
        "log": CallEvent.objects.filter(call=call).exists() or Gap.objects.filter(call=call).exists(),
        "report": Report.objects.filter(call=call).exists(),
        "call": found is not None,
        "consent": CallConsent.objects.filter(call=call).exists(),
    }


@pytest.mark.parametrize(
    ("days_ago", "gone"),
    [
        (9, set()),
        (11, {"file", "recording"}),
        (21, {"file", "recording", "log"}),
        (31, {"file", "recording", "log", "report", "call", "consent"}),
    ],
)
def test_each_kind_goes_at_its_age(
    rolled_back: None, member: MakeMember, acme: Business, audio: Path, days_ago: int, gone: set[str]
) -> None:
    Policy.objects.update(**DAYS)
    call = a_call(member, acme, audio, days_ago=days_ago)
    apply_retention()
    assert {name for name, is_left in left(call, audio).items() if not is_left} == gone


def test_zero_days_keep_for_good(rolled_back: None, member: MakeMember, acme: Business, audio: Path) -> None:
    Policy.objects.update(audio_days=0, log_days=0, report_days=0)
    call = a_call(member, acme, audio, days_ago=10_000)
    assert apply_retention() == Deleted()
    assert all(left(call, audio).values())


def test_a_second_night_finds_nothing_and_the_audit_log_has_counts_only(
    rolled_back: None, member: MakeMember, acme: Business, audio: Path
) -> None:
    Policy.objects.update(**DAYS)
    for _ in range(3):
        a_call(member, acme, audio, days_ago=25)
    assert apply_retention() == Deleted(recordings=3, logs=3)
    assert apply_retention() == Deleted()
    line = AuditLine.objects.get(action=Action.ERASED)
    assert line.detail == {"recordings": 3, "logs": 3, "reports": 0, "calls": 0, "failed": 0}
    assert (line.actor_id, line.via) == (None, "task")


def test_more_than_a_batch_is_deleted_in_one_night(
    rolled_back: None, member: MakeMember, acme: Business, audio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    Policy.objects.update(**DAYS)
    for _ in range(5):
        a_call(member, acme, audio, days_ago=40)
    assert apply_retention() == Deleted(recordings=5, logs=5, reports=5, calls=5)


@pytest.mark.parametrize(
    "changes", [{"state": "open"}, {"report_state": ReportState.DUE}, {"report_state": ReportState.WRITING}]
)
def test_a_call_that_somebody_works_on_stays_whole(
    rolled_back: None, member: MakeMember, acme: Business, audio: Path, changes: dict[str, Any]
) -> None:
    Policy.objects.update(**DAYS)
    call = a_call(member, acme, audio, days_ago=400, **changes)
    apply_retention()
    assert all(left(call, audio).values())


def test_a_recording_that_can_not_be_removed_keeps_its_row_for_the_next_night(
    rolled_back: None, member: MakeMember, acme: Business, audio: Path
) -> None:
    Policy.objects.update(**DAYS)
    stuck, other = (a_call(member, acme, audio, days_ago=15) for _ in range(2))
    path = audio / relative_path(acme.id, stuck.pk)
    path.unlink()
    path.mkdir()  # a real fault: unlink refuses a folder
    assert apply_retention() == Deleted(recordings=1, failed=1)
    assert Recording.objects.filter(call=stuck).exists()
    assert not Recording.objects.filter(call=other).exists()
    path.rmdir()
    assert apply_retention() == Deleted(recordings=1)


def test_without_its_log_a_report_is_not_written_again(
    rolled_back: None, member: MakeMember, acme: Business, audio: Path
) -> None:
    Policy.objects.update(**DAYS)
    call = a_call(member, acme, audio, days_ago=25)
    apply_retention()
    assert not claims.ask_again(call.pk)
    assert Report.objects.get(call=call).summary == "It went well."


def test_the_report_page_says_that_the_transcript_was_deleted(
    rolled_back: None, member: MakeMember, client_for: ClientFor, acme: Business, audio: Path
) -> None:
    Policy.objects.update(**DAYS)
    call = a_call(member, acme, audio, days_ago=25)
    apply_retention()
    page = client_for(member("manager")).get(f"/calls/{call.pk}/report/").content.decode()
    assert "The transcript was deleted on" in page
    assert "It went well." in page


def test_one_business_leaves_the_strangers_calls_alone(
    committed_db: None, member: MakeMember, acme: Business, globex: Business, audio: Path
) -> None:
    for business in (acme, globex):
        with business_scope(business):
            Policy.objects.update(**DAYS)
    mine, theirs = (a_call(member, business, audio, days_ago=400) for business in (acme, globex))
    tasks.apply_retention(acme)
    with business_scope(acme):
        assert not Call.objects.filter(pk=mine.pk).exists()
    with business_scope(globex):
        assert CallEvent.objects.filter(call_id=theirs.pk).exists()
        assert not AuditLine.objects.exists()
    assert (audio / relative_path(globex.id, theirs.pk)).exists()


def test_beat_sends_it_every_night(settings: Settings) -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["apply-retention"]
    assert entry["task"] == tasks.apply_all_retention.name
    assert entry["schedule"].hour == {2}
