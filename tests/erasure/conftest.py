"""A business of this test alone, with a canary in every text of it, in its folders, its cache and its queue."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache

from calls.tasks import write_report
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.context import Business, business_scope, public_scope
from tenants.files import file_areas
from tenants.members.models import Member
from tenants.models import Tenant
from tenants.selectors import business_by_schema
from tests import owner
from tests.erasure.commands import var
from tests.stranger import planted
from tests.tenants.conftest import as_owner
from tests.tenants.upgrades import OwnerProcess

__all__ = ["as_owner"]

SCHEMA = "initech"


@dataclass
class Doomed:
    """`files` are all of its own."""

    business: Business
    canary: str
    files: list[Path]
    planted: planted.Planted


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> str:
    """A word of this test alone: workers share the server."""
    word = f"cnry{secrets.token_hex(3)}"
    monkeypatch.setattr(planted, "CANARY", word)
    return word


@pytest.fixture
def fresh(committed_db: None, canary: str, as_owner: OwnerProcess) -> Iterator[Business]:
    """`initech` on a host of this test alone, with nothing in it but its first admin."""
    made = as_owner.run(
        "create_business", SCHEMA, "--name", f"{canary} Inc", "--host", f"{canary}.localhost",
        "--admin-email", f"{canary}@example.com",
    )  # fmt: skip
    assert made.status == 0, made.err
    try:
        yield business_by_schema(SCHEMA)
    finally:
        owner.remove_business(SCHEMA)


@pytest.fixture
def doomed(fresh: Business, canary: str) -> Doomed:
    return _furnished(fresh, canary)


def _furnished(business: Business, canary: str) -> Doomed:
    with business_scope(business):
        rep = Member.objects.create_member(email=f"{canary}-rep@example.com", name=f"{canary} Rep", roles=["rep"])
        cache.set("brand", canary)
        cache.set("other", 1)
        record(Action.EXPORTED, actor=rep, via=Via.WEB, subject="costs")
        write_report.send(business, call_id="00000000-0000-0000-0000-000000000000")
    with public_scope():
        operator = Member.objects.create_member(email="operator@example.com", name="Op", roles=["operator"])
        LogEntry.objects.create(
            user=operator,
            content_type=ContentType.objects.get_for_model(Tenant),
            object_id=str(business.id),
            object_repr=f"{canary} Inc",
            action_flag=CHANGE,
        )
    rows = planted.plant(business, rep)
    files = [area.root() / area.folder(business.id) / "deep" / "a.bin" for area in file_areas()]
    files.append(var() / "exports" / str(business.id) / "2027-01-01.zip")
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(canary.encode() * 100)
    return Doomed(business, canary, files, rows)
