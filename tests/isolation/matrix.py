"""All attempts on a database that is not the one of the test run's settings."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from django.db import connections

from tenants.context import Business, public_scope
from tenants.isolation.attempt import Line, try_all
from tenants.isolation.registry import ATTEMPTS
from tenants.isolation.stage import Stage, rows
from tenants.postgresql.base import DatabaseWrapper
from tests import owner


def tried(
    database: str, login: str, options: dict[str, Any] | None = None, *, is_managed: bool = False
) -> dict[str, Line]:
    """By name. From acme towards globex, on a pool of its own, with `options` over those of the settings."""
    settings = deepcopy(connections.settings["default"])
    settings |= {"NAME": database, "USER": login}
    settings["OPTIONS"] |= {"pool": {"min_size": 1, "max_size": 4}, **(options or {})}

    def connect() -> DatabaseWrapper:
        return DatabaseWrapper(settings, alias=database)

    first = connect()
    try:
        with public_scope():
            ids: dict[str, int] = dict(rows(first, "SELECT schema_name, id FROM tenants_tenant"))
        first.close()
        ours, theirs = (Business(id=ids[name], schema_name=name, name=name) for name in owner.BUSINESSES)
        return {line.name: line for line in try_all(ATTEMPTS, Stage(connect, ours, theirs), is_managed=is_managed)}
    finally:
        connect().close_pool()


def surprises(lines: dict[str, Line]) -> dict[str, str]:
    return {name: f"{line.result}: {line.detail}" for name, line in lines.items() if not line.ok}
