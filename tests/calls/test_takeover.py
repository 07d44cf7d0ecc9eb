"""An owner tells before it saves. Whoever was told what was never saved hears the truth from the next owner."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from calls.live.epochs import Start, Turn, true_through
from calls.live.feed import Polled
from calls.live.threads import in_thread
from calls.services import end_call
from tenants.context import Business, business_scope
from tests.calls.conftest import MakeCaller
from tests.calls.programs import WITHIN_S, Client, hello, line, owner_locks, speak, until
from tests.calls.talking import Caller, wait_until
from tests.server import Server


@pytest.fixture
def doomed(committed_db: None) -> Iterator[Server]:
    with Server(SPEECH_PROVIDER="none") as running:
        yield running


@pytest.fixture(scope="module")
def second(businesses: dict[str, Business]) -> Iterator[Server]:
    with Server(SPEECH_PROVIDER="none") as running:
        yield running


@pytest.fixture
async def rep(caller: MakeCaller) -> Caller:
    return await caller("rep")


class Reader:
    """What a screen knows: the events by number, and the epoch they were told in."""

    def __init__(self) -> None:
        self.events: dict[int, dict[str, Any]] = {}
        self.epoch = 0

    @property
    def seq(self) -> int:
        return max(self.events, default=0)

    @property
    def texts(self) -> list[str]:
        return [event["payload"]["text"] for event in self.events.values() if event["kind"] == "line"]

    def take(self, message: dict[str, Any]) -> None:
        if message["type"] in {"epoch", "rewind"}:
            self.epoch = message["epoch"]
        if message["type"] == "rewind":
            self.events = {seq: event for seq, event in self.events.items() if seq <= message["seq"]}
        if message["type"] == "event":
            assert message["seq"] == self.seq + 1
            self.events[message["seq"]] = message

    async def read(self, socket: ClientConnection, text: str) -> None:
        """Until this line was told."""
        async with asyncio.timeout(WITHIN_S):
            while text not in self.texts:
                self.take(json.loads(await socket.recv()))


async def killed_between_append_and_commit(doomed: Server, rep: Caller, reader: Reader) -> str:
    """A call whose first line is saved, and whose second and third only `reader` has seen when the owner is killed."""
    client = Client(doomed, rep)
    call_id = await client.start_call()
    async with client.audio(call_id) as audio, client.events(call_id, epoch=0) as events:
        await hello(audio)
        await client.post(f"/api/calls/{call_id}/lines", {"lines": [line(1)]})
        await reader.read(events, "line number 1")
        await speak(audio, 1)
        await until(audio, type="ack", samples=16_000)
        with owner_locks(rep.business, call_id) as someone_waits:
            await client.post(f"/api/calls/{call_id}/lines", {"lines": [line(2), line(3)]})
            await reader.read(events, "line number 3")
            await wait_until(someone_waits)
            doomed.kill("web")
    return call_id


async def as_logged(rep: Caller, call_id: str) -> list[tuple[int, str]]:
    return [(row.seq, row.kind) for row in await rep.log(call_id)]


def as_seen(reader: Reader) -> list[tuple[int, str]]:
    return [(event["seq"], event["kind"]) for event in reader.events.values()]


async def say(client: Client, call_id: str, lines: list[dict[str, Any]]) -> None:
    """Lines of the browser: taken once it is certain that the owner hears nobody any more."""
    async with asyncio.timeout(WITHIN_S):
        while (await client.post(f"/api/calls/{call_id}/lines", {"lines": lines})).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@pytest.mark.sockets
async def test_what_a_killed_owner_told_and_never_saved_is_taken_back(
    doomed: Server, second: Server, rep: Caller
) -> None:
    reader = Reader()
    call_id = await killed_between_append_and_commit(doomed, rep, reader)
    assert reader.texts == ["line number 1", "line number 2", "line number 3"]
    saved = (await rep.log(call_id))[-1].seq
    assert saved < reader.seq
    client = Client(second, rep)
    # The new owner says something else under the same numbers before the reader is back.
    await say(client, call_id, [line(number) for number in range(4, 9)])
    async with client.events(call_id, reader.seq, reader.epoch) as events:
        assert json.loads(await events.recv()) == {"type": "rewind", "seq": saved, "epoch": 2}
        reader.take({"type": "rewind", "seq": saved, "epoch": 2})
        await reader.read(events, "line number 8")
        await client.post(f"/api/calls/{call_id}/end")
        while "call_ended" not in (event["kind"] for event in reader.events.values()):
            reader.take(json.loads(await events.recv()))
    assert reader.texts == ["line number 1", *(f"line number {number}" for number in range(4, 9))]
    assert as_seen(reader) == (await as_logged(rep, call_id))[: len(reader.events)]


@pytest.mark.sockets
async def test_a_poll_takes_it_back_too_and_once(doomed: Server, second: Server, rep: Caller) -> None:
    reader = Reader()
    call_id = await killed_between_append_and_commit(doomed, rep, reader)
    saved = (await rep.log(call_id))[-1].seq
    client = Client(second, rep)
    await say(client, call_id, [line(4)])
    path = f"/api/calls/{call_id}/events?after={reader.seq}&epoch={reader.epoch}&wait=10"
    answer = (await client.get(path)).json()
    assert (answer["rewind"], answer["epoch"]) == (saved, 2)
    assert answer["last"] == saved + len(answer["events"])
    again = (await client.get(f"/api/calls/{call_id}/events?after={answer['last']}&epoch=2&wait=0")).json()
    assert "rewind" not in again


@pytest.mark.sockets
async def test_who_watches_while_the_owner_dies_and_the_sweeper_ends_the_call_sees_the_end(
    doomed: Server, second: Server, rep: Caller
) -> None:
    """Nobody takes the call over: the end itself has the number of a line that was only told."""
    reader = Reader()
    call_id = await killed_between_append_and_commit(doomed, rep, reader)
    saved = (await rep.log(call_id))[-1].seq

    def sweep() -> None:
        with business_scope(rep.business):
            end_call(uuid.UUID(call_id), reason="silent")

    async with Client(second, rep).events(call_id, reader.seq, reader.epoch) as events:
        await in_thread(sweep)()
        assert (await until(events, type="rewind"))["seq"] == saved
        assert (await until(events, kind="call_ended"))["seq"] == saved + 1


@pytest.mark.sockets
async def test_a_stranger_with_the_same_cursor_learns_nothing(
    second: Server, rep: Caller, caller: MakeCaller, businesses: dict[str, Business]
) -> None:
    call_id = await Client(second, rep).start_call()
    stranger = Client(second, await caller("admin", business=businesses["globex"]))
    answer = await stranger.get(f"/api/calls/{call_id}/events?after=9&epoch=1")
    assert answer.status_code == 404
    async with stranger.events(call_id, after=9, epoch=1) as events:
        with pytest.raises(Exception, match="4404"):
            await events.recv()


def test_where_knowledge_ends() -> None:
    starts = [Start(2, 10), Start(4, 15)]
    assert true_through(starts, epoch=1, last_seq=20) == 9
    assert true_through(starts, epoch=2, last_seq=20) == 14
    assert true_through(starts, epoch=3, last_seq=20) == 14
    assert true_through(starts, epoch=4, last_seq=20) == 20
    assert true_through([], epoch=1, last_seq=7) == 7


def test_a_turn_in_the_middle_of_a_poll_drops_what_the_poll_had_found() -> None:
    found = Polled(5, 1)
    found.texts += ['"six"', '"seven"']
    found.turn(Turn(2, 6))
    assert json.loads(found.to_wire()) == {"events": ["six"], "last": 6, "epoch": 2}
    found.turn(Turn(3, 4))
    assert json.loads(found.to_wire()) == {"events": [], "last": 4, "epoch": 3, "rewind": 4}


@pytest.mark.sockets
async def test_audio_that_comes_late_by_http_takes_no_call_from_a_process_that_hears_it(
    doomed: Server, second: Server, rep: Caller
) -> None:
    here, there = Client(doomed, rep), Client(second, rep)
    call_id = await here.start_call()
    path = f"/api/calls/{call_id}/audio?first_sample=0"

    async def is_taken() -> bool:
        return (await there.send(path, bytes(6_400))).status_code == 200

    async with here.audio(call_id) as audio:
        await hello(audio)
        spoken = await speak(audio, 1)
        refused = await there.send(path, bytes(6_400))
        assert (refused.status_code, refused.json()["code"]) == (503, "elsewhere")
        line = {"channel": "rep", "text": "late", "start_ms": 0, "end_ms": 100, "is_final": True, "utterance": 1}
        refused = await there.post(f"/api/calls/{call_id}/lines", {"lines": [line]})
        assert (refused.status_code, refused.json()["code"]) == (503, "elsewhere")
        spoken = await speak(audio, 1, spoken)
        await until(audio, type="ack", samples=spoken)
        doomed.kill("web")
    async with asyncio.timeout(WITHIN_S):
        while not await is_taken():  # noqa: ASYNC110 - the other server is the condition
            await asyncio.sleep(0.1)
