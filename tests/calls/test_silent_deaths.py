"""Nothing ends without a word: a part that fails costs itself, leaves a trace, and whoever waits is told."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest
from django.utils import timezone

from calls import metrics
from calls.live import feed as feed_module
from calls.live import housekeeping
from calls.live import session as session_module
from calls.live import sockets as sockets_module
from calls.live.registry import registry
from calls.live.threads import in_thread
from calls.models import Call, CallState
from calls.sweeper import end_silent_calls
from tenants.context import Business, business_scope
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.programs import Client, closed, hello, speak, until
from tests.calls.talking import say_hello, wait_until
from tests.calls.talking import speak as speak_here
from tests.server import Server


def counted(service: str) -> float:
    return float(metrics.errors.labels(service)._value.get())


async def test_a_coach_that_fails_every_second_takes_nothing_else_with_it(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "OFFLINE_AFTER_S", 1.5)

    def broken(*_: object) -> None:
        raise RuntimeError("a play of the playbook")

    monkeypatch.setattr("coaching.coach.Coach.tick", broken)
    before = counted("session")
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        state = await audio.until(lambda message: message.get("rung") == "offline")
        assert state["since"]["link"] > 0
        speak_here(audio, 0.1)
        await audio.until(lambda message: message.get("parts", {}).get("link") == "full")
    assert counted("session") > before


async def test_a_session_that_can_not_start_leaves_nothing_behind(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no start")

    rep = await caller("rep")
    call_id = await rep.start_call()
    with monkeypatch.context() as patched:
        patched.setattr(session_module, "repair_the_past", broken)
        async with rep.audio(call_id) as audio:
            audio.send({"type": "hello", "protocol": 1, "encoding": "linear16", "sample_rate": 16_000, "channels": 2,
                        "resume": 0})  # fmt: skip
            assert (await audio.closed()).code == 1013
    assert not registry.sessions
    assert not registry._feeds
    assert not registry._held
    async with rep.audio(call_id) as audio:
        assert (await say_hello(audio))["epoch"] == 2


async def test_a_socket_that_can_not_be_watched_over_closes_with_a_reason(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: Any) -> bool:
        raise RuntimeError("not foreseen")

    monkeypatch.setattr(sockets_module, "CHECK_EVERY_S", 0.1)
    monkeypatch.setattr(sockets_module, "still_allowed", broken)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.events(call_id) as events:
        found = await events.closed()
    assert (found.code, found.reason) == (1013, "Something failed on our side: try again in a moment.")


@pytest.mark.sockets
async def test_a_poll_whose_log_can_not_be_read_says_try_again(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "READ_WITHIN_S", 0.5)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with await psycopg.AsyncConnection.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        await owner.execute("LOCK TABLE acme.calls_callevent IN ACCESS EXCLUSIVE MODE")
        status, answer = await rep.get(f"/api/calls/{call_id}/events?after=0")
        await owner.rollback()
    assert (status, answer["code"]) == (503, "log_late")


async def test_a_worker_whose_clock_is_ahead_ends_nobodys_call(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    now = timezone.now

    def sweep() -> int:
        with business_scope(rep.business):
            return end_silent_calls()

    with monkeypatch.context() as ahead:
        ahead.setattr(timezone, "now", lambda: now() + timedelta(minutes=10))
        assert await in_thread(sweep)() == 0
    assert (await rep.row(call_id)).state == CallState.OPEN

    def long_ago() -> None:
        with business_scope(rep.business):
            Call.objects.filter(pk=call_id).update(heard_at=now() - timedelta(minutes=10))

    await in_thread(long_ago)()
    assert await in_thread(sweep)() == 1


async def test_signs_of_life_are_told_by_the_databases_clock(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() - timedelta(hours=1))
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        speak_here(audio, 0.2)
        session = registry.get(rep.business, uuid.UUID(call_id))
        assert session is not None
        assert session._intake._age_s(asyncio.get_running_loop().time()) < 600
        session.log.touch()
        await wait_until(lambda: session.log.is_clean)
    assert now() - (await rep.row(call_id)).heard_at < timedelta(minutes=1)


@pytest.fixture
def stopping(committed_db: None) -> Iterator[Server]:
    with Server(SPEECH_PROVIDER="none") as running:
        yield running


@pytest.fixture(scope="module")
def second(businesses: dict[str, Business]) -> Iterator[Server]:
    with Server(SPEECH_PROVIDER="none") as running:
        yield running


@pytest.mark.sockets
async def test_a_server_that_stops_tells_readers_and_probes_too(
    stopping: Server, second: Server, caller: MakeCaller
) -> None:
    rep, manager = await caller("rep"), await caller("manager")
    client, board = Client(stopping, rep), Client(stopping, manager)
    call_id = await client.start_call()
    async with client.audio(call_id) as audio, client.events(call_id) as own, board.events(call_id) as watching:
        await hello(audio)
        await speak(audio, 1)
        await until(own, type="meters")
        last = (await client.get(f"/api/calls/{call_id}/events?after=0")).json()["last"]
        poll = asyncio.create_task(board.get(f"/api/calls/{call_id}/events?after={last + 1}&wait=20"))
        async with httpx.AsyncClient(trust_env=False) as probe:
            host, port = stopping.address
            assert (await probe.get(f"http://{host}:{port}/healthz")).status_code == 200
            await wait_until(lambda: not poll.done())
            os.kill(stopping.pid("web"), signal.SIGTERM)
            seen = await moving(probe, f"http://{host}:{port}/healthz")
        assert seen
        for socket in (own, watching, audio):
            assert await closed(socket) == (1012, "Moving: reconnect at once.")
        assert (await poll).status_code in {200, 503}
    async with Client(second, rep).audio(call_id) as audio:
        assert (await hello(audio))["epoch"] == 2


async def moving(probe: httpx.AsyncClient, url: str) -> bool:
    """Whether the probe was told before the server was gone."""
    while True:
        try:
            answer = await probe.get(url)
        except httpx.TransportError:
            return False
        if answer.status_code == 503 and answer.json()["status"] == "moving":
            return True
