"""Calls of one business: over both sockets, over HTTP alone, and as a manager sees them."""

from __future__ import annotations

import asyncio
import json
import random
import struct
from collections.abc import Callable
from contextlib import suppress

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from bench.soak.web import Person

FRAME_SAMPLES = 1_600
FRAME_S = 0.1
Going = Callable[[], bool]
GONE = (ConnectionClosed, InvalidHandshake, TimeoutError, OSError)


def sound(canary: str) -> bytes:
    """100 ms of two channels that are the canary over and over: what is stored or heard of it says whose it is."""
    size = FRAME_SAMPLES * 4
    return (canary.encode() * (size // len(canary) + 1))[:size]


async def talk(program: Person, rep: Person, going: Going) -> None:
    """One call after the other: sockets killed and resumed, then the report and the recording."""
    number = 0
    while going():
        number += 1
        call_id = await start(program, number)
        if not call_id:
            continue
        base = f"/ws/calls/{call_id}"
        at = 0
        for piece in range(random.randint(1, 3)):
            with suppress(*GONE):
                async with program.socket(f"{base}/events?after=0") as events, program.socket(f"{base}/audio") as audio:
                    listening = asyncio.create_task(listen(program, events, "events"))
                    try:
                        at = await speak(program, audio, at, seconds=random.uniform(1.5, 4))
                        await note(program, call_id, events)
                        if piece == 0:
                            # As when a laptop closes: no goodbye.
                            audio.transport.abort()
                            events.transport.abort()
                            program.watch.counts["killed connections"] += 2
                    finally:
                        listening.cancel()
        await program.ask("POST", f"/api/calls/{call_id}/end", json={})
        await read_up(rep, call_id)


async def talk_over_http(program: Person, rep: Person, going: Going) -> None:
    """Sockets are blocked: audio, lines, notes and events over HTTP. A poll is left in the middle now and then."""
    number = 0
    canary = program.house.canary
    while going():
        number += 1
        call_id = await start(program, number)
        if not call_id:
            continue
        path, after, at = f"/api/calls/{call_id}", 0, 0
        for turn in range(random.randint(3, 6)):
            content = sound(canary) * 10
            await program.ask("POST", f"{path}/audio?first_sample={at}", content=content)
            at += FRAME_SAMPLES * 10
            line = {
                "channel": "rep", "text": f"{canary} turn {turn}", "start_ms": turn * 1000, "end_ms": turn * 1000 + 900,
                "is_final": True, "utterance": turn,
            }  # fmt: skip
            await program.ask("POST", f"{path}/lines", json={"lines": [line]})
            await program.ask("POST", f"{path}/actions", json={"type": "note", "text": f"{canary} note"})
            poll = asyncio.create_task(program.get(f"{path}/events?after={after}&wait=2"))
            if turn == 1:
                await asyncio.sleep(0.05)
                poll.cancel()
                with suppress(asyncio.CancelledError):
                    await poll
                program.watch.counts["killed connections"] += 1
                continue
            answer = await poll
            program.watch.counts["polls"] += 1
            if answer.status_code == 200:
                after = answer.json()["last"]
        await program.ask("POST", f"{path}/end", json={})
        await read_up(rep, call_id)


async def start(program: Person, number: int) -> str:
    body = {"channels": 2, "source": "api", "customer": f"{program.house.canary} customer {number}"}
    answer = await program.ask("POST", "/api/calls", json=body)
    if answer.status_code != 201:
        await asyncio.sleep(0.5)
        return ""
    call_id = str(answer.json()["id"])
    program.watch.know(program.house.canary, call_id)
    program.watch.counts["calls"] += 1
    return call_id


async def speak(person: Person, audio: ClientConnection, at: int, *, seconds: float) -> int:
    """Real time from sample `at`; returns where it stopped."""
    hello = {"type": "hello", "protocol": 1, "encoding": "linear16", "sample_rate": 16_000, "channels": 2}
    await audio.send(json.dumps({**hello, "resume": at}))
    while True:
        raw = await audio.recv()
        person.heard("audio", raw)
        message = json.loads(raw)
        if message["type"] == "ready":
            at = int(message["next_sample"])
            break
    listening = asyncio.create_task(listen(person, audio, "audio"))
    try:
        for _ in range(round(seconds / FRAME_S)):
            await audio.send(struct.pack("<Q", at) + sound(person.house.canary))
            at += FRAME_SAMPLES
            await asyncio.sleep(FRAME_S)
    finally:
        listening.cancel()
    return at


async def note(person: Person, call_id: str, events: ClientConnection) -> None:
    await events.send(
        json.dumps({"type": "note", "text": f"{person.house.canary} note over the socket of {call_id[:8]}"})
    )
    await asyncio.sleep(0.3)


async def listen(person: Person, socket: ClientConnection, name: str) -> None:
    with suppress(*GONE):
        async for raw in socket:
            person.heard(f"the {name} socket", raw)


async def read_up(rep: Person, call_id: str) -> None:
    """What the rep does after the call."""
    for _ in range(20):
        answer = await rep.get(f"/calls/{call_id}/report/state/")
        if answer.status_code != 200 or answer.json()["is_final"]:
            break
        await asyncio.sleep(0.5)
    await rep.get(f"/calls/{call_id}/report/")
    await rep.get(f"/calls/{call_id}/recording.wav")


async def watch_board(manager: Person, going: Going) -> None:
    """The board, and each call on it for a while over its socket, with a note to the rep."""
    while going():
        board = await manager.get("/live/?part=rows")
        ids = list(dict.fromkeys(part.split("/")[0] for part in board.text.split('href="/live/')[1:]))
        for call_id in ids[:2]:
            await manager.get(f"/live/{call_id}/")
            with suppress(*GONE):
                async with manager.socket(f"/ws/calls/{call_id}/events?after=0") as events:
                    listening = asyncio.create_task(listen(manager, events, "manager's"))
                    await note(manager, call_id, events)
                    await asyncio.sleep(1.0)
                    listening.cancel()
        await asyncio.sleep(0.3)
