"""What a report holds, and that there is exactly one whatever happens while it is written."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from billing.models import UsageEntry
from calls import claims
from calls.events import Kind
from calls.models import Call, CallEvent, Gap, Report, ReportState
from calls.reports import ReportFailedError, write_report
from coaching.types import CardAction, MomentState, SignalKind
from tenants.context import Business, NoBusiness, business_scope
from tenants.members.models import Member
from tests.reports.written import SALE, action, ended_call, is_whole, kinds, moment
from tests.vendors.openai import Fault, OpenAIServer

MakeMember = Callable[..., Member]


@pytest.mark.usefixtures("rolled_back")
class TestOneReport:
    def test_without_a_model_the_summary_is_extractive_and_says_so(self, member: MakeMember) -> None:
        call = ended_call(member("rep"))
        assert write_report(call.pk)
        report = Report.objects.get(call=call)
        assert (report.origin, report.model, report.prompt_version) == ("extractive", "", None)
        assert report.summary
        call.refresh_from_db()
        assert call.report_state == ReportState.READY
        assert kinds(call.pk)[-1] == "report"
        assert is_whole(call.pk)

    def test_figures_come_with_their_spans(self, member: MakeMember) -> None:
        call = ended_call(member("rep"))
        write_report(call.pk)
        figures = Report.objects.get(call=call).figures
        assert figures["has_roles"] is True
        ratio = figures["figures"]["talk_ratio_speech"]
        assert ratio["value"] == pytest.approx((2.5 + 4.5) / (2.5 + 4.5 + 5.4 + 2.4), abs=0.001)
        assert ["rep", 500, 3000] in ratio["spans"]
        assert figures["figures"]["open_questions"]["value"] == 1

    def test_an_objection_nobody_answered_is_open(self, member: MakeMember) -> None:
        call = ended_call(member("rep"))
        write_report(call.pk)
        assert [each["state"] for each in Report.objects.get(call=call).moments] == ["open"]
        last = CallEvent.objects.filter(call=call, kind=Kind.MOMENT.value).order_by("seq").last()
        assert last is not None
        assert last.payload["state"] == "open"

    @pytest.mark.parametrize(
        ("kind", "state"),
        [
            (SignalKind.OBJECTION, MomentState.HANDLED),
            (SignalKind.OBJECTION, MomentState.OPEN),
            (SignalKind.BUYING_SIGNAL, MomentState.RAISED),
        ],
    )
    def test_other_moments_stay_as_they_were(self, member: MakeMember, kind: SignalKind, state: MomentState) -> None:
        call = ended_call(member("rep"), [(Kind.MOMENT, moment(state, kind=kind))])
        write_report(call.pk)
        assert [each["state"] for each in Report.objects.get(call=call).moments] == [state.value]
        assert kinds(call.pk).count("moment") == 1

    def test_a_card_is_used_when_the_rep_says_what_it_says(self, member: MakeMember) -> None:
        call = ended_call(member("rep"))
        write_report(call.pk)
        report = Report.objects.get(call=call)
        price, rival = report.cards
        assert (price["outcome"], price["evidence"], price["latency_ms"], price["heard_ms"]) == (
            "used",
            "words",
            320,
            9_500,
        )
        assert (rival["outcome"], rival["evidence"]) == ("ignored", "")
        assert report.figures["cards"] == {"shown": 2, "used": 1, "dismissed": 0, "snoozed": 0, "ignored": 1}

    @pytest.mark.parametrize(
        ("done", "outcome", "evidence"),
        [
            (CardAction.USED, "used", "action"),
            (CardAction.DISMISSED, "dismissed", "action"),
            (CardAction.SNOOZED, "snoozed", "action"),
            (CardAction.PINNED, "ignored", ""),
        ],
    )
    def test_what_the_rep_did_with_a_card_counts(
        self, member: MakeMember, done: CardAction, outcome: str, evidence: str
    ) -> None:
        call = ended_call(member("rep"), [*SALE, (Kind.CARD_ACTION, action("card-rival", done))])
        write_report(call.pk)
        rival = Report.objects.get(call=call).cards[1]
        assert (rival["outcome"], rival["evidence"], rival["is_pinned"]) == (outcome, evidence, done == "pinned")

    def test_usage_that_the_ledger_missed_is_metered_from_the_log(self, member: MakeMember) -> None:
        rep = member("rep")
        call = ended_call(rep)
        write_report(call.pk)
        entry = UsageEntry.objects.get(call_id=call.pk)
        assert (entry.cost_micros, entry.member_id) == (9_600, rep.pk)

    def test_an_unrepaired_gap_lowers_coverage(self, member: MakeMember) -> None:
        call = ended_call(member("rep"))
        Gap.objects.create(call=call, start_ms=20_000, end_ms=22_000, reason="network")
        Gap.objects.create(call=call, start_ms=30_000, end_ms=40_000, reason="network", repaired_at=timezone.now())
        write_report(call.pk)
        assert Report.objects.get(call=call).coverage == pytest.approx(14.8 / 16.8, abs=0.001)

    def test_a_call_on_one_channel_has_no_figures_of_roles(self, member: MakeMember) -> None:
        call = ended_call(member("rep"), channels=1)
        write_report(call.pk)
        figures = Report.objects.get(call=call).figures
        assert figures["has_roles"] is False
        assert figures["figures"]["talk_ratio_speech"]["value"] is None

    def test_a_call_in_which_nothing_was_said_has_a_report(self, member: MakeMember) -> None:
        call = ended_call(member("rep"), [])
        assert write_report(call.pk)
        assert Report.objects.get(call=call).coverage is None

    def test_a_second_time_nothing_is_done(self, member: MakeMember) -> None:
        call = ended_call(member("rep"))
        assert write_report(call.pk)
        before = kinds(call.pk)
        assert not write_report(call.pk)
        assert kinds(call.pk) == before

    def test_asked_for_again_it_is_written_again_in_place(self, member: MakeMember) -> None:
        call = ended_call(member("rep"))
        write_report(call.pk)
        assert claims.ask_again(call.pk)
        assert write_report(call.pk)
        assert Report.objects.filter(call=call).count() == 1
        assert UsageEntry.objects.filter(call_id=call.pk).count() == 1
        assert kinds(call.pk).count("moment") == 2, "one as raised, one as open"

    def test_there_is_nothing_to_write_for_an_open_or_unknown_call(self, member: MakeMember) -> None:
        call = ended_call(member("rep"), state="open", report_state="none", report_due_at=None)
        assert not write_report(call.pk)
        assert not write_report(uuid.uuid4())


@pytest.mark.usefixtures("rolled_back")
class TestFailure:
    @pytest.fixture
    def broken(self, member: MakeMember) -> Call:
        """A log with an entry that no reader understands."""
        return ended_call(member("rep"), [(Kind.LINE, {"channel": "nobody", "text": "a secret of Ada"})])

    def test_a_failed_attempt_is_due_again_later_with_an_error_id(self, broken: Call, caplog: Any) -> None:
        with pytest.raises(ReportFailedError) as failed:
            write_report(broken.pk)
        broken.refresh_from_db()
        assert (broken.report_state, broken.report_attempts) == (ReportState.DUE, 1)
        assert broken.report_error == failed.value.error_id
        assert broken.report_due_at is not None
        assert broken.report_due_at > timezone.now()
        (logged,) = [record for record in caplog.records if record.name == "calls.reports"]
        assert logged.error_id == failed.value.error_id
        assert "Ada" not in logged.getMessage()

    def test_after_the_last_attempt_it_has_failed_and_the_log_says_so(self, broken: Call) -> None:
        Call.objects.filter(pk=broken.pk).update(report_attempts=claims.MAX_ATTEMPTS - 1)
        with pytest.raises(ReportFailedError):
            write_report(broken.pk)
        broken.refresh_from_db()
        assert broken.report_state == ReportState.FAILED
        last = CallEvent.objects.filter(call=broken).order_by("-seq").first()
        assert last is not None
        assert (last.kind, last.payload) == ("report", {"state": "failed", "prompt_version": None})
        assert not write_report(broken.pk)

    def test_not_before_its_time(self, broken: Call) -> None:
        Call.objects.filter(pk=broken.pk).update(report_due_at=timezone.now() + timedelta(seconds=30))
        assert not write_report(broken.pk)

    def test_a_claim_lapses_and_can_be_taken_over_and_the_first_can_not_finish(self, broken: Call) -> None:
        first = claims.claim(broken.pk)
        assert first is not None
        assert claims.claim(broken.pk) is None, "held"
        Call.objects.filter(pk=broken.pk).update(report_due_at=timezone.now() - timedelta(seconds=1))
        second = claims.claim(broken.pk)
        assert second is not None
        assert not claims.finish(first)
        assert claims.give_back(first) == ""
        assert claims.finish(second)

    def test_a_writer_that_dies_on_its_last_attempt_leaves_a_failed_report(self, broken: Call) -> None:
        Call.objects.filter(pk=broken.pk).update(
            report_state="writing", report_attempts=claims.MAX_ATTEMPTS, report_due_at=timezone.now()
        )
        assert claims.give_up() == 1
        broken.refresh_from_db()
        assert broken.report_state == ReportState.FAILED
        assert broken.report_error


@pytest.fixture
def model(settings: Any) -> Any:
    with OpenAIServer() as server:
        settings.OPENAI_BASE_URL = server.url
        settings.OPENAI_API_KEY = "sk-test"
        yield server


@pytest.mark.usefixtures("rolled_back")
class TestWithAModel:
    def test_the_model_writes_the_summary_and_its_tokens_are_on_the_bill(
        self, member: MakeMember, model: OpenAIServer
    ) -> None:
        call = ended_call(member("rep"))
        write_report(call.pk)
        report = Report.objects.get(call=call)
        assert (report.origin, report.model) == ("model", "gpt-6.1-terra")
        tokens = UsageEntry.objects.filter(call_id=call.pk, component="model")
        assert {entry.purpose for entry in tokens} == {"report"}
        assert all(entry.cost_micros is not None for entry in tokens)
        assert "output_tokens" in {entry.unit for entry in tokens}
        assert is_whole(call.pk)

    def test_when_the_model_fails_the_summary_is_extractive_and_labelled(
        self, member: MakeMember, model: OpenAIServer
    ) -> None:
        model.script.faults.extend(Fault("status", status=500) for _ in range(20))
        call = ended_call(member("rep"))
        assert write_report(call.pk)
        report = Report.objects.get(call=call)
        assert (report.origin, report.model) == ("extractive", "")
        assert report.summary
        assert model.requests, "it was asked"


def test_two_workers_at_once_write_one_report(committed_db: None, acme: Business, member: MakeMember) -> None:
    with business_scope(acme):
        call = ended_call(member("rep"))
    ready = threading.Barrier(4)
    written: list[bool] = []

    def work() -> None:
        with business_scope(acme):
            ready.wait(timeout=20)
            written.append(write_report(call.pk))
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(written) == [False, False, False, True]
    with business_scope(acme):
        assert kinds(call.pk).count("report") == 1
        assert is_whole(call.pk)


def test_a_stranger_has_no_report_to_write(
    committed_db: None, acme: Business, globex: Business, member: MakeMember
) -> None:
    with business_scope(acme):
        call = ended_call(member("rep"))
    with business_scope(globex):
        assert not write_report(call.pk)
        assert not Report.objects.exists()
    with business_scope(acme):
        assert Call.objects.get(pk=call.pk).report_state == ReportState.DUE


def test_without_a_business_nothing_is_written(committed_db: None) -> None:
    with pytest.raises(NoBusiness):
        write_report(uuid.uuid4())
