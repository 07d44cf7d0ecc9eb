"""Sockets: whose they are, who may open them, and when they must end."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import timezone

from tenants.context import Business, business_scope, current
from tenants.members.models import ApiKey, Member
from tenants.sockets import BusinessSocket, still_allowed
from tests.communicator import Communicator
from tests.conftest import ClientFor, MakeMember

pytestmark = [pytest.mark.sockets, pytest.mark.usefixtures("committed_db")]

SESSION_COOKIE = "session"


class Probe(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """Answers every message with what this socket can see."""

    channel_layer_alias = None

    async def connect(self) -> None:
        await self.accept()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        names = await database_sync_to_async(lambda: [m.name for m in Member.objects.all()])()
        streamed = [m.name async for m in Member.objects.all()]
        business = current()
        assert business is not None
        await self.send(
            json.dumps(
                {
                    "business": business.schema_name,
                    "names": names,
                    "streamed": streamed,
                    "member": self.scope["member"].name,
                    "allowed": await still_allowed(self.scope),
                }
            )
        )


def socket(host: str, *, origin: str | None = "same", cookie: str = "", key: str = "") -> Communicator:
    headers = [(b"host", host.encode())]
    if origin is not None:
        headers.append((b"origin", (f"http://{host}" if origin == "same" else origin).encode()))
    if cookie:
        headers.append((b"cookie", f"{SESSION_COOKIE}={cookie}".encode()))
    if key:
        headers.append((b"authorization", f"Bearer {key}".encode()))
    return Communicator(BusinessSocket(Probe.as_asgi()), "/probe", headers=headers)


async def ask(opened: Communicator) -> dict[str, Any]:
    await opened.send_to("?")
    answer: dict[str, Any] = json.loads(await opened.receive_from(timeout=10))
    return answer


@pytest.fixture
def sessions(member: MakeMember, client_for: ClientFor, globex: Business) -> dict[str, str]:
    """Signed-in session ids: Ada's at acme, Grace's at globex."""
    people = {"acme": member("rep", name="Ada"), "globex": member("rep", business=globex, name="Grace")}
    return {name: client_for(person).cookies[SESSION_COOKIE].value for name, person in people.items()}


async def test_two_sockets_of_two_businesses_never_mix(sessions: dict[str, str]) -> None:
    ours, theirs = (
        socket("acme.localhost:8000", cookie=sessions["acme"]),
        socket("globex.localhost:8000", cookie=sessions["globex"]),
    )
    assert (await ours.connect(timeout=10))[0]
    assert (await theirs.connect(timeout=10))[0]
    for _ in range(10):
        mine, other = await asyncio.gather(ask(ours), ask(theirs))
        assert (mine["business"], mine["names"], mine["streamed"]) == ("acme", ["Ada"], ["Ada"])
        assert (other["business"], other["names"], other["streamed"]) == ("globex", ["Grace"], ["Grace"])
    await ours.disconnect()
    await theirs.disconnect()
    assert current() is None


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("acme.localhost:8000", "http://globex.localhost:8000"),
        ("acme.localhost:8000", "http://acme.localhost"),
        ("acme.localhost:8000", "http://acme.localhost.evil.example:8000"),
        ("acme.localhost:8000", "null"),
        ("acme.localhost:8000", ""),
        ("acme.localhost:8000", None),
        ("acme.localhost:8000", "file://acme.localhost:8000"),
        ("acme.localhost:8000", "http://[broken"),
        ("nobody.localhost:8000", "same"),
        ("localhost", "same"),
    ],
)
async def test_a_foreign_origin_or_an_unknown_host_is_refused_before_accept(
    sessions: dict[str, str], host: str, origin: str | None
) -> None:
    opened = socket(host, origin=origin, cookie=sessions["acme"])
    is_accepted, _ = await opened.connect(timeout=10)
    assert not is_accepted


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ("https://acme.localhost", True),
        ("http://acme.localhost", False),
        ("https://acme.localhost:8443", False),
        ("null", False),
    ],
)
async def test_behind_tls_the_origin_must_be_https_and_the_same_port(
    sessions: dict[str, str], settings: Any, origin: str, may: bool
) -> None:
    settings.HTTPS = True
    opened = socket("acme.localhost", origin=origin, cookie=sessions["acme"])
    is_accepted, _ = await opened.connect(timeout=10)
    assert is_accepted is may
    if may:
        await opened.disconnect()


async def test_without_a_session_the_socket_closes_with_4401_and_a_reason() -> None:
    opened = socket("acme.localhost")
    assert (await opened.connect(timeout=10))[0]
    closed = await opened.receive_output(timeout=10)
    assert (closed["code"], closed["reason"]) == (4401, "Please sign in again.")


async def test_a_session_of_one_business_opens_nothing_on_the_others_host(sessions: dict[str, str]) -> None:
    opened = socket("globex.localhost", cookie=sessions["acme"])
    await opened.connect(timeout=10)
    assert (await opened.receive_output(timeout=10))["code"] == 4401


@pytest.fixture
def key(acme: Business, member: MakeMember) -> tuple[ApiKey, str]:
    person = member("manager", name="Ada")
    with business_scope(acme):
        return ApiKey.issue(member=person, name="crm")


async def test_a_program_needs_no_origin_but_a_key(key: tuple[ApiKey, str]) -> None:
    opened = socket("acme.localhost", origin=None, key=key[1])
    assert (await opened.connect(timeout=10))[0]
    assert (await ask(opened))["member"] == "Ada"
    await opened.disconnect()


@pytest.mark.parametrize(("host", "is_revoked"), [("acme.localhost", True), ("globex.localhost", False)])
async def test_a_revoked_key_and_a_strangers_key_open_nothing(
    acme: Business, key: tuple[ApiKey, str], host: str, is_revoked: bool
) -> None:
    row, secret = key
    if is_revoked:
        await in_business(acme, lambda: ApiKey.objects.filter(pk=row.pk).update(revoked_at=timezone.now()))
    opened = socket(host, origin=None, key=secret)
    await opened.connect(timeout=10)
    assert (await opened.receive_output(timeout=10))["code"] == 4401


async def test_a_key_with_a_foreign_origin_is_refused(key: tuple[ApiKey, str]) -> None:
    opened = socket("acme.localhost", origin="http://evil.example", key=key[1])
    assert not (await opened.connect(timeout=10))[0]


@pytest.mark.parametrize("change", ["disabled", "role", "password", "signed out"])
async def test_an_open_socket_learns_that_its_right_has_ended(
    acme: Business, sessions: dict[str, str], client_for: ClientFor, change: str
) -> None:
    opened = socket("acme.localhost", cookie=sessions["acme"])
    assert (await opened.connect(timeout=10))[0]
    assert (await ask(opened))["allowed"]

    def end() -> None:
        ada = Member.objects.get(name="Ada")
        if change == "disabled":
            Member.objects.filter(pk=ada.pk).update(is_active=False)
        elif change == "role":
            Member.objects.filter(pk=ada.pk).update(roles=["billing"])
        elif change == "password":
            ada.set_password("another-long-password")
            ada.save()
        else:
            client = client_for(None)
            client.cookies[SESSION_COOKIE] = sessions["acme"]
            client.post("/sign-out/")

    await in_business(acme, end)
    assert not (await ask(opened))["allowed"]
    await opened.disconnect()


async def test_a_revoked_key_ends_an_open_socket(acme: Business, key: tuple[ApiKey, str]) -> None:
    row, secret = key
    opened = socket("acme.localhost", origin=None, key=secret)
    await opened.connect(timeout=10)
    assert (await ask(opened))["allowed"]
    await in_business(acme, lambda: ApiKey.objects.filter(pk=row.pk).update(revoked_at=timezone.now()))
    assert not (await ask(opened))["allowed"]
    await opened.disconnect()


async def in_business(business: Business, work: Any) -> None:
    def inside() -> None:
        with business_scope(business):
            work()

    await sync_to_async(inside)()
