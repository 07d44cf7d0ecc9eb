"""The business and the member of a websocket, decided before the call's own code sees it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import InterfaceError, OperationalError

from tenants.context import Business, business_scope
from tenants.members.authentication import bearer_secret, member_for_session, valid_key
from tenants.members.refs import MemberRef
from tenants.postgresql.patience import answers_within
from tenants.selectors import Address, hosts

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

NOT_SIGNED_IN = 4401
ANSWER_S = 10.0
"""How long the database may think about who it is; then nobody is let in, and who is in stays."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What a socket was opened with, kept so that it can be checked again. Never logged."""

    session_key: str = ""
    api_key: str = ""

    def __repr__(self) -> str:
        return "Credential(…)"


class BusinessSocket:
    """ASGI middleware for websockets. Adds `scope["business"]` (Business) and `scope["member"]` (MemberRef).

    Unknown host, foreign Origin, or no Origin without an API key: refused before accept (HTTP 403). Not signed
    in: accepted and closed with 4401, because a browser's script can not read a refused handshake. `inner`
    runs in the business's scope and receives every message itself, `websocket.connect` included.
    """

    def __init__(self, inner: Application) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        credential = credential_of(headers.get("authorization", ""), headers.get("cookie", ""))
        address = await _address(headers.get("host", ""))
        if address is None or not origin_is_ours(headers, has_key=bool(credential.api_key)):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        with business_scope(address.business):
            member = await _member(credential)
            if member is None:
                await _close_unsigned(receive, send)
                return
            await self.inner(
                {**scope, "business": address.business, "member": member, "credential": credential}, receive, send
            )


async def still_allowed(scope: Scope) -> bool:
    """`still_stands` for the one who opened the socket."""
    return await still_stands(scope["credential"], business=scope["business"], member=scope["member"])


async def still_stands(credential: Credential, *, business: Business, member: MemberRef) -> bool:
    """Whether the session or key still stands and the member is active with the same roles.

    While the database can not be asked the answer is yes: a fault of ours does not end calls.
    """
    with business_scope(business):
        try:
            found = await _member(credential)
        except (OperationalError, InterfaceError) as error:
            log.warning("Membership not checked again: %s", type(error).__name__)
            return True
    return found is not None and found.id == member.id and found.roles == member.roles


def origin_is_ours(headers: dict[str, str], *, has_key: bool) -> bool:
    """The Origin's host and port must equal the Host header. Programs with a key need not send one."""
    origin = headers.get("origin")
    if origin is None:
        return has_key
    try:
        parts = urlsplit(origin.lower())
        is_same = parts.netloc == headers.get("host", "").lower()
    except ValueError:
        return False
    return is_same and parts.scheme in ({"https"} if settings.HTTPS else {"http", "https"})


async def _address(host: str) -> Address | None:
    address = hosts.remembered(host) or await database_sync_to_async(hosts.find, thread_sensitive=False)(host)
    return None if address is None or address.business.is_public else address


async def _member(credential: Credential) -> MemberRef | None:
    found: MemberRef | None = await database_sync_to_async(_find_member, thread_sensitive=False)(credential)
    return found


def _find_member(credential: Credential) -> MemberRef | None:
    with answers_within(ANSWER_S):
        return _stored_member(credential)


def _stored_member(credential: Credential) -> MemberRef | None:
    if credential.api_key:
        key = valid_key(credential.api_key)
        return MemberRef.from_member(key.member, key) if key else None
    member = member_for_session(credential.session_key) if credential.session_key else None
    return MemberRef.from_member(member) if member else None


async def _close_unsigned(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": NOT_SIGNED_IN, "reason": "Please sign in again."})


def _headers(scope: Scope) -> dict[str, str]:
    """Header names are lower case in ASGI; of a repeated header the last counts."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def credential_of(authorization: str, cookie: str) -> Credential:
    """From the values of two headers. A key wins over a cookie, as in the API."""
    if secret := bearer_secret(authorization):
        return Credential(api_key=secret)
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(cookie)
    except CookieError:
        return Credential()
    morsel = cookies.get(settings.SESSION_COOKIE_NAME)
    return Credential(session_key=morsel.value if morsel else "")
