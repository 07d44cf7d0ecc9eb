"""Postgres and Redis go away for a while: coaching goes on, nothing acknowledged is lost, the light says so."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from pytest_django import Settings

from calls.events import Kind
from calls.live import store
from calls.live.audio import Frame
from calls.live.registry import registry
from calls.live.store import Batch, Outcome
from calls.live.threads import in_thread
from calls.models import Gap
from coaching.types import Channel
from tenants.context import Business, business_scope
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.faults import PostgresAway
from tests.calls.talking import say_hello, speak, wait_until
from tests.faults.proxy import Proxy
from tests.speech.fakes import ScriptedTurn

# They wait for time-outs of real services: beside other tests they would wait for those too.
pytestmark = pytest.mark.sockets

TURNS = tuple(
    ScriptedTurn(Channel.REP, 500 + 1_000 * number, 1_200 + 1_000 * number, f"sentence number {number} of the call")
    for number in range(6)
)


def rung(message: dict[str, Any]) -> str:
    return str(message.get("payload", {}).get("rung", ""))


def fanout(message: dict[str, Any]) -> str:
    return str(message.get("payload", {}).get("parts", {}).get("fanout", ""))


@pytest.fixture
async def postgres_away(committed_db: None) -> AsyncIterator[PostgresAway]:
    """`postgres_away.away()`: the application's role may not connect and its connections are cut."""
    fault = PostgresAway()
    yield fault
    await asyncio.to_thread(fault.back)


async def test_while_postgres_is_away_coaching_goes_on_and_everything_is_saved_afterwards(
    live: None, hears: Hears, caller: MakeCaller, postgres_away: PostgresAway
) -> None:
    hears(*TURNS)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        end = speak(audio, 2)
        await events.until_kind("line")
        await asyncio.to_thread(postgres_away.away)
        end = speak(audio, 4, first_sample=end)
        late = await events.until(lambda one: rung(one) == "saving_late")
        assert late["payload"]["parts"]["saving"] == "saving_late"
        while len([one for one in events.events() if one["kind"] == "line"]) < 5:
            await events.receive()
        await asyncio.to_thread(postgres_away.back)
        await events.until(lambda one: one.get("kind") == "state" and one["payload"]["parts"]["saving"] == "full")
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)
        status, _ = await rep.post(f"/api/calls/{call_id}/end")
        assert status == 200
        await events.until_kind("call_ended")
    log = await rep.log(call_id)
    assert [(row.seq, row.kind) for row in log] == [(one["seq"], one["kind"]) for one in events.events()]
    assert [row.payload["text"] for row in log if row.kind == "line"] == [turn.text for turn in TURNS]


async def test_a_save_that_hangs_is_told_before_it_fails(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody holds the log's table: the save neither works nor fails, for longer than anybody waits here."""
    monkeypatch.setattr(store, "ANSWER_S", 300.0)
    hears(*TURNS)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        # From here on this socket is told from memory: its own look at the log must not wait for the lock.
        await events.until_kind("call_started")
        async with await psycopg.AsyncConnection.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
            await owner.execute("LOCK TABLE acme.calls_callevent IN ACCESS EXCLUSIVE MODE")
            end = speak(audio, 2)
            await events.until(lambda one: rung(one) == "saving_late")
            assert max((one["samples"] for one in audio.messages if one["type"] == "ack"), default=0) == 0
            await owner.rollback()
        await events.until(lambda one: one.get("kind") == "state" and one["payload"]["parts"]["saving"] == "full")
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)


async def test_acks_stop_while_nothing_can_be_saved_or_stored(
    live: None, hears: Hears, caller: MakeCaller, postgres_away: PostgresAway, tmp_path: Path
) -> None:
    """A disk that refuses and a database that is away: the client stays the last copy."""
    hears(*TURNS)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        await asyncio.to_thread((tmp_path / "audio").rename, tmp_path / "away")
        (tmp_path / "audio").write_text("a file where the folder should be")
        await asyncio.to_thread(postgres_away.away)
        speak(audio, 4)
        await audio.until(lambda message: message["type"] == "state" and message["rung"] == "saving_late")
        assert max(one["samples"] for one in audio.messages if one["type"] == "ack") == 0
        await asyncio.to_thread(postgres_away.back)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] >= 56_000)


@pytest.fixture
async def redis_link(committed_db: None, settings: Settings) -> AsyncIterator[Proxy]:
    """What lies between this process's channel layer and Valkey; made before the registry is used."""
    address = urlsplit(settings.REDIS_URL)
    proxy = Proxy(address.hostname or "127.0.0.1", address.port or 6379)
    await proxy.mend()
    login = address.netloc.rpartition("@")[0]
    url = address._replace(netloc=f"{login}@127.0.0.1:{proxy.port}").geturl()
    layer = settings.CHANNEL_LAYERS["default"]
    settings.CHANNEL_LAYERS = {"default": {**layer, "CONFIG": {**layer["CONFIG"], "hosts": [url]}}}
    yield proxy
    await proxy.cut()


async def test_while_redis_is_away_the_own_screen_is_live(
    redis_link: Proxy, live: None, hears: Hears, caller: MakeCaller
) -> None:
    hears(*TURNS)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        end = speak(audio, 2)
        await events.until_kind("line")
        await redis_link.cut()
        end = speak(audio, 2, first_sample=end)
        await events.until(lambda one: fanout(one) == "local_fanout")
        while len([one for one in events.events() if one["kind"] == "line"]) < 3:
            await events.receive()
        await redis_link.mend()
        end = speak(audio, 2, first_sample=end)
        await events.until(lambda one: fanout(one) == "full")
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)
    states = [row for row in await rep.log(call_id) if row.kind == "state"]
    assert len([row for row in states if row.payload["parts"]["fanout"] == "local_fanout"]) == 1


async def test_a_stale_batch_writes_nothing_at_all(live: None, hears: Hears, caller: MakeCaller) -> None:

    hears(*TURNS)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        speak(audio, 2)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] > 0)
        [session] = registry.sessions.values()
        session.log.append(Kind.NOTE, {"text": "mine"})
        mine = session.log.take_batch()
        before = [row.seq for row in await rep.log(call_id)]
        stale = Batch(
            call_id=mine.call_id, member_id=mine.member_id, epoch=mine.epoch - 1, last_seq=99,
            entries=mine.entries, acked_samples=0,
        )  # fmt: skip
        [outcome] = await in_thread(store.save)(rep.business, [stale])
        assert outcome is Outcome.SUPERSEDED
        after = [row.seq for row in await rep.log(call_id)]
        assert after[: len(before)] == before
        assert 99 not in after


async def test_a_save_whose_answer_was_lost_is_not_written_twice(live: None, hears: Hears, caller: MakeCaller) -> None:
    """The connection ended between the commit and its answer: the same comes again, and then more."""
    hears(*TURNS)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        [session] = registry.sessions.values()
        session.log.append(Kind.GAP, {"start_ms": 0, "end_ms": 900, "reason": "cut"})
        lost = session.log.take_batch()
        for _ in range(2):
            assert await in_thread(store.save)(rep.business, [lost]) == [Outcome.COMMITTED]
        session.log.append(Kind.NOTE, {"text": "later"})
        speak(audio, 2)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] > 0)
        row = await rep.row(call_id)
        assert await in_thread(gaps_of)(rep.business, row.pk) == 1
    seqs = [row.seq for row in await rep.log(call_id)]
    assert seqs == list(range(1, len(seqs) + 1))


def gaps_of(business: Business, call_id: uuid.UUID) -> int:
    with business_scope(business):
        return Gap.objects.filter(call_id=call_id).count()


async def test_a_fault_of_ours_ends_no_writer(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    hears(*TURNS)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        with monkeypatch.context() as patch:
            patch.setattr(store, "save", lambda business, batches: 1 / 0)
            end = speak(audio, 2)
            await events.until(lambda one: rung(one) == "saving_late")
        await events.until(lambda one: one.get("kind") == "state" and one["payload"]["parts"]["saving"] == "full")
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)


async def test_a_session_nobody_attends_lets_its_call_go_and_is_rebuilt_later(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    engine = hears(*TURNS[:3])
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        end = speak(audio, 4)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)
    [session] = registry.sessions.values()
    await session.let_go()
    assert not registry.sessions
    async with rep.audio(call_id) as audio, rep.events(call_id) as events:
        ready = await say_hello(audio)
        assert (ready["epoch"], ready["next_sample"]) == (2, end)
        end = speak(audio, 2, first_sample=end)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)
        await rep.post(f"/api/calls/{call_id}/end")
        await events.until_kind("call_ended")
    assert engine is not None
    assert len(engine.streams) == 2
    texts = [row.payload["text"] for row in await rep.log(call_id) if row.kind == "line"]
    assert texts == [turn.text for turn in TURNS[:3]]


async def test_a_call_that_can_not_hang_up_yet_does_not_keep_the_others_from_moving(
    live: None, hears: Hears, caller: MakeCaller, postgres_away: PostgresAway
) -> None:
    hears(*TURNS[:1])
    rep, colleague = await caller("rep"), await caller("rep")
    ending, other = await rep.start_call(), await colleague.start_call()
    async with rep.audio(ending) as ending_audio, colleague.audio(other) as audio:
        for socket in (ending_audio, audio):
            await say_hello(socket)
            speak(socket, 1)
            await socket.until(lambda message: message["type"] == "ack" and message["samples"] > 0)
        await asyncio.to_thread(postgres_away.away)
        sessions = {str(session.call.id): session for session in registry.sessions.values()}
        hanging_up = asyncio.create_task(sessions[ending].end("hung_up"))
        await wait_until(lambda: not sessions[ending]._listening._tasks)
        await registry.move()
        assert (await audio.closed()).code == 1012
        assert sessions[other].is_over
        assert not registry.sessions
        await asyncio.to_thread(postgres_away.back)
        await hanging_up
    assert (await rep.row(ending)).state == "open"


async def test_a_gap_is_repaired_beside_the_live_call(live: None, hears: Hears, caller: MakeCaller) -> None:
    engine = hears(*TURNS)
    assert engine is not None
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        end = speak(audio, 1.5)
        await events.until_kind("line")
        engine.streams[0].go_down()
        await events.until(lambda one: rung(one) == "recording")
        end = speak(audio, 2.8, first_sample=end)
        [session] = registry.sessions.values()
        async with asyncio.timeout(10):
            while session._listening.lane.sent_through < end:  # type: ignore[union-attr]  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        engine.streams[0].go_up()
        end = speak(audio, 3, first_sample=end)
        await events.until_kind("gap")
        await events.until(lambda one: one.get("kind") == "line" and one["payload"]["recovered"])
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)
        status, answer = await rep.post(f"/api/calls/{call_id}/end")
        assert status == 200, answer
    lines = [row.payload for row in await rep.log(call_id) if row.kind == "line"]
    assert sorted(line["text"] for line in lines) == sorted(turn.text for turn in TURNS)
    assert {line["text"] for line in lines if line["recovered"]} == {turn.text for turn in TURNS[1:4]}


async def test_frames_are_refused_only_for_the_socket_that_sent_them(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    """HTTP audio that is old news is acknowledged and changes nothing."""
    rep = await caller("rep")
    call_id = await rep.start_call()
    for _ in range(2):
        status, answer = await rep.post(f"/api/calls/{call_id}/audio?first_sample=0", raw=b"\0" * 6_400)
        assert (status, answer["next_sample"]) == (200, 1_600)
    [session] = registry.sessions.values()
    session.take(Frame(0, b"\0" * 6_400))
    assert session.next_sample == 1_600
