"""A play's back-test: the worker who runs it, the marks that stay, and the stranger who sees none of it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from calls import events, holding, retention, sweeper
from calls.events import Kind
from calls.models import Call, CallEvent, CallState, PlayTest, PlayTestHit, TrialState
from calls.play_tests import results, running, starting
from calls.redaction import CleanLine
from coaching.models import Play
from coaching.types import Channel
from tenants.audit.models import Action, AuditLine
from tenants.context import Business, business_scope
from tests.coaching.fakes import PRICE_PLAY, line
from tests.coaching.test_admin import FORM
from tests.conftest import ClientFor, MakeMember

pytestmark = pytest.mark.usefixtures("committed_db")

SAID = (
    (2, Channel.REP, "Hello, thanks for your time."),
    (10, Channel.CUSTOMER, "Your offer is too expensive for us."),
    (15, Channel.REP, "I see. What do you compare us with?"),
    (90, Channel.CUSTOMER, "Two others. Honestly it is over budget."),
)


def stored_call(member: Any, days_ago: int = 1) -> uuid.UUID:
    """A finished call with a log, in the current business."""
    ended = timezone.now() - timedelta(days=days_ago)
    call = Call.objects.create(
        member=member, state=CallState.ENDED, started_at=ended, ended_at=ended, customer="Initech"
    )
    for seq, (start_s, channel, text) in enumerate(SAID, start=1):
        said = line(text, start_ms=start_s * 1_000, channel=channel, utterance=seq)
        CallEvent.objects.create(
            call=call, seq=seq, at=ended, kind=Kind.LINE.value, payload=events.line(CleanLine(said))
        )
    return call.pk


def url(name: str, *args: object) -> str:
    return reverse(f"admin:calls_playtest_{name}", args=args, urlconf="salespilot.urls")


def test_a_test_counts_what_the_play_did_on_every_call(acme: Business, member: MakeMember) -> None:
    admin = member("admin")
    with business_scope(acme):
        for _ in range(3):
            stored_call(admin)
        test = starting.start(PRICE_PLAY, by=admin)
        assert results.progress(test).total == 3
        assert not running.run(test.pk)
        test.refresh_from_db()
        assert test.state == TrialState.DONE
        figures = results.figures(test)
        assert (figures.calls, figures.fired, figures.shown, figures.per_call) == (3, 6, 6, "2.00")
        samples = results.samples(test)
        assert len(samples) == 6
        assert samples[0].excerpt[-1] == ("customer", "Your offer is too expensive for us.")
        line_ = AuditLine.objects.get(action=Action.PLAYBOOK_CHANGED, subject="play")
        assert line_.detail == {"did": "tested", "test": test.pk, "calls": 3}


def test_marks_give_a_precision_with_its_doubt_and_stay_for_the_next_test(acme: Business, member: MakeMember) -> None:
    admin = member("admin")
    with business_scope(acme):
        stored_call(admin)
        test = starting.start(PRICE_PLAY, by=admin)
        running.run(test.pk)
        assert results.figures(test).precision.words.startswith("Not known yet")
        right, wrong = PlayTestHit.objects.filter(test=test)
        results.mark(right, is_right=True, by=admin)
        results.mark(wrong, is_right=False, by=admin)
        assert results.figures(test).precision.words.startswith("50 % right: 1 of 2 marked")
        again = starting.start(PRICE_PLAY, by=admin)
        running.run(again.pk)
        assert results.figures(again).precision.marked == 2


@pytest.mark.parametrize(
    ("right", "marked", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (10, 10, 0.7225, 1.0), (0, 10, 0.0, 0.2775), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_wilson_s(right: int, marked: int, low: float, high: float) -> None:
    found = results.wilson(right, marked)
    assert found.low == pytest.approx(low, abs=1e-4)
    assert found.high == pytest.approx(high, abs=1e-4)


def test_a_test_is_worked_on_in_pieces_and_goes_on_where_it_stopped(acme: Business, member: MakeMember) -> None:
    admin = member("admin")
    with business_scope(acme):
        stored_call(admin)
        test = starting.start(PRICE_PLAY, by=admin)
        assert running.run(test.pk, budget_s=0)
        assert sweeper.due_play_tests() == [test.pk]
        assert not running.run(test.pk)
        assert sweeper.due_play_tests() == []
        assert not running.run(test.pk)
        assert results.figures(test).fired == 2


def test_a_runner_that_died_is_found_again_and_can_not_go_on(acme: Business, member: MakeMember) -> None:
    admin = member("admin")
    with business_scope(acme):
        stored_call(admin)
        test = starting.start(PRICE_PLAY, by=admin)
        dead = holding.play_tests.claim(test.pk)
        assert dead is not None
        assert holding.play_tests.claim(test.pk) is None
        PlayTest.objects.filter(pk=test.pk).update(due_at=timezone.now() - timedelta(seconds=1))
        assert sweeper.due_play_tests() == [test.pk]
        running.run(test.pk)
        assert not holding.play_tests.renew(dead)
        assert results.figures(test).fired == 2


def test_a_test_that_breaks_is_tried_again_and_then_given_up(acme: Business, member: MakeMember) -> None:
    admin = member("admin")
    with business_scope(acme):
        stored_call(admin)
        test = starting.start(PRICE_PLAY, by=admin)
        PlayTest.objects.filter(pk=test.pk).update(play={"key": "broken"})
        for _ in range(holding.MAX_ATTEMPTS):
            PlayTest.objects.filter(pk=test.pk).update(due_at=timezone.now() - timedelta(seconds=1))
            running.run(test.pk)
        test.refresh_from_db()
        assert test.state == TrialState.FAILED
        assert test.error


def test_without_calls_and_with_too_many_tests_it_says_what_to_do(acme: Business, member: MakeMember) -> None:
    admin = member("admin")
    with business_scope(acme):
        with pytest.raises(starting.PlayTestRefused, match="no stored call yet"):
            starting.start(PRICE_PLAY, by=admin)
        stored_call(admin)
        for _ in range(starting.MAX_AT_ONCE):
            starting.start(PRICE_PLAY, by=admin)
        with pytest.raises(starting.PlayTestRefused, match="are running already"):
            starting.start(PRICE_PLAY, by=admin)


def test_hits_go_with_the_log_of_their_call(acme: Business, member: MakeMember) -> None:
    admin = member("admin")
    with business_scope(acme):
        call_id = stored_call(admin, days_ago=4_000)
        test = starting.start(PRICE_PLAY, by=admin)
        running.run(test.pk)
        assert test.hits.exists()
        retention.apply_retention()
        assert not Call.objects.filter(pk=call_id, log_deleted_at=None).exists()
        assert not test.hits.exists()


def started(client: Client, **form: Any) -> Any:
    return client.post(url("add"), {**FORM, "patterns": "too expensive\nover budget", **form})


def test_an_unsaved_play_is_tested_marked_and_saved_from_its_form(
    acme: Business, member: MakeMember, client_for: ClientFor
) -> None:
    admin = member("admin")
    client = client_for(admin)
    with business_scope(acme):
        stored_call(admin)
    response = started(client)
    assert response.status_code == 302, response.content[-2000:]
    with business_scope(acme):
        test = PlayTest.objects.get()
        assert not Play.objects.exists()
        running.run(test.pk)
        hit = test.hits.first()
    assert hit is not None
    page = client.get(url("change", test.pk)).content.decode()
    assert "It fired 2 times, on 1 of 1 call" in page
    assert "Your offer is too expensive for us." in page
    assert client.post(url("mark", test.pk), {"hit": hit.pk, "mark": "right"}).status_code == 302
    part = client.get(url("change", test.pk), {"part": "results"}).content.decode()
    assert "100 % right: 1 of 1 marked" in part
    assert "<html" not in part
    assert client.get(url("progress", test.pk)).json() == {"done": 1, "total": 1, "state": "Done", "is_final": True}
    client.post(url("save", test.pk))
    with business_scope(acme):
        assert Play.objects.get().patterns == "too expensive\nover budget"
        assert AuditLine.objects.filter(action=Action.CALL_VIEWED).exists()


def test_a_play_that_makes_no_sense_is_not_tested(member: MakeMember, client_for: ClientFor) -> None:
    response = started(client_for(member("admin")), trigger="not_said")
    assert response.status_code == 422
    assert "Say after how many seconds" in response.content.decode()


@pytest.mark.parametrize("role", ["rep", "manager", "billing"])
def test_others_of_the_business_test_nothing(
    acme: Business, member: MakeMember, client_for: ClientFor, role: str
) -> None:
    with business_scope(acme):
        stored_call(member("admin"))
    client = client_for(member(role))
    assert started(client).status_code in (302, 403)
    with business_scope(acme):
        assert not PlayTest.objects.exists()


def test_a_stranger_reaches_no_test_and_no_mark_of_acme(
    acme: Business, globex: Business, member: MakeMember, client_for: ClientFor
) -> None:
    admin = member("admin")
    with business_scope(acme):
        stored_call(admin)
        test = starting.start(PRICE_PLAY, by=admin)
        running.run(test.pk)
        hit = test.hits.first()
        assert hit is not None
    client = client_for(member("admin", business=globex))
    for name in ("change", "progress"):
        assert client.get(url(name, test.pk)).status_code == 404
    assert client.post(url("mark", test.pk), {"hit": hit.pk, "mark": "right"}).status_code == 404
    assert client.post(url("save", test.pk)).status_code == 404
    with business_scope(acme):
        hit.refresh_from_db()
        assert hit.is_right is None
    with business_scope(globex):
        assert not running.run(test.pk)
