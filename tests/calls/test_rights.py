"""Keys and teams on live calls: what a key may, and what becomes of a socket whose right has ended."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from calls import consumers
from calls.live import sockets
from calls.live.registry import registry
from calls.live.threads import in_thread
from tenants.audit.models import AuditLine
from tenants.context import Business, business_scope
from tenants.house.models import Policy
from tenants.members.models import Team
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.talking import wait_until

NOTE = {"type": "note", "text": "Offer the yearly plan."}


async def in_acme(acme: Business, work: Any) -> Any:
    def inside() -> Any:
        with business_scope(acme):
            return work()

    return await in_thread(inside)()


def lose_all_teams() -> None:
    Team.objects.get().leaders.clear()


def test_rights_are_asked_again_often_enough_to_end_a_socket_within_10_s() -> None:
    assert sockets.CHECK_EVERY_S <= 9


async def test_a_manager_who_loses_the_team_loses_the_socket(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "CHECK_EVERY_S", 0.1)
    rep, manager = await caller("rep"), await caller("manager")
    call_id = await rep.start_call()
    async with rep.events(call_id) as own, manager.events(call_id) as board:
        await board.until_kind("call_started")
        await in_acme(acme, lose_all_teams)
        closed = await board.closed()
        assert (closed.code, closed.reason) == (4403, "This is a call of somebody in none of the teams you lead.")
        assert (await own.until_kind("call_started"))["seq"] == 1
    assert (await manager.get(f"/api/calls/{call_id}/events"))[0] == 403
    assert (await manager.post(f"/api/calls/{call_id}/actions", NOTE))[0] == 403


async def test_a_poll_that_waits_tells_nothing_once_the_team_is_lost(
    live: None, hears: Hears, caller: MakeCaller, acme: Business
) -> None:
    rep, manager = await caller("rep"), await caller("manager")
    call_id = await rep.start_call()
    poll = asyncio.create_task(manager.get(f"/api/calls/{call_id}/events?after=1&wait=20"))
    await wait_until(lambda: any(feed.is_watched for feed in registry._feeds.values()))
    await in_acme(acme, lose_all_teams)
    await rep.post(f"/api/calls/{call_id}/end")
    assert (await poll)[0] == 403


async def test_a_watcher_leaves_when_the_call_ends_and_is_its_reps_first(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "CHECK_EVERY_S", 0.1)
    await in_acme(acme, lambda: Policy.objects.update(rep_first_hours=24))
    rep, manager = await caller("rep"), await caller("manager")
    call_id = await rep.start_call()
    async with rep.events(call_id) as own, manager.events(call_id) as board:
        await board.until_kind("call_started")
        await rep.post(f"/api/calls/{call_id}/end")
        closed = await board.closed()
        assert (closed.code, "sees this call first" in closed.reason) == (4403, True)
        await own.until_kind("call_ended")
    status, answer = await manager.get(f"/api/calls/{call_id}")
    assert (status, answer["code"]) == (403, "rep_first")
    assert (await rep.get(f"/api/calls/{call_id}"))[0] == 200


async def test_a_key_that_only_reads_neither_starts_a_call_nor_sends_audio(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    reader = await caller("manager", scopes=["calls:read"])
    rep = await caller("rep")
    assert (await reader.post("/api/calls", {"channels": 2}))[0] == 403
    call_id = await rep.start_call()
    async with reader.audio(call_id) as audio:
        closed = await audio.closed()
    assert (closed.code, closed.reason) == (4403, "This API key lacks the scope calls:write.")


async def test_a_key_that_only_reads_reads_the_socket_but_says_nothing_on_it(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    reader, rep = await caller("manager", scopes=["calls:read"]), await caller("rep")
    call_id = await rep.start_call()
    async with reader.events(call_id) as board:
        await board.until_kind("call_started")
        board.send(NOTE)
        refused = await board.until(lambda message: message["type"] == "error")
        assert (refused["code"], "lacks the scope calls:write" in refused["message"]) == (4403, True)
    assert [row.kind for row in await rep.log(call_id)].count("note") == 0


async def test_a_key_that_only_writes_opens_no_events(live: None, hears: Hears, caller: MakeCaller) -> None:
    writer = await caller("rep", scopes=["calls:write"])
    call_id = await writer.start_call()
    async with writer.events(call_id) as events:
        closed = await events.closed()
    assert (closed.code, closed.reason) == (4403, "This API key lacks the scope calls:read.")
    assert events.events() == []


async def test_watching_by_socket_and_polling_leave_one_line_with_the_key(
    live: None, hears: Hears, caller: MakeCaller, acme: Business
) -> None:
    rep, manager = await caller("rep"), await caller("manager")
    call_id = await rep.start_call()
    for _ in range(2):
        async with manager.events(call_id) as board:
            await board.until_kind("call_started")
        await manager.get(f"/api/calls/{call_id}/events")
    lines = await in_acme(acme, lambda: list(AuditLine.objects.filter(subject="call")))
    assert [(line.action, line.via, line.subject_id) for line in lines] == [("call_watched", "socket", call_id)]
    assert set(lines[0].detail) == {"key"}
