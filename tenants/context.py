"""The current business, as a ContextVar: it follows `await`, tasks and worker threads, and nothing else does.

No current business is an error for whoever needs one, never `public` by default.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

PUBLIC_SCHEMA = "public"


class NoBusiness(RuntimeError):
    """Code that touches a business's data ran without saying whose."""

    def __init__(self) -> None:
        super().__init__("No current business: enter business_scope(...) or public_scope() first.")


@dataclass(frozen=True, slots=True)
class Business:
    """Whose data is meant. `id` is Tenant.id, 0 for the shared schema; `schema_name` is permanent."""

    id: int
    schema_name: str
    name: str

    @property
    def is_public(self) -> bool:
        return self.schema_name == PUBLIC_SCHEMA


PUBLIC = Business(id=0, schema_name=PUBLIC_SCHEMA, name="Sales Pilot")

_current: ContextVar[Business | None] = ContextVar("business", default=None)


def current() -> Business | None:
    return _current.get()


def require_tenant() -> Business:
    """The current business; raises `NoBusiness` when there is none or only the shared schema."""
    business = _current.get()
    if business is None or business.is_public:
        raise NoBusiness
    return business


def set_current(business: Business | None) -> None:
    """For the database backend and the middlewares; everyone else uses the scopes below."""
    _current.set(business)


@contextmanager
def business_scope(business: Business | None) -> Iterator[Business | None]:
    """Everything inside belongs to `business`. Safe around `await` and in async generators of one task."""
    before = _current.get()
    _current.set(business)
    try:
        yield business
    finally:
        _current.set(before)


def public_scope() -> AbstractContextManager[Business | None]:
    """The shared schema: businesses, domains, operators, prices."""
    return business_scope(PUBLIC)
