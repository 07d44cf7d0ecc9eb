"""Background tasks that say whose they are. Without a business a task raises before it does anything."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from celery import shared_task
from kombu.exceptions import OperationalError

from tenants.context import Business, NoBusiness, business_scope, public_scope
from tenants.postgresql.patience import answers_within
from tenants.selectors import business_by_id, each_business

__all__ = ["BusinessTask", "PublicTask", "business_task", "each_business", "public_task"]

log = logging.getLogger(__name__)

ANSWER_S = 60.0
"""A worker waits so long for one answer of Postgres. A connection that was lost without a word answers never, and the
task would hold its worker until its time limit; a task that failed is found again by the sweeper."""

P = ParamSpec("P")
R = TypeVar("R")


class BusinessTask(Generic[P, R]):
    """A function of one business that a worker can run. Call it directly, or `send` it."""

    def __init__(self, name: str, body: Callable[Concatenate[Business, P], R], **options: Any) -> None:
        self.name = name
        self._body = body
        # typing=False: Celery's check of arguments counts the `self` of a bound method as one of them.
        self._task: Any = shared_task(name=name, typing=False, **options)(self._run)  # type: ignore[no-untyped-call]

    def __call__(self, business: Business, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run now, in the business's scope. Raises `NoBusiness` for the shared schema."""
        if business.is_public:
            raise NoBusiness
        with business_scope(business):
            return self._body(business, *args, **kwargs)

    def send(self, business: Business, **kwargs: Any) -> bool:
        """Queue it; `kwargs` are JSON values. Blocks for the broker, so call it from a thread, not on the loop.

        False when the broker can not be reached: every task is found again by a sweeper, so a caller
        need do nothing about it.
        """
        if business.is_public:
            raise NoBusiness
        try:
            self._task.apply_async(kwargs={**kwargs, "business_id": business.id}, retry=False)
        except OperationalError:
            log.warning("Task %s not queued: the broker can not be reached", self.name)
            return False
        return True

    def _run(self, *, business_id: int | None = None, **kwargs: Any) -> None:
        if not business_id:
            raise NoBusiness
        with answers_within(ANSWER_S):
            self(business_by_id(business_id), **kwargs)  # type: ignore[call-arg]


class PublicTask:
    """A function of the whole installation: fan-outs and upkeep of the shared schema."""

    def __init__(self, name: str, body: Callable[[], Any], **options: Any) -> None:
        self.name = name
        self._body = body
        self._task: Any = shared_task(name=name, typing=False, **options)(self._run)  # type: ignore[no-untyped-call]

    def __call__(self) -> Any:
        with public_scope():
            return self._body()

    def _run(self) -> None:
        with answers_within(ANSWER_S):
            self()


def business_task(
    *, name: str, **options: Any
) -> Callable[[Callable[Concatenate[Business, P], R]], BusinessTask[P, R]]:
    """`@business_task(name="calls.write_report")` over `def f(business, **kwargs)`; `options` are Celery's."""

    def decorate(body: Callable[Concatenate[Business, P], R]) -> BusinessTask[P, R]:
        return BusinessTask(name, body, **options)

    return decorate


def public_task(*, name: str, **options: Any) -> Callable[[Callable[[], Any]], PublicTask]:
    """`@public_task(name="calls.sweep")` over `def f()`."""

    def decorate(body: Callable[[], Any]) -> PublicTask:
        return PublicTask(name, body, **options)

    return decorate
