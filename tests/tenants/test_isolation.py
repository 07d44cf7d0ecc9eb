"""Every way one business's data could reach another, tried for real."""

from __future__ import annotations

import pytest
from django.db import connection

from tenants.context import Business, NoBusiness, business_scope
from tenants.members.models import Member
from tests.conftest import MakeMember


def test_a_query_without_a_business_is_refused(committed_db: None) -> None:
    with pytest.raises(NoBusiness):
        Member.objects.count()


def test_each_business_sees_its_own_members(
    committed_db: None, acme: Business, globex: Business, member: MakeMember
) -> None:
    member("rep", name="Ada")
    member("rep", business=globex, name="Grace")
    with business_scope(acme):
        assert [m.name for m in Member.objects.all()] == ["Ada"]
    with business_scope(globex):
        assert [m.name for m in Member.objects.all()] == ["Grace"]


def test_tests_run_as_the_application(committed_db: None, acme: Business) -> None:
    with business_scope(acme), connection.cursor() as cursor:
        cursor.execute("SELECT session_user, current_user, current_schema()")
        assert cursor.fetchone() == ("salespilot_main_app", "salespilot_main:acme", "acme")
