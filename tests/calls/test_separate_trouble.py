"""One business's, or one call's, hanging database is not the others': saving goes on, and nothing hangs for ever."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import psycopg
import pytest

from calls.events import Kind, note
from calls.live import threads
from calls.live.log import EventLog
from calls.live.registry import registry
from calls.live.threads import in_thread
from tenants.context import Business, business_scope
from tenants.postgresql.patience import NoAnswerError, answers_within
from tests import services
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.programs import Client, line, owner_locks
from tests.calls.talking import Caller, Socket, say_hello, wait_until
from tests.faults.proxy import Proxy
from tests.server import Server

pytestmark = pytest.mark.sockets


@asynccontextmanager
async def locked_log(schema: str) -> AsyncIterator[None]:
    """The tables' owner keeps everybody out of this business's events."""
    async with await psycopg.AsyncConnection.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        await owner.execute(f"LOCK TABLE {schema}.calls_callevent IN ACCESS EXCLUSIVE MODE".encode())
        yield
        await owner.rollback()


def say(rep: Caller, call_id: str) -> EventLog:
    """One more event of a call that lives here; its log."""
    session = registry.get(rep.business, uuid.UUID(call_id))
    assert session is not None
    session.append(Kind.NOTE, note(note_id="n", text="Ask who signs.", author="Maya"))
    return session.log


async def late(audio: Socket) -> None:
    await audio.until(lambda message: message["type"] == "state" and message["parts"]["saving"] == "saving_late")


async def test_one_business_that_can_not_save_does_not_delay_another(
    live: None, hears: Hears, caller: MakeCaller, businesses: dict[str, Business]
) -> None:
    mine, theirs = await caller("rep"), await caller("rep", business=businesses["globex"])
    my_call, their_call = await mine.start_call(), await theirs.start_call()
    async with mine.audio(my_call) as my_audio, theirs.audio(their_call) as their_audio:
        await say_hello(my_audio)
        await say_hello(their_audio)
        async with locked_log("acme"):
            stuck = say(mine, my_call)
            await late(my_audio)
            for _ in range(5):
                free = say(theirs, their_call)
                await wait_until(lambda: free.is_clean, 2.0)  # noqa: B023
            assert not stuck.is_clean
        await wait_until(lambda: stuck.is_clean)
        assert not free.is_late
    assert not [one for one in their_audio.messages if one.get("rung") == "saving_late"]
    assert "note" in [row.kind for row in await mine.log(my_call)]


async def test_one_call_that_can_not_be_saved_does_not_delay_its_business(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    rep, colleague = await caller("rep"), await caller("rep")
    stuck_call, free_call = await rep.start_call(), await colleague.start_call()
    async with rep.audio(stuck_call) as stuck_audio, colleague.audio(free_call) as free_audio:
        await say_hello(stuck_audio)
        await say_hello(free_audio)
        with owner_locks(rep.business, stuck_call):
            stuck = say(rep, stuck_call)
            await late(stuck_audio)
            await wait_until(lambda: not say(colleague, free_call).is_late)
            for _ in range(3):
                free = say(colleague, free_call)
                await wait_until(lambda: free.is_clean, 2.0)  # noqa: B023
            assert not stuck.is_clean
        await wait_until(lambda: stuck.is_clean)


async def test_a_database_behind_a_pulled_cable_is_given_up_and_found_again(
    committed_db: None, caller: MakeCaller
) -> None:
    """Open connections fall silent without a close, new ones work: nothing tells but time."""
    address = urlsplit(os.environ["DATABASE_URL"])
    proxy = Proxy(address.hostname or "127.0.0.1", address.port or 5432)
    await proxy.mend()
    login = address.netloc.rpartition("@")[0]
    url = address._replace(netloc=f"{login}@127.0.0.1:{proxy.port}").geturl()
    server = Server(SPEECH_PROVIDER="none", DATABASE_URL=url)
    try:
        await asyncio.to_thread(server.start)
        rep = await caller("rep")
        client = Client(server, rep)
        call_id = await client.start_call()
        assert (await client.post(f"/api/calls/{call_id}/lines", {"lines": [line(1)]})).status_code == 200
        await wait_for_lines(rep, call_id, 1)
        proxy.lose()
        async with asyncio.timeout(40):
            while (await client.post(f"/api/calls/{call_id}/lines", {"lines": [line(2)]})).status_code != 200:  # noqa: ASYNC110 - the server finds its database
                await asyncio.sleep(0.1)
            await wait_for_lines(rep, call_id, 2)
    finally:
        await asyncio.to_thread(server.stop)
        await proxy.cut()


async def wait_for_lines(rep: Caller, call_id: str, count: int) -> None:
    while [row.kind for row in await rep.log(call_id)].count("line") < count:  # noqa: ASYNC110 - another process writes them
        await asyncio.sleep(0.05)


async def test_a_hanging_business_keeps_no_more_than_its_share_of_threads(
    committed_db: None, businesses: dict[str, Business]
) -> None:
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang() -> None:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(30)

    with business_scope(businesses["acme"]):
        stuck = [asyncio.ensure_future(in_thread(hang)()) for _ in range(threads.THREADS * 2)]
    with business_scope(businesses["globex"]):
        async with asyncio.timeout(5):
            assert await in_thread(lambda: "answered")() == "answered"
    release.set()
    await asyncio.gather(*stuck)


async def test_a_query_that_gets_no_answer_fails_and_is_cancelled_in_the_server(
    committed_db: None, businesses: dict[str, Business]
) -> None:
    def sleep() -> None:
        from django.db import connection

        with answers_within(1.0), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(60), 'patience'")

    def still_there() -> int:
        # Nobody else may see what the application's connections do.
        with psycopg.connect(os.environ[services.ADMIN_URL]) as admin:
            asked = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE %s"
            return int((admin.execute(asked, ["SELECT pg_sleep(60)%"]).fetchone() or (0,))[0])

    with business_scope(businesses["acme"]):
        asking = asyncio.ensure_future(in_thread(sleep)())
        async with asyncio.timeout(10):
            while not await asyncio.to_thread(still_there):  # noqa: ASYNC110 - the server begins it
                await asyncio.sleep(0.01)
        with pytest.raises(Exception, match="in time") as failed:
            await asking
        assert isinstance(failed.value.__cause__, NoAnswerError)
        async with asyncio.timeout(10):
            while await asyncio.to_thread(still_there):  # noqa: ASYNC110 - the server ends it
                await asyncio.sleep(0.05)
