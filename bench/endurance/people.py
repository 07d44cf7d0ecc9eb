"""Who works in the measured business besides the calls: readers who come and go, polls, members in and out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from bench.endurance.calls import Stage, hold
from bench.soak.calls import GONE
from bench.soak.web import Person

READ_S = (3.0, 30.0)
POLL_WAIT_S = 10
ROUNDS = 3


async def read_calls(stage: Stage, manager: Person) -> None:
    """A manager's view of one call after the other; half of them are left as when a laptop closes."""
    while stage.is_going:
        call_id = stage.any_call()
        if call_id:
            with suppress(*GONE):
                async with manager.socket(f"/ws/calls/{call_id}/events?after=0") as events:
                    stage.counts["readers"] += 1
                    await hold(stage, events, stage.random.uniform(*READ_S))
        await stage.pause(stage.random.uniform(0.2, 3.0))


async def poll(stage: Stage, program: Person) -> None:
    """The log over HTTP, waiting for news; now and then the poll is hung up on in the middle."""
    while stage.is_going:
        call_id = stage.any_call()
        after = 0
        for _ in range(ROUNDS if call_id else 0):
            asking = asyncio.create_task(program.get(f"/api/calls/{call_id}/events?after={after}&wait={POLL_WAIT_S}"))
            if stage.random.random() < 0.2:
                await stage.pause(0.2)
                asking.cancel()
                stage.counts["polls hung up on"] += 1
            with suppress(asyncio.CancelledError, *GONE):
                answer = await asking
                stage.counts["polls"] += 1
                if answer.status_code != 200:
                    break
                after = answer.json()["last"]
        await stage.pause(1.0)


async def look_at_board(stage: Stage, manager: Person) -> None:
    while stage.is_going:
        await manager.get("/live/?part=rows")
        await stage.pause(5.0)


async def sign_in_and_out(stage: Stage, newcomer: Callable[[], Person]) -> None:
    """In, the calls, the newest report, out: with a browser of its own each time."""
    while stage.is_going:
        person = newcomer()
        with suppress(*GONE):
            await person.sign_in()
            await person.get("/")
            await person.get("/calls/")
            if stage.ended:
                await person.get(f"/calls/{stage.ended[-1]}/report/")
                await person.get(f"/calls/{stage.ended[-1]}/recording.wav", headers={"Range": "bytes=0-65535"})
            await person.sign_out()
            stage.counts["members in and out"] += 1
        await person.client.aclose()
        await stage.pause(stage.random.uniform(8.0, 20.0))


async def never_ends_alone(work: Callable[[], Awaitable[None]], stage: Stage) -> None:
    """A fault of one visitor is counted, and the visitor comes again."""
    while stage.is_going:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is told
            stage.troubles[f"{type(error).__name__}: {error}"[:200]] += 1
            await stage.pause(1.0)
