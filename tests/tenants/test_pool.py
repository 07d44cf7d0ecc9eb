"""A database that was away costs nobody a request once it is back, whatever lay in the pool."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import close_old_connections, connection

from tenants.context import Business, business_scope
from tests.calls.faults import PostgresAway

pytestmark = [pytest.mark.sockets, pytest.mark.usefixtures("committed_db")]

AT_ONCE = 4


def ask_at_once(business: Business) -> set[int]:
    """Each of `AT_ONCE` threads asks over a connection of its own, and gives it back; their process numbers."""
    together = threading.Barrier(AT_ONCE)

    def ask() -> int:
        with business_scope(business), connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
            together.wait(20)
        close_old_connections()
        return int(pid)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return {asked.result() for asked in [threads.submit(ask) for _ in range(AT_ONCE)]}


def test_connections_that_were_cut_in_the_pool_are_not_handed_out(acme: Business) -> None:
    before = ask_at_once(acme)
    assert len(before) == AT_ONCE
    fault = PostgresAway()
    try:
        fault.away()
    finally:
        fault.back()
    after = ask_at_once(acme)
    assert len(after) == AT_ONCE
    assert not before & after


def test_who_is_gone_in_mid_transaction_lets_go_of_its_locks(acme: Business) -> None:
    """A line that was lost without a word: its transaction would hold its rows until the network gives up."""
    with business_scope(acme), connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("15s",)
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)
