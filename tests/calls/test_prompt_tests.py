"""A prompt version beside the one in use, on stored calls, against a model on a real socket that also fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.models import UsageEntry
from billing.rates.services import seed_prices
from calls import events, holding, retention, sweeper
from calls.events import Kind
from calls.models import Call, PromptTest, PromptTestMoment, TrialState
from calls.prompt_tests import results, running, starting
from calls.prompt_tests.running import Ended
from calls.prompt_tests.starting import TestRefused
from calls.tasks import run_prompt_test
from coaching import prompt_versions
from coaching.models import PromptVersion
from coaching.prompt_versions import PromptConflict, Wording
from coaching.types import Signal, SignalKind
from tenants.audit.models import AuditLine
from tenants.context import Business, business_scope, public_scope
from tenants.members.models import Member
from tests.conftest import ClientFor, MakeMember
from tests.reports.written import CUSTOMER, REP, ended_call, line
from tests.vendors.openai import Fault, OpenAIServer

pytestmark = pytest.mark.usefixtures("committed_db")

PRICE = Signal("c3600-objection-price", SignalKind.OBJECTION, "price", CUSTOMER, 0.9, "too expensive", 4_000, 5_000)
RIVAL = Signal("c20000-competitor-x", SignalKind.COMPETITOR, "x", CUSTOMER, 0.9, "we use X", 20_500, 21_000)
TALK: tuple[tuple[Kind, Any], ...] = (
    (Kind.LINE, line(REP, 0.5, 3, "Hello, what brings you to us today?", 1)),
    (Kind.LINE, line(CUSTOMER, 3.6, 9, "Honestly that is too expensive for us.", 1)),
    (Kind.SIGNAL, events.signal(PRICE)),
    (Kind.LINE, line(REP, 10, 12, "Compared with what?", 2)),
    (Kind.LINE, line(CUSTOMER, 20, 23, "Well, we use X and that is fine.", 2)),
    (Kind.SIGNAL, events.signal(RIVAL)),
)


@pytest.fixture
def model(settings: Any) -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = server.url, "sk-test"
        yield server


@pytest.fixture
def admin(member: MakeMember) -> Member:
    return member("admin", name="Maya Admin")


@pytest.fixture
def call(acme: Business, member: MakeMember) -> Call:
    rep = member("rep")
    with business_scope(acme):
        return ended_call(rep, TALK, report_state="ready", report_due_at=None)


@pytest.fixture
def draft(acme: Business) -> PromptVersion:
    with business_scope(acme):
        prompt_versions.publish_text(Wording("live", "The old text."))
        return prompt_versions.save_draft(Wording("live", "The new text.", model="small-1", temperature=0.7))


@pytest.fixture
def start(acme: Business, call: Call, draft: PromptVersion, admin: Member) -> Callable[[], PromptTest]:
    def ordered() -> PromptTest:
        with business_scope(acme):
            return starting.start(version=draft, call_ids=[call.pk], by=admin)

    return ordered


def url(name: str, *args: object) -> str:
    return reverse(f"admin:calls_prompttest_{name}", args=args, urlconf="salespilot.urls")


def test_both_versions_answer_every_moment(
    acme: Business, model: OpenAIServer, start: Callable[[], PromptTest]
) -> None:
    test = start()
    run_prompt_test(acme, test_id=test.pk)
    with business_scope(acme):
        test.refresh_from_db()
        assert test.state == TrialState.DONE
        found = results.moments(test)
    assert [moment.title for moment in found] == ["Objection: price", "Competitor: x"]
    assert found[0].excerpt[-1] == ("customer", "Honestly that is too expensive for us.")
    assert all(moment.before and moment.after and moment.after.say for moment in found)
    asked = {body["model"]: body for body in (request.body for request in model.cards)}
    assert asked["small-1"]["temperature"] == 0.7
    assert "The new text." in asked["small-1"]["messages"][0]["content"]
    assert "The old text." in asked["gpt-6-luna"]["messages"][0]["content"]
    assert not model.problems


def test_its_usage_is_billed_as_a_test_of_no_call(
    acme: Business, model: OpenAIServer, start: Callable[[], PromptTest], admin: Member
) -> None:
    with public_scope():
        seed_prices()
    test = start()
    run_prompt_test(acme, test_id=test.pk)
    with business_scope(acme):
        entries = list(UsageEntry.objects.all())
        assert entries
        assert {(entry.purpose, entry.call_id, entry.member_id) for entry in entries} == {("test", None, admin.pk)}
        before, after = results.figures(test)
        in_use = [entry.cost_micros or 0 for entry in entries if entry.model == "gpt-6-luna"]
    assert before.cost.micros == sum(in_use) > 0
    assert not after.cost.is_known, "no price is known for that model, so none is invented"
    assert before.first_p50_ms is not None
    assert before.first_p95_ms is not None
    assert before.first_p50_ms <= before.first_p95_ms


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("status", status=429, retry_after="1"), "too many requests at once"),
        (Fault("status", status=401), "refuses our key"),
        (Fault("status", status=404), "no model of this name"),
        (Fault("drop"), "broke off the answer"),
        (Fault("truncate"), "its answer broke off"),
    ],
)
def test_what_the_model_does_wrong_is_said_in_words(
    acme: Business, model: OpenAIServer, start: Callable[[], PromptTest], fault: Fault, words: str
) -> None:
    model.script.faults.extend([fault, fault])
    test = start()
    run_prompt_test(acme, test_id=test.pk)
    with business_scope(acme):
        test.refresh_from_db()
        first, second = results.moments(test)
    assert test.state == TrialState.DONE
    assert first.before is not None
    assert words in first.before.words
    assert second.before is not None
    assert second.before.outcome != "failed", "one failure does not end the test"


def test_a_test_freezes_the_draft_and_leaves_an_audit_line(
    acme: Business, model: OpenAIServer, start: Callable[[], PromptTest], draft: PromptVersion
) -> None:
    start()
    with business_scope(acme), pytest.raises(PromptConflict):
        prompt_versions.change_draft(draft, Wording("live", "Other."), seen_revision=1)
    with business_scope(acme):
        assert AuditLine.objects.get(detail__did="tested").detail["moments"] == 2


def test_a_test_goes_on_where_it_stopped(acme: Business, model: OpenAIServer, start: Callable[[], PromptTest]) -> None:
    test = start()
    with business_scope(acme):
        assert running.run(test.pk, budget_s=0) is Ended.NOT_YET
        assert list(sweeper.due_prompt_tests()) == [test.pk]
        row = test.moments.first()
        assert row is not None
        PromptTestMoment.objects.filter(pk=row.pk).update(answered_at=timezone.now(), before=DONE, after=DONE)
        assert running.run(test.pk) is Ended.DONE
        assert running.run(test.pk) is Ended.NOTHING
    assert len(model.cards) == 2, "the moment that had its answers was not asked again"


DONE = {
    "outcome": "shown", "reason": "", "say": "x", "title": "", "why": "", "source": "", "first_words_ms": 1,
    "total_ms": 2, "usage": [],
}  # fmt: skip


def test_of_two_runners_one_works_and_a_dead_one_is_found(
    acme: Business, model: OpenAIServer, start: Callable[[], PromptTest]
) -> None:
    test = start()
    with business_scope(acme):
        dead = holding.prompt_tests.claim(test.pk)
        assert dead is not None
        assert holding.prompt_tests.claim(test.pk) is None
        assert list(sweeper.due_prompt_tests()) == []
        PromptTest.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        assert list(sweeper.due_prompt_tests()) == [test.pk]
        assert running.run(test.pk) is Ended.DONE
        assert not holding.prompt_tests.renew(dead), "whoever was taken for dead can not go on"


def test_a_fault_of_ours_is_tried_again_and_fails_for_good_in_the_end(
    acme: Business, model: OpenAIServer, start: Callable[[], PromptTest], settings: Any
) -> None:
    test = start()
    settings.OPENAI_BASE_URL = settings.OPENAI_API_KEY = ""
    with business_scope(acme):
        for _ in range(holding.MAX_ATTEMPTS):
            PromptTest.objects.update(due_at=timezone.now())
            running.run(test.pk)
        test.refresh_from_db()
        assert test.state == TrialState.FAILED
        assert test.error


def test_a_report_version_is_tested_call_by_call(
    acme: Business, model: OpenAIServer, call: Call, admin: Member
) -> None:
    with business_scope(acme):
        version = prompt_versions.save_draft(Wording("report", "Write it short.", model="writer-2"))
        test = starting.start(version=version, call_ids=[call.pk], by=admin)
        assert running.run(test.pk) is Ended.DONE
        (found,) = results.moments(test)
    assert found.after is not None
    assert found.after.say.startswith("A call of 4 lines")
    assert {request.body["model"] for request in model.requests} == {"gpt-6.1-terra", "writer-2"}


def test_without_a_model_the_page_says_what_to_set(
    draft: PromptVersion, call: Call, admin: Member, client_for: ClientFor
) -> None:
    page = client_for(admin).get(url("add"), {"version": draft.pk}).content.decode()
    assert "Set OPENAI_API_KEY" in page
    assert "Start the test" not in page


def test_what_can_not_be_tested_is_refused_in_words(
    acme: Business, model: OpenAIServer, call: Call, draft: PromptVersion, admin: Member
) -> None:
    with business_scope(acme):
        published = prompt_versions.published_version("live")
        assert published is not None
        with pytest.raises(TestRefused, match="nothing to compare"):
            starting.start(version=published, call_ids=[call.pk], by=admin)
        with pytest.raises(TestRefused, match="nothing was said"):
            starting.start(version=draft, call_ids=[], by=admin)
        draft.refresh_from_db()
        assert not draft.is_frozen


def test_an_admin_orders_a_test_and_reads_it(
    acme: Business, model: OpenAIServer, draft: PromptVersion, call: Call, admin: Member, client_for: ClientFor
) -> None:
    client = client_for(admin)
    assert "Start the test" in client.get(url("add"), {"version": draft.pk}).content.decode()
    answer = client.post(url("add"), {"version": draft.pk, "newest": "3"})
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    with business_scope(acme):
        test = PromptTest.objects.get()
    waiting = client.get(answer["Location"]).content.decode()
    assert 'data-progress="' in waiting
    assert client.get(url("progress", test.pk)).json() == {"done": 0, "total": 2, "state": "Waiting", "is_final": False}
    run_prompt_test(acme, test_id=test.pk)
    assert client.get(url("progress", test.pk)).json()["is_final"]
    page = client.get(answer["Location"]).content.decode()
    assert "Honestly that is too expensive for us." in page
    assert "First words, 95 % within" in page
    assert 'data-progress="' not in page
    with business_scope(acme):
        # The order, which sends what was said to a model, and each of the two looks at the page.
        assert AuditLine.objects.filter(action="call_viewed", subject_id=str(call.pk)).count() == 3
    assert "Test of Live cards v2" in client.get(url("changelist")).content.decode()


def test_only_admins_of_this_business_get_in(
    acme: Business,
    globex: Business,
    model: OpenAIServer,
    start: Callable[[], PromptTest],
    draft: PromptVersion,
    member: MakeMember,
    client_for: ClientFor,
) -> None:
    test = start()
    pages = [url("change", test.pk), url("progress", test.pk), f"{url('add')}?version={draft.pk}", url("changelist")]
    for role in ("rep", "manager", "billing"):
        client = client_for(member(role))
        assert {client.get(page).status_code for page in pages} <= {302, 403}
    stranger = client_for(member("admin", business=globex))
    assert [stranger.get(page).status_code for page in pages] == [404, 404, 404, 200]
    assert "Live cards" not in stranger.get(url("changelist")).content.decode()
    assert stranger.post(url("add"), {"version": draft.pk}).status_code == 404


def test_answers_go_with_the_log_they_came_from(
    acme: Business, model: OpenAIServer, start: Callable[[], PromptTest], call: Call
) -> None:
    test = start()
    with business_scope(acme):
        running.run(test.pk)
        assert retention._delete_log(call.pk)
        assert results.moments(test) == []


def test_percentiles_are_nearest_rank() -> None:
    assert results.percentile(range(1, 101), 95) == 95
    assert results.percentile([7], 50) == 7
    assert results.percentile([], 50) is None
