"""Every socket, as a member of another business, as the wrong role, and as nobody."""

from __future__ import annotations

import pytest

from calls.live.threads import in_thread
from calls.routing import websocket_urlpatterns
from tenants.context import Business
from tests.calls.talking import HELLO, Closed, Socket
from tests.conftest import MakeMember
from tests.stranger.planted import Planted, key_of
from tests.stranger.rules import ROLES

REFUSALS = {4401, 4403, 4404}


def addresses(call_id: str) -> list[str]:
    """Every socket's address, from the routing itself; the last pattern takes what no other does."""
    names = [str(entry.pattern).rpartition("/")[2].removesuffix("$") for entry in websocket_urlpatterns]
    return [f"/ws/calls/{call_id}/{name or 'no-such-socket'}" for name in names]


async def refusal(path: str, host: str, *, key: str = "", cookie: str = "", origin: str = "") -> int:
    """The code that a socket was closed with; fails when it goes on talking."""
    headers = [(b"host", host.encode())]
    headers += [(b"authorization", f"Bearer {key}".encode())] if key else []
    headers += [(b"cookie", f"session={cookie}".encode())] if cookie else []
    headers += [(b"origin", origin.encode())] if origin else []
    try:
        async with Socket(path, headers) as socket:
            if path.endswith("audio"):
                socket.send(HELLO)
            closed = await socket.closed()
            assert socket.messages == [] or all(one["type"] == "error" for one in socket.messages)
    except Closed as early:
        return early.code
    return closed.code


async def test_every_socket_refuses_a_member_of_another_business(
    planted: Planted, globex: Business, member: MakeMember
) -> None:
    key = await in_thread(lambda: key_of(member(*ROLES, business=globex), globex))()
    for path in addresses(planted.call_id):
        assert await refusal(path, "globex.localhost", key=key) == 4404, path
        assert await refusal(path, "acme.localhost", key=key) == 4401, path


async def test_every_socket_refuses_nobody(planted: Planted) -> None:
    for path in addresses(planted.call_id):
        for host in ("acme.localhost", "globex.localhost"):
            assert await refusal(path, host, origin=f"http://{host}") == 4401, path
        # No Origin and no key, or the page of another business: refused before accept.
        assert await refusal(path, "acme.localhost") == 1008, path
        assert await refusal(path, "acme.localhost", origin="http://globex.localhost") == 1008, path
        assert await refusal(path, "nowhere.localhost", origin="http://nowhere.localhost") == 1008, path


@pytest.mark.parametrize("role", ["rep", "billing"])
async def test_every_socket_refuses_the_wrong_role(
    planted: Planted, acme: Business, member: MakeMember, role: str
) -> None:
    """A rep who is not on the call, and billing staff."""
    key = await in_thread(lambda: key_of(member(role, business=acme), acme))()
    for path in addresses(planted.call_id):
        assert await refusal(path, "acme.localhost", key=key) in REFUSALS, path
