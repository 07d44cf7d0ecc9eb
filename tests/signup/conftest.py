"""Sign-up that is open, a builder as it runs in real life, and a table of businesses that is tidy afterwards."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from tenants.context import public_scope
from tenants.selectors import hosts
from tenants.signup.models import BusinessRequest, State
from tenants.signup.services import Wanted
from tests import owner, services

FORM = {
    "name": "Initech",
    "slug": "initech",
    "trade": "software",
    "place": "US-CA",
    "admin_name": "Ada Byron",
    "admin_email": "Ada@Initech.example",
    "website": "",
}
Build = Callable[..., int]


@pytest.fixture
def tidy(committed_db: None) -> Iterator[None]:
    """Businesses that a test had built are gone afterwards."""
    yield
    with owner.connect() as admin:
        built = admin.execute("SELECT schema_name FROM tenants_tenant").fetchall()
    for (schema,) in built:
        if schema not in owner.BUSINESSES:
            owner.remove_business(schema)
    hosts.forget()


@pytest.fixture
def open_to_all(settings: Any) -> None:
    settings.SIGN_UP = "open"


@pytest.fixture
def public() -> Client:
    return Client(SERVER_NAME="localhost")


@pytest.fixture(scope="session")
def builder(businesses: object) -> Iterator[subprocess.Popen[str]]:
    """Starting Django costs seconds, a round of building does not: one process for all of them."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.signup.builder"],
        cwd=services.ROOT,
        env={**os.environ, "SALESPILOT_AS_OWNER": "true"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        yield child
        assert child.stdin
        child.stdin.close()


@pytest.fixture
def build(tidy: None, builder: subprocess.Popen[str]) -> Build:
    """`build(EMAIL_PORT=…)`: one round of the builder in its own process, as the owner; how many it worked on."""

    def run(**settings: object) -> int:
        assert builder.stdin
        assert builder.stdout
        print(json.dumps(settings), file=builder.stdin, flush=True)
        return int(json.loads(builder.stdout.readline()))

    return run


def link_in(mail: EmailMessage) -> str:
    found = re.search(r"http://localhost(?::\d+)?(/signup/\S+/)", str(mail.body))
    assert found, mail.body
    return found[1]


def request(**values: Any) -> BusinessRequest:
    """A row as the web process leaves it: confirmed unless `state` says otherwise."""
    facts = {**FORM, "state": State.CONFIRMED, "admin_email": "ada@initech.example", **values}
    del facts["website"]
    with public_scope():
        return BusinessRequest.objects.create(**facts)


def again(row: BusinessRequest) -> BusinessRequest:
    with public_scope():
        return BusinessRequest.objects.select_related("tenant").get(pk=row.pk)


def only() -> BusinessRequest:
    with public_scope():
        return BusinessRequest.objects.get()


def wanted(**values: str) -> Wanted:
    facts = {name: value for name, value in FORM.items() if name != "website"}
    return Wanted(**{**facts, **values})
