"""The bill on the screen, as CSV and over the API: for billing staff and admins, of one's own business."""

from __future__ import annotations

import csv
import io
import itertools
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from billing.ledger import record
from tenants.context import Business, business_scope
from tenants.members.models import Member
from tests.billing.conftest import Meter

CALL = uuid.uuid4()
DAYS = {"from": "2026-11-01", "to": "2026-11-30"}

MakeMember = Callable[..., Member]
ClientFor = Callable[..., Client]

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def rep(acme: Business, member: MakeMember, metered: Meter, committed_db: None) -> Member:
    """A rep with one call: a minute of speech for $0.0048, $0.0005 of the model, part of it discarded, one unpriced."""
    rep = member("rep", name="=Ada Rep")
    tokens = {"component": "model", "provider": "openai", "model": "gpt-6-luna", "member_id": rep.pk}
    with business_scope(acme):
        record(
            [
                metered(CALL, 1, member_id=rep.pk),
                metered(CALL, 2, **tokens, unit="output_tokens", quantity=800),
                metered(CALL, 3, **tokens, unit="output_tokens", quantity=200, is_waste=True),
            ]
        )
    return rep


@pytest.mark.parametrize("role", ["billing", "admin"])
@pytest.mark.usefixtures("rep")
def test_billing_staff_and_admins_see_the_bill(role: str, member: MakeMember, client_for: ClientFor) -> None:
    page = client_for(member(role)).get("/billing/", DAYS)
    text = page.content.decode()
    assert page.status_code == 200
    assert "$0.0053" in text
    assert "$0.0048" in text
    assert "$0.0001" in text, "what was discarded"
    assert "=Ada Rep" in text
    assert "style=" not in text
    assert "<script" not in text.replace('<script type="module" src', "")


@pytest.mark.parametrize("role", ["rep", "manager"])
@pytest.mark.usefixtures("rep")
def test_other_roles_are_refused(role: str, member: MakeMember, client_for: ClientFor) -> None:
    client = client_for(member(role))
    assert client.get("/billing/", DAYS).status_code == 403
    assert client.get("/billing/calls.csv", DAYS).status_code == 403
    assert client.get(f"/api/billing/calls/{CALL}").status_code == 403


def test_the_anonymous_are_asked_to_sign_in(client_for: ClientFor) -> None:
    page = client_for(None).get("/billing/")
    assert page.status_code == 302
    assert page["Location"].startswith("/sign-in/")
    assert client_for(None).get(f"/api/billing/calls/{CALL}").status_code in {401, 403}


@pytest.mark.usefixtures("rep")
def test_a_stranger_sees_nothing_of_it(globex: Business, member: MakeMember, client_for: ClientFor) -> None:
    stranger = client_for(member("billing", business=globex))
    page = stranger.get("/billing/", DAYS)
    assert "Nothing used in these days" in page.content.decode()
    assert "Ada Rep" not in page.content.decode()
    assert stranger.get(f"/api/billing/calls/{CALL}").status_code == 404
    assert len(exported(stranger, "calls", by="globex-solar")) == 1


@pytest.mark.usefixtures("rep")
def test_a_strangers_session_does_not_open_the_bill(
    globex: Business, member: MakeMember, client_for: ClientFor
) -> None:
    stranger = client_for(member("billing", business=globex))
    page = stranger.get("/billing/", DAYS, SERVER_NAME="acme.localhost")
    assert page.status_code == 302
    assert "/sign-in/" in page["Location"]


def test_without_usage_the_page_says_what_will_be_there(member: MakeMember, client_for: ClientFor) -> None:
    page = client_for(member("billing")).get("/billing/")
    assert page.status_code == 200
    assert "Nothing used in these days" in page.content.decode()


def test_a_first_usage_while_the_bill_is_read_breaks_nothing(
    acme: Business, member: MakeMember, client_for: ClientFor, metered: Meter
) -> None:
    """Of another member each time, written by somebody else between any two statements of the page."""
    newcomers = [member("rep") for _ in range(8)]
    client = client_for(member("billing"))
    written = itertools.count()

    def write_in_between(execute: Any, sql: str, *rest: Any) -> Any:
        answer = execute(sql, *rest)
        if sql.startswith("SELECT") and "billing_usageentry" in sql and (number := next(written)) < len(newcomers):
            record([metered(uuid.uuid4(), 1, member_id=newcomers[number].pk)])
        return answer

    with business_scope(acme):
        record([metered(CALL, 1, member_id=newcomers[-1].pk)])
    with connection.execute_wrapper(write_in_between):
        assert client.get("/billing/", DAYS).status_code == 200
    assert next(written) >= len(newcomers), "every newcomer was written"


def test_what_has_no_price_is_said_and_not_counted_as_zero(
    acme: Business, member: MakeMember, client_for: ClientFor, metered: Meter
) -> None:
    with business_scope(acme):
        record([metered(CALL, 1), metered(CALL, 2, model="nova-9"), metered(uuid.uuid4(), 1, model="nova-9")])
    text = client_for(member("billing")).get("/billing/", DAYS).content.decode()
    assert "no price" in text
    assert "from $0.0048" in text
    assert "2 of 3 entries have no price" in text


@pytest.mark.parametrize("query", [{"from": "x"}, {"to": "0001-01-01"}, {"from": "2026-12-01", "to": "2026-11-01"}])
@pytest.mark.usefixtures("rep")
def test_odd_days_get_a_reason_and_the_usual_days(
    query: dict[str, str], member: MakeMember, client_for: ClientFor
) -> None:
    client = client_for(member("billing"))
    page = client.get("/billing/", query)
    assert page.status_code == 400
    assert 'role="alert"' in page.content.decode()
    assert client.get("/billing/days.csv", query).status_code == 400


def exported(client: Client, table: str, *, by: str = "acme-cloud") -> list[list[str]]:
    answer = client.get(f"/billing/{table}.csv", DAYS)
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="{by}-{table}-2026-11-01-2026-11-30.csv"'
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.reader(io.StringIO(text)))


def test_the_export_is_exact_to_the_micro_dollar(rep: Member, member: MakeMember, client_for: ClientFor) -> None:
    client = client_for(member("billing"))
    head, row = exported(client, "calls")
    values = dict(zip(head, row, strict=True))
    assert values["total USD"] == "0.005300"
    assert values["speech USD"] == "0.004800"
    assert values["model USD"] == "0.000500"
    assert values["waste USD"] == "0.000100"
    assert values["call id"] == str(CALL)
    assert exported(client, "days")[1][:2] == ["2026-11-20", "1"]


def test_a_name_that_looks_like_a_formula_is_exported_as_text(
    rep: Member, member: MakeMember, client_for: ClientFor
) -> None:
    assert exported(client_for(member("billing")), "reps")[1][0] == "'=Ada Rep"


@pytest.mark.usefixtures("rep")
def test_there_is_no_other_table(member: MakeMember, client_for: ClientFor) -> None:
    assert client_for(member("billing")).get("/billing/members.csv").status_code == 404


@pytest.mark.usefixtures("rep")
def test_the_api_tells_what_a_call_cost(member: MakeMember, client_for: ClientFor) -> None:
    answer = client_for(member("billing")).get(f"/api/billing/calls/{CALL}")
    assert answer.json() == {
        "call": str(CALL),
        "total": {"cost_micros": 5_300, "waste_micros": 100, "entries": 3, "entries_without_price": 0},
        "components": {
            "model": {"cost_micros": 500, "waste_micros": 100, "entries": 2, "entries_without_price": 0},
            "speech": {"cost_micros": 4_800, "waste_micros": 0, "entries": 1, "entries_without_price": 0},
        },
    }


@pytest.mark.usefixtures("rep")
def test_the_page_asks_the_database_the_same_number_of_times_for_more_calls(
    acme: Business,
    member: MakeMember,
    client_for: ClientFor,
    metered: Meter,
    django_assert_max_num_queries: Callable[[int], object],
) -> None:
    with business_scope(acme):
        record([metered(uuid.uuid4(), 1) for _ in range(60)])
    client = client_for(member("billing"))
    with django_assert_max_num_queries(30):  # type: ignore[attr-defined]
        assert client.get("/billing/", DAYS).status_code == 200
