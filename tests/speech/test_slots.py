"""The count of slots among processes, in the real Valkey: shared, leased, and without it each process for itself."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from django.conf import settings

from calls.speech.base import StreamState
from calls.speech.deepgram.options import Account
from calls.speech.deepgram.provider import DeepgramProvider
from calls.speech.fallback import FallbackProvider
from calls.speech.slots import desk as module
from calls.speech.slots.desk import Desk, DeskSlot
from calls.speech.slots.fair import Rule
from calls.speech.slots.shared import LEASE_S
from coaching.types import Channel
from salespilot.quickstart.processes import free_port
from salespilot.quickstart.valkey import EmbeddedValkey
from tests.speech.fakes import ScriptedProvider, ScriptedTurn
from tests.speech.hearing import SPEC, Listener
from tests.vendors.deepgram import Emulator, Script, Turn

pytestmark = pytest.mark.sockets

ROOT = Path(__file__).parents[2]
MakeDesk = Callable[..., Desk]


@pytest.fixture
def account() -> str:
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
async def desk_of(account: str) -> AsyncIterator[MakeDesk]:
    """`desk_of(limit)`: as another process would have it, on the run's Valkey or on `url`."""
    made: list[Desk] = []

    def make(limit: int | None, *, reserved: int = 0, url: str = "") -> Desk:
        made.append(Desk(account, Rule(limit, reserved), redis_url=url or settings.REDIS_URL))
        return made[-1]

    yield make
    for desk in made:
        await desk.aclose()


async def until(is_so: Callable[[], Awaitable[bool]], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not await is_so():  # noqa: ASYNC110 - another process may bring it about
            await asyncio.sleep(0.05)


async def held(account: str) -> dict[str, float]:
    """Member and end of every lease."""
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
        found: Any = await client.zrange(f"sp:speech:{{{account}}}:held", 0, -1, withscores=True)
    return dict(found)


async def test_processes_count_together_and_a_slot_given_back_goes_to_who_waits(desk_of: MakeDesk) -> None:
    here, there = desk_of(2), desk_of(2)
    first, second, third = here.slot("acme"), there.slot("acme"), there.slot("globex")
    assert await first.take()
    assert await second.take()
    assert not await third.take()
    assert not await here.would_win("initech")
    first.give_back()
    await until(third.take)
    assert not await here.slot("acme").take()
    assert (here.in_use, there.in_use) == (0, 2)


async def test_whoever_waits_here_hears_at_once_that_a_slot_is_free(desk_of: MakeDesk) -> None:
    desk = desk_of(1)
    first, second = desk.slot("acme"), desk.slot("acme")
    assert await first.take()
    assert not await second.take()
    waiting = asyncio.create_task(second.wait())
    await asyncio.sleep(0)
    first.give_back()
    async with asyncio.timeout(module.LOOK_EVERY_S / 2):
        await waiting
    await until(second.take)


async def test_many_at_once_get_as_many_as_there_are(desk_of: MakeDesk, account: str) -> None:
    desks = [desk_of(10) for _ in range(4)]
    slots = [desk.slot(f"b{index % 5}") for index, desk in enumerate(desks * 15)]
    answers = await asyncio.gather(*(slot.take() for slot in slots))
    taken = [slot for slot, has_one in zip(slots, answers, strict=True) if has_one]

    async def all_taken() -> bool:
        for slot in slots:
            if slot not in taken and await slot.take():
                taken.append(slot)
        return len(taken) == 10

    await until(all_taken)
    assert len(await held(account)) == 10
    assert not any(await asyncio.gather(*(slot.take() for slot in slots if slot not in taken)))


async def test_a_business_does_not_starve_another_in_another_process(desk_of: MakeDesk) -> None:
    greedy, modest = desk_of(6, reserved=1), desk_of(6, reserved=1)
    many = [greedy.slot("acme") for _ in range(20)]
    running = [slot for slot in many if await slot.take()]
    assert len(running) == 5
    calls = [modest.slot("globex") for _ in range(2)]
    assert await calls[0].take()
    assert not await calls[1].take()
    # The first that ends fills the reserve for the next newcomer again, the second is globex's.
    running[0].give_back()
    running[1].give_back()

    async def second_or_greedy() -> bool:
        assert not any([await slot.take() for slot in many[5:9]]), "acme holds more and must wait"
        return await calls[1].take()

    await until(second_or_greedy)


PROGRAM = """
import asyncio, sys
from calls.speech.slots.desk import Desk
from calls.speech.slots.fair import Rule

async def main():
    desk = Desk(sys.argv[1], Rule(2), redis_url=sys.argv[2])
    for _ in range(2):
        assert await desk.slot("acme").take()
    print("held", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_leases_live_with_their_process_and_those_of_a_killed_one_are_free_within_seconds(
    desk_of: MakeDesk, account: str
) -> None:
    process = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
        [sys.executable, "-c", PROGRAM, account, settings.REDIS_URL], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == b"held\n"
        slot = desk_of(2).slot("acme")
        before = await held(account)
        assert not await slot.take()

        async def is_renewed() -> bool:
            now = await held(account)
            return set(now) == set(before) and min(now.values()) > max(before.values()) + 1

        await until(is_renewed)
        assert not await slot.take()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        await until(slot.take, within_s=LEASE_S + 2)
    finally:
        process.kill()
        process.wait()


async def test_without_the_server_each_process_counts_for_itself(desk_of: MakeDesk) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    here, there = desk_of(1, url=url), desk_of(1, url=url)
    first, second = here.slot("acme"), here.slot("globex")
    assert await first.take()
    assert not await second.take()
    assert not await here.would_win("initech")
    assert await there.slot("acme").take()
    first.give_back()
    assert await second.take()


async def test_a_server_that_dies_during_calls_is_done_without(desk_of: MakeDesk, tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / "kv")
    try:
        url = server.start()
        here, there = desk_of(2, url=url), desk_of(2, url=url)
        first, second, third = here.slot("acme"), here.slot("globex"), there.slot("acme")
        assert await first.take()
        assert await third.take()
        assert not await second.take()
    finally:
        server.stop()
    await until(second.take)
    assert (here.in_use, there.in_use) == (2, 1)
    assert not await here.slot("acme").take()


async def test_a_server_that_has_forgotten_learns_what_runs(desk_of: MakeDesk, account: str) -> None:
    here, there = desk_of(1), desk_of(1)
    assert await here.slot("acme").take()
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as client:
        await client.delete(f"sp:speech:{{{account}}}:held")

    async def is_known() -> bool:
        return not await there.would_win("globex")

    await until(is_known)
    assert not await there.slot("globex").take()


async def test_a_call_that_ends_while_it_asks_keeps_nothing(desk_of: MakeDesk, account: str) -> None:
    desk = desk_of(1)
    slot = desk.slot("acme")
    asking = asyncio.create_task(slot.take())
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    slot.give_back()
    other: DeskSlot = desk.slot("globex")
    await until(other.take)
    assert [place.rpartition(" ")[2] for place in await held(account)] == ["globex"]


async def test_a_vendor_that_says_it_is_full_is_believed_by_all_processes_for_as_long_as_it_says(
    desk_of: MakeDesk,
) -> None:
    here, there = desk_of(None), desk_of(None)
    slot = here.slot("acme")
    assert await there.would_win("globex")
    assert await slot.take()
    slot.note_busy(0.5)
    assert not await here.would_win("globex")

    async def is_told() -> bool:
        return not await there.would_win("globex")

    async def is_over() -> bool:
        return await there.would_win("globex")

    await until(is_told)
    await until(is_over)
    assert await here.would_win("globex")


async def test_the_second_engine_hears_at_once_while_the_vendor_is_full_and_gives_back_with_a_slot(
    desk_of: MakeDesk,
) -> None:
    desk = desk_of(1)
    taken = desk.slot("globex")
    assert await taken.take()
    turns = tuple(Turn("rep", at, at + 800, f"It is {at} now.") for at in range(200, 120_000, 1_000))
    local = ScriptedProvider((ScriptedTurn(Channel.REP, 200, 900, "heard here"),), name="local")
    async with Emulator(script=Script(turns), keep_alive_min_s=0.0) as emulator:
        vendor = DeepgramProvider(Account("a-key", emulator.url), desk=desk)
        listener = Listener(await FallbackProvider(vendor, local, grace_s=60.0).open(SPEC))

        def is_told(engine: str, *, is_full: bool) -> bool:
            states = listener.of(StreamState)
            return bool(states) and (states[-1].engine, states[-1].is_full) == (engine, is_full)

        async def hears_here() -> bool:
            await listener.send(100)
            return is_told("local", is_full=True)

        async def is_back() -> bool:
            await listener.send(100)
            return is_told("deepgram", is_full=False)

        await until(hears_here)
        assert emulator.sockets == []
        taken.give_back()
        await until(is_back)
        assert emulator.refused == 0
        await listener.stream.aclose()
        await until(desk.slot("globex").take)
