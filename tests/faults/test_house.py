"""Five things break at the same time in one installation, each with a call of its own: nothing said is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.faults.faults import named
from tests.faults.house import House
from tests.faults.ledger import Account
from tests.faults.scene import play

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]

LASTS_S = 4.0
TOGETHER = (
    "web: kill -9 of the call's owner",
    "web: SIGSTOP of the call's owner for 15 s",
    "speech: 503 for 15 s",
    "Postgres: link cut for 15 s",
    "rep's link: cut for 10 s",
)


async def broken_together() -> dict[str, Account]:
    async with House() as house:
        faults = [replace(named(name), lasts_s=LASTS_S) for name in TOGETHER]
        results = await asyncio.gather(*(play(house, fault) for fault in faults))
    return {result.fault: result.account for played in results for result in played}


def test_nothing_is_lost_doubled_or_acknowledged_too_early() -> None:
    # On a loop of its own: a house is no part of this process's Django.
    accounts = asyncio.run(broken_together())
    assert set(accounts) == set(TOGETHER)
    assert {name: account.faults for name, account in accounts.items() if account.faults} == {}
    assert min(account.captured_samples for account in accounts.values()) > 8 * 16_000
