"""Error reports. Without `SENTRY_DSN` nothing is started. Health and metrics live in `salespilot.probes`.

What leaves: the exception's type and stack, the ids of business and call, release and environment. What never
leaves: request bodies, headers, cookies, query strings, local variables, breadcrumbs, task arguments, texts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings

from salespilot.privacy import WITHHELD, is_ours
from tenants.context import current

if TYPE_CHECKING:
    from sentry_sdk._types import DataCollectionUserOptions, KeyValueCollectionBehaviour
    from sentry_sdk.types import Event, Hint

_CALL_IN_PATH = re.compile(r"/calls/([0-9a-f]{8}-[0-9a-f-]{27})(?:/|$)")
_DROPPED = ("user", "extra", "breadcrumbs", "server_name", "modules", "spans")
_KEPT_CONTEXTS = ("trace", "runtime", "os")

_OFF: KeyValueCollectionBehaviour = {"mode": "off"}

NOTHING_PERSONAL: DataCollectionUserOptions = {
    "user_info": False,
    "cookies": _OFF,
    "http_headers": {"request": _OFF},
    "http_bodies": [],
    "url_query_params": _OFF,
    "graphql": {"document": False, "variables": False},
    "gen_ai": {"inputs": False, "outputs": False},
    "database_query_data": False,
    "queues": False,
    "stack_frame_variables": False,
}
"""What the SDK may collect by itself. It is told, and not trusted: `strip` looks at every event again."""


def start() -> None:
    """Starts error reports when a DSN is set; harmless when called again."""
    if not settings.SENTRY_DSN:
        return
    import sentry_sdk  # noqa: PLC0415 -- costs nothing where it is not used

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        environment=settings.SENTRY_ENVIRONMENT,
        data_collection=NOTHING_PERSONAL,
        max_breadcrumbs=0,
        traces_sample_rate=0.0,
        before_send=strip,
    )


def strip(event: Event, _hint: Hint | None = None) -> Event:
    """The event without anybody's words. Also for events built by hand: it does not trust the SDK's options."""
    body = cast(dict[str, Any], event)  # a TypedDict, edited key by key
    path = _path(body.get("request", {}).get("url", ""))
    for key in _DROPPED:
        body.pop(key, None)
    if "request" in body:
        body["request"] = {"method": body["request"].get("method", ""), "url": path}
    if "logentry" in body:
        body["logentry"] = {"message": body["logentry"].get("message", "")}
    body["contexts"] = {key: value for key, value in body.get("contexts", {}).items() if key in _KEPT_CONTEXTS}
    _strip_exceptions(body)
    _strip_frames(body.get("threads", {}).get("values", []))
    body["tags"] = _tags(body.get("tags"), path)
    return event


def _strip_exceptions(body: dict[str, Any]) -> None:
    exceptions = body.get("exception", {}).get("values", [])
    for exception in exceptions:
        if not is_ours(exception.get("module")):
            exception["value"] = WITHHELD
        exception.pop("mechanism", None)
    _strip_frames(exceptions)


def _strip_frames(holders: list[dict[str, Any]]) -> None:
    for holder in holders:
        for frame in (holder.get("stacktrace") or {}).get("frames", []):
            frame.pop("vars", None)


def _tags(given: object, path: str) -> dict[str, str]:
    """The business and the call, when they are known; ids only."""
    tags = dict(given) if isinstance(given, dict) else {}
    kept = {key: str(value) for key, value in tags.items() if key == "call"}
    business = current()
    if business is not None and not business.is_public:
        kept["business"] = str(business.id)
    if found := _CALL_IN_PATH.search(path):
        kept["call"] = found[1]
    return kept


def _path(url: str) -> str:
    """Only the path: a query string or a host may say who."""
    return "/" + url.split("?", maxsplit=1)[0].split("://", maxsplit=1)[-1].partition("/")[2]
