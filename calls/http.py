"""What every endpoint of the call API shares: who asks, what may come in, how errors look.

The endpoints are asynchronous views: a poll waits on the event loop and holds no database connection.
Authentication is DRF's, class by class as configured, in the same hop as the first query.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

import orjson
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.settings import api_settings

from calls import metrics
from calls.live.audio import FrameError
from calls.live.messages import MessageError, parse_object
from calls.live.people import NotYoursError
from calls.live.threads import in_thread
from calls.services import CallError
from calls.speech.browser import BrowserLineError
from tenants.context import Business, require_tenant
from tenants.members.models import ApiKey, Member, Scope
from tenants.members.refs import MemberRef
from tenants.sockets import credential_of, still_stands

MAX_BODY_BYTES = 1_048_576
MAX_JSON_BYTES = 262_144

T = TypeVar("T")
View = Callable[..., Awaitable[HttpResponse]]

logger = logging.getLogger(__name__)


class ApiError(Exception):
    """An answer that is an error: HTTP status, a word for programs, a sentence that says what to do."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, in which business."""

    member: MemberRef
    business: Business


def endpoint(*methods: str, scope: Scope | None = None) -> Callable[[View], Callable[..., Awaitable[HttpResponse]]]:
    """An asynchronous view for `methods`. CSRF is enforced by DRF's session authentication, keys need none.

    `scope` is what an API key must have; without one the operation takes no keys (`ApiKeyAuthentication` enforces it).
    """

    def decorate(view: View) -> Callable[..., Awaitable[HttpResponse]]:
        @csrf_exempt
        @wraps(view)
        async def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                if request.method not in methods:
                    raise ApiError(405, "method_not_allowed", f"Use {' or '.join(methods)} here.")  # noqa: TRY301
                return await view(request, *args, **kwargs)
            except Exception as error:
                known = explain(error)
                if known is None:
                    raise
                return answer({"code": known.code, "message": known.message}, status=known.status)

        guarded.key_scope = scope  # type: ignore[attr-defined]  # read by `key_scope_of`
        return guarded

    return decorate


def explain(error: Exception) -> ApiError | None:
    """The answer to a foreseen error; None for a fault of ours."""
    found: ApiError | None = None
    if isinstance(error, ApiError):
        found = error
    elif isinstance(error, CallError):
        found = ApiError(error.status, error.code, error.reason)
    elif isinstance(error, NotYoursError):
        found = ApiError(403, "not_allowed", error.reason)
    elif isinstance(error, MessageError | BrowserLineError):
        found = ApiError(400, "bad_request", error.reason)
    elif isinstance(error, FrameError):
        refusal = error.refusal
        found = ApiError({4413: 413, 4429: 429}.get(refusal.code, 400), f"audio_{refusal.metric}", refusal.reason)
    elif isinstance(error, APIException):
        found = ApiError(error.status_code, str(error.get_codes()), str(error.detail))
    elif isinstance(error, DatabaseError):
        metrics.errors.labels("database").inc()
        logger.warning("The call API found no database: %s", type(error).__name__)
        found = ApiError(503, "saving_late", "The server can not reach its database: try again in a moment.")
    return found


def authentication_classes() -> Sequence[type[BaseAuthentication]]:
    return cast("Sequence[type[BaseAuthentication]]", api_settings.DEFAULT_AUTHENTICATION_CLASSES)


class _Unread(BaseParser):
    """Any body, left alone: the CSRF check looks for a form field, and audio is none."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:  # noqa: ARG002
        return {}


async def ask(request: HttpRequest, work: Callable[[MemberRef], T]) -> tuple[Asked, T]:
    """Authenticates and runs `work(member)`, in one hop to the database.

    Raises `ApiError` 401, what DRF's classes raise and what `work` raises.
    """

    def authenticated() -> tuple[Asked, T]:
        # The REST framework's own request: its classes decide who this is, and enforce CSRF for sessions.
        kinds = [kind() for kind in authentication_classes()]
        wrapped = Request(request, parsers=[_Unread()], authenticators=kinds)
        member = wrapped.user
        if not isinstance(member, Member) or not member.is_active:
            raise ApiError(401, "not_signed_in", "Sign in, or send Authorization: Bearer with an API key.")
        ref = MemberRef.from_member(member, wrapped.auth if isinstance(wrapped.auth, ApiKey) else None)
        return Asked(ref, require_tenant()), work(ref)

    return await in_thread(authenticated)()


async def ask_again(request: HttpRequest, asked: Asked) -> None:
    """For answers that were waited for. Raises `ApiError` 401 when session, key, member or roles are not as before."""
    credential = credential_of(request.headers.get("Authorization", ""), request.headers.get("Cookie", ""))
    if not await still_stands(credential, business=asked.business, member=asked.member):
        raise ApiError(401, "not_signed_in", "You are signed out: please sign in again.")


def body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of the request. Raises `MessageError`."""
    return parse_object(raw_body(request, MAX_JSON_BYTES), max_bytes=MAX_JSON_BYTES)


def raw_body(request: HttpRequest, limit: int = MAX_BODY_BYTES) -> bytes:
    """The body as sent, kept for the CSRF check to look at. Raises `ApiError` 413 for more than `limit`."""
    try:
        declared = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        declared = 0
    if declared > limit:
        raise ApiError(413, "too_large", f"Send at most {limit} bytes at a time.")
    try:
        data = request.body
    except RequestDataTooBig:
        data = None
    if data is None or len(data) > limit:
        raise ApiError(413, "too_large", f"Send at most {limit} bytes at a time.")
    return data


def whole_parameter(request: HttpRequest, name: str, default: int | None, maximum: int) -> int:
    """A whole number of the query string, cut to `maximum`. Raises `ApiError` 400."""
    value = request.GET.get(name)
    if value is None and default is not None:
        return default
    if value is None or not value.isascii() or not value.isdigit() or len(value) > 15:
        raise ApiError(400, "bad_request", f"{name} is a whole number: add ?{name}=0, for example.")
    return min(int(value), maximum)


def answer(content: Any, *, status: int = 200) -> HttpResponse:
    return raw_answer(orjson.dumps(content), status=status)


def raw_answer(content: bytes, *, status: int = 200) -> HttpResponse:
    response = HttpResponse(content, content_type="application/json", status=status)
    response["Cache-Control"] = "no-store"
    return response
