"""One business's schema, brought up to date under its lock and with patience for the locks of others."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psycopg
from django.db import connection

from tenants.context import public_scope
from tenants.schemas import SchemaBusy, bring_up_to_date, owner_connection, schema_lock

PAUSE_S = 1.0
_PASSING = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a migration waits for a table that is in use before it lets go, and how often it comes back.

    A waiting ALTER TABLE holds up everyone who comes after it: better short and often than long.
    """

    lock_timeout_s: float = 5.0
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """`error` is empty when the schema is up to date now; else a line without anybody's data."""

    schema: str
    seconds: float
    error: str = ""


def upgrade_one(schema: str, patience: Patience) -> Outcome:
    """Never raises for a fault of this schema: the others must go on. Leaves no connection open."""
    began = time.monotonic()
    for attempt in range(1, patience.attempts + 1):
        try:
            _upgrade(schema, patience)
        except Exception as error:  # noqa: BLE001 - whatever a migration raises is this schema's outcome
            if attempt < patience.attempts and _is_passing(error):
                time.sleep(PAUSE_S * attempt)
                continue
            return Outcome(schema, _since(began), _in_a_line(error))
        finally:
            # A connection that has seen many schemas remembers them all: hundreds of megabytes after 1,000.
            connection.close()
        break
    return Outcome(schema, _since(began))


def _upgrade(schema: str, patience: Patience) -> None:
    with schema_lock(schema, wait_s=patience.lock_timeout_s):
        with public_scope():
            owner_connection().execute(f"SET lock_timeout = {round(patience.lock_timeout_s * 1000)}", prepare=False)
        bring_up_to_date(schema)


def _is_passing(error: Exception) -> bool:
    return isinstance(error, (SchemaBusy, *_PASSING)) or isinstance(error.__cause__, _PASSING)


def _in_a_line(error: Exception) -> str:
    """Only the first: Postgres puts the values of rows into the lines after it."""
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}"


def _since(began: float) -> float:
    return round(time.monotonic() - began, 2)
