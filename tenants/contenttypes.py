"""Content types per business: the same model may have another number in another schema.

django-tenants empties Django's process-wide cache on every switch; a ContextVar has no switch to hook into,
so the cache itself is kept by schema.
"""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType

from tenants.context import NoBusiness, current


class CacheBySchema:
    """The part of a dict that `ContentTypeManager` uses, with the current schema as a hidden first key."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], dict[Any, ContentType]] = {}

    def __getitem__(self, using: str) -> dict[Any, ContentType]:
        return self._entries[_schema(), using]

    def setdefault(self, using: str, default: dict[Any, ContentType]) -> dict[Any, ContentType]:
        return self._entries.setdefault((_schema(), using), default)

    def clear(self) -> None:
        self._entries.clear()


def install() -> None:
    """Called once, when the apps are ready."""
    cache = CacheBySchema()
    for manager in ContentType._meta.managers:  # noqa: SLF001 - the only list of them there is
        manager._cache = cache  # type: ignore[attr-defined]  # noqa: SLF001


def _schema() -> str:
    business = current()
    if business is None:
        raise NoBusiness
    return business.schema_name
