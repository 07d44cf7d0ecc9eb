"""A process that was away while its business was erased: it gives the call up instead of trying for ever."""

from __future__ import annotations

import uuid

import pytest
from django.db import connections
from psycopg import sql

from calls.live.store import Batch, Outcome, save
from calls.models import Call
from tenants.context import Business, business_scope
from tenants.postgresql.roles import role_name
from tests import services
from tests.conftest import MakeMember
from tests.owner import connect

pytestmark = pytest.mark.usefixtures("committed_db")


def batch(call_id: uuid.UUID) -> Batch:
    return Batch(call_id=call_id, member_id=1, epoch=0, last_seq=1, entries=(), acked_samples=0)


def test_the_call_of_a_business_that_is_gone_is_given_up() -> None:
    assert save(Business(id=4_711, schema_name="gone", name="Gone"), [batch(uuid.uuid4())]) == [Outcome.SUPERSEDED]


def test_a_business_that_is_there_but_can_not_be_reached_is_tried_again(acme: Business, member: MakeMember) -> None:
    with business_scope(acme):
        call = Call.objects.create(member=member("rep"))
    role = sql.Identifier(role_name(services.database(services.worker()), "acme"))
    app = sql.Identifier(services.app(services.worker()))
    with connect() as owner:
        owner.execute(sql.SQL("REVOKE {} FROM {}").format(role, app))
        try:
            # A connection that is the business already stays so until it is given back.
            connections.close_all()
            assert save(acme, [batch(call.pk)]) == [Outcome.LATE]
        finally:
            owner.execute(sql.SQL("GRANT {} TO {}").format(role, app))
    assert save(acme, [batch(call.pk)]) == [Outcome.COMMITTED]
