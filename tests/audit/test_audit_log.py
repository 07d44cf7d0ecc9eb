"""The audit log takes lines and gives none up."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, transaction

from tenants.audit.models import Action, AuditLine, Via
from tenants.audit.services import record
from tenants.context import Business, NoBusiness, business_scope, public_scope
from tests.conftest import MakeMember

pytestmark = pytest.mark.usefixtures("rolled_back")


def a_line(member: MakeMember) -> AuditLine:
    return record(Action.CALL_VIEWED, actor=member("manager", name="Mo"), via=Via.WEB, subject="call", subject_id="c-1")


def test_a_line_says_who_did_what_to_which_thing(member: MakeMember) -> None:
    line = a_line(member)
    assert (line.actor_name, line.action, line.subject, line.subject_id) == ("Mo", "call_viewed", "call", "c-1")


@pytest.mark.parametrize("change", ["update", "delete"])
def test_postgres_refuses_to_change_or_delete_a_line(member: MakeMember, change: str) -> None:
    line = a_line(member)
    rows = AuditLine.objects.filter(pk=line.pk)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        rows.update(actor_name="Nobody") if change == "update" else rows._raw_delete("default")
    assert AuditLine.objects.get(pk=line.pk).actor_name == "Mo"


def test_a_line_object_refuses_too(member: MakeMember) -> None:
    line = a_line(member)
    with pytest.raises(ValidationError):
        line.save()
    with pytest.raises(ValidationError):
        line.delete()


def test_a_stranger_finds_no_line(member: MakeMember, globex: Business) -> None:
    a_line(member)
    with business_scope(globex):
        assert not AuditLine.objects.exists()


def test_the_public_host_has_no_audit_log_of_a_business() -> None:
    with public_scope(), pytest.raises(NoBusiness):
        record(Action.EXPORTED, actor=None, via=Via.COMMAND, subject="business")
