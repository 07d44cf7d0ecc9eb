"""Tasks know whose they are, from the socket that sends them to the worker that runs them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError, connection

from salespilot.celery import app
from tenants import jobs
from tenants.context import PUBLIC, Business, NoBusiness, business_scope, current
from tenants.jobs import business_task, each_business, public_task
from tenants.members.models import Member
from tenants.models import Tenant
from tenants.sockets import BusinessSocket
from tests.communicator import Communicator
from tests.conftest import ClientFor, MakeMember

pytestmark = pytest.mark.usefixtures("committed_db")

heard: list[tuple[str, list[str], int]] = []
arrived = threading.Event()


@business_task(name="tests.listen")
def listen(business: Business, number: int = 0) -> None:
    assert current() == business
    heard.append((business.schema_name, [m.name for m in Member.objects.all()], number))
    arrived.set()


@public_task(name="tests.look_around")
def look_around() -> list[str]:
    assert current() == PUBLIC
    return sorted(business.schema_name for business in each_business())


@business_task(name="tests.wait_for_postgres")
def wait_for_postgres(business: Business) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(30)")


@public_task(name="tests.wait_for_postgres_too")
def wait_for_postgres_too() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(30)")


def hear_nothing(**_: Any) -> None:
    """A body that is never reached."""


class Sender(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    channel_layer_alias = None

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        is_sent = await database_sync_to_async(listen.send)(self.scope["business"], number=7)
        await self.send(str(is_sent))


@pytest.fixture
def worker() -> Iterator[None]:
    heard.clear()
    arrived.clear()
    app.loader.import_default_modules()
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=20):
        yield


@pytest.fixture
def session(globex: Business, member: MakeMember, client_for: ClientFor) -> str:
    """Grace of globex is signed in; Ada works at acme."""
    member("rep", name="Ada")
    return str(client_for(member("rep", business=globex, name="Grace")).cookies["session"].value)


async def test_a_task_sent_from_a_socket_runs_in_the_sockets_business(worker: None, session: str) -> None:
    headers = [
        (b"host", b"globex.localhost"),
        (b"origin", b"http://globex.localhost"),
        (b"cookie", f"session={session}".encode()),
    ]
    opened = Communicator(BusinessSocket(Sender.as_asgi()), "/send", headers=headers)
    assert (await opened.connect(timeout=10))[0]
    await opened.send_to("now")
    assert await opened.receive_from(timeout=10) == "True"
    assert await database_sync_to_async(arrived.wait)(20)
    assert heard == [("globex", ["Grace"], 7)]
    await opened.disconnect()


def test_a_task_runs_at_once_when_called(acme: Business, member: MakeMember) -> None:
    heard.clear()
    member("rep", name="Ada")
    listen(acme, number=3)
    assert heard == [("acme", ["Ada"], 3)]
    assert current() is None


@pytest.mark.parametrize("kwargs", [{}, {"business_id": None}, {"business_id": 0}])
def test_a_task_without_a_business_does_nothing(kwargs: dict[str, Any], acme: Business) -> None:
    heard.clear()
    with business_scope(acme), pytest.raises(NoBusiness):
        app.tasks["tests.listen"](**kwargs)
    assert heard == []


def test_a_task_of_a_business_that_is_gone_does_nothing() -> None:
    with pytest.raises(Tenant.DoesNotExist):
        app.tasks["tests.listen"](business_id=987_654)


def test_the_shared_schema_is_no_business() -> None:
    with pytest.raises(NoBusiness):
        listen(PUBLIC)
    with pytest.raises(NoBusiness):
        listen.send(PUBLIC)


def test_a_public_task_sees_every_business() -> None:
    assert look_around() == ["acme", "globex"]


def test_a_broker_that_is_down_is_told_and_nothing_breaks(acme: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    from celery import Celery

    deaf = Celery("deaf", broker="redis://127.0.0.1:1/0", set_as_current=False)
    deaf.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    monkeypatch.setattr(listen, "_task", deaf.task(name="tests.deaf", shared=False)(hear_nothing))
    started = time.monotonic()
    assert listen.send(acme) is False
    assert time.monotonic() - started < 2


def test_a_postgres_that_does_not_answer_holds_no_worker(
    businesses: dict[str, Business], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "ANSWER_S", 0.5)
    began = time.monotonic()
    with pytest.raises(DatabaseError):
        app.tasks["tests.wait_for_postgres"].run(business_id=businesses["acme"].id)
    with pytest.raises(DatabaseError):
        app.tasks["tests.wait_for_postgres_too"].run()
    assert time.monotonic() - began < 20
