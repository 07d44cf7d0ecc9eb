"""A stale owner writes nothing, be it audio or the end of the call. What a disk lost is not called stored."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from calls.live import recording
from calls.live.recording import Recorder, stored_samples
from calls.live.recording_mark import Mark, claim, read_mark, remove, shut
from calls.live.registry import registry
from calls.live.threads import in_thread
from calls.models import CallState
from calls.services import claim_epoch, end_call
from tenants.context import business_scope
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.programs import Client, closed, hello, speak, until
from tests.calls.talking import Caller, frame, say_hello, wait_until
from tests.server import Server

SECOND = 16_000


@pytest.fixture
def pair(committed_db: None, tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """Two servers with one storage."""
    audio = f"file://{tmp_path}/audio"
    with (
        Server(SPEECH_PROVIDER="none", AUDIO_STORAGE_URL=audio) as first,
        Server(SPEECH_PROVIDER="none", AUDIO_STORAGE_URL=audio) as second,
    ):
        yield first, second


@pytest.mark.sockets
async def test_an_owner_that_was_stopped_does_not_write_over_what_came_after_it(
    pair: tuple[Server, Server], caller: MakeCaller, tmp_path: Path
) -> None:
    rep = await caller("rep")
    stopped, second = Client(pair[0], rep), Client(pair[1], rep)
    call_id = await stopped.start_call()
    async with stopped.audio(call_id) as audio, stopped.events(call_id) as events:
        await hello(audio)
        end = await speak(audio, 1)
        await until(audio, type="ack", samples=end)
        # It has these in memory when it is stopped, and they are a tone.
        await speak(audio, 0.5, first_sample=end)
        await until(events, type="meters")
        os.kill(pair[0].pid("web"), signal.SIGSTOP)
        try:
            async with second.audio(call_id) as newer:
                start = (await hello(newer))["next_sample"]
                for number in range(20):
                    await newer.send(frame(start + number * 1_600, value=0))
                await until(newer, type="ack", samples=start + 2 * SECOND)
        finally:
            os.kill(pair[0].pid("web"), signal.SIGCONT)
        assert (await closed(audio))[0] == 4409
    file = next((tmp_path / "audio").rglob("*.pcm"))
    assert not file.read_bytes()[start * 4 : (start + 2 * SECOND) * 4].strip(b"\0")


async def test_a_stale_owner_does_not_end_the_call_of_the_new_one(live: None, hears: Hears, caller: MakeCaller) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        session = registry.get(rep.business, uuid.UUID(call_id))
        assert session is not None
        await wait_until(lambda: session.log.is_clean)
        assert await claimed(rep, call_id) == 2
        await session.end("hung_up")
        assert (await audio.closed()).code == 4409
    assert (await rep.row(call_id)).state == CallState.OPEN


async def claimed(rep: Caller, call_id: str) -> int:
    def claim_it() -> int:
        with business_scope(rep.business):
            return claim_epoch(uuid.UUID(call_id))

    return await in_thread(claim_it)()


async def test_the_end_carries_the_epoch(live: None, hears: Hears, caller: MakeCaller) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    await claimed(rep, call_id)

    def end(epoch: int) -> bool:
        with business_scope(rep.business):
            return end_call(uuid.UUID(call_id), reason="hung_up", epoch=epoch)

    assert not await in_thread(end)(0)
    assert (await rep.row(call_id)).state == CallState.OPEN
    assert await in_thread(end)(1)
    # Ended is ended, whoever asks.
    assert await in_thread(end)(0)


class Told:
    def __init__(self) -> None:
        self.stored: list[int] = []
        self.trouble: list[bool] = []
        self.superseded = 0

    def note_superseded(self) -> None:
        self.superseded += 1


def recorder(path: Path, told: Told, *, epoch: int = 1, stored: int = 0) -> Recorder:
    return Recorder(
        path,
        1,
        stored=stored,
        on_stored=told.stored.append,
        on_trouble=told.trouble.append,
        epoch=epoch,
        on_superseded=told.note_superseded,
    )


async def test_what_the_disk_lost_is_not_stored_for_the_next_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk refuses for longer than memory lasts: the file grows on behind a hole of zeros."""
    monkeypatch.setattr(recording, "MAX_WAITING_SAMPLES", 2 * SECOND)
    folder, told = tmp_path / "b1", Told()
    path = folder / "call.pcm"
    one = recorder(path, told)
    one.add(0, b"\1\1" * SECOND)
    await one.flush()
    moved = folder.rename(tmp_path / "away")
    for second in range(1, 5):
        one.add(second * SECOND, b"\1\1" * SECOND)
        await one.flush()
    moved.rename(folder)
    await one.flush()
    assert path.stat().st_size == 5 * SECOND * 2
    assert stored_samples(path, 1) == told.stored[-1] == SECOND
    assert told.trouble == [True]
    # The next owner gets it again from the client, and says how far it has come.
    again = recorder(path, told, epoch=2, stored=SECOND)
    again.add(SECOND, b"\1\1" * SECOND)
    await again.flush()
    assert stored_samples(path, 1) == 2 * SECOND


async def test_nothing_is_written_after_a_newer_owner_a_silencing_or_a_deletion(tmp_path: Path) -> None:
    for number, fence in enumerate((lambda p: claim(p, 2), lambda p: shut(p, 2), remove)):
        path, told = tmp_path / f"{number}.pcm", Told()
        one = recorder(path, told)
        one.add(0, b"\1\1" * 100)
        await one.flush()
        fence(path)
        one.add(100, b"\2\2" * 100)
        await one.flush()
        assert told.superseded == 1
        assert b"\2" not in (path.read_bytes() if path.exists() else b"")
    assert not path.exists()


def test_an_older_owner_does_not_claim_back(tmp_path: Path) -> None:
    path = tmp_path / "a.pcm"
    claim(path, 3)
    claim(path, 2)
    assert read_mark(path) == Mark(3)


async def test_a_disk_that_hangs_does_not_keep_a_call_from_ending(
    live: None, hears: Hears, caller: MakeCaller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe that nobody reads blocks whoever opens it, as a network disk does that is gone."""
    monkeypatch.setattr("calls.live.ending.FLUSH_WITHIN_S", 1.0)
    rep = await caller("rep")
    call_id = await rep.start_call()
    pipe = tmp_path / "audio" / f"b{rep.business.id}" / f"{uuid.UUID(call_id).hex}.pcm"
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    try:
        async with rep.audio(call_id) as audio:
            await say_hello(audio)
            audio.send(frame(0))
            async with asyncio.timeout(15):
                status, _ = await rep.post(f"/api/calls/{call_id}/end")
            assert status == 200
    finally:
        # Whoever waits in the pipe goes on; whoever comes later finds none, and leaves no thread behind that waits.
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        pipe.unlink()
        os.close(reader)
    assert (await rep.row(call_id)).state == CallState.ENDED


async def test_a_disk_that_refuses_has_a_rung_of_its_own(
    live: None, hears: Hears, caller: MakeCaller, tmp_path: Path
) -> None:
    """The database works all the while: its saves say nothing about the disk."""
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        await asyncio.to_thread((tmp_path / "audio").rename, tmp_path / "away")
        (tmp_path / "audio").write_text("a file where the folder should be")
        audio.send(frame(0))
        state = await audio.until(lambda one: one.get("parts", {}).get("storage") == "saving_late")
        assert state["parts"]["saving"] == "full"
        assert state["audio"] == "Heard and transcribed; the recording can not be written."
        session = registry.get(rep.business, uuid.UUID(call_id))
        assert session is not None
        session.saving_is_late(is_late=True)
        session.saving_is_late(is_late=False)
        assert session._standing.payload()["rung"] == "saving_late"
        (tmp_path / "audio").unlink()
        await asyncio.to_thread((tmp_path / "away").rename, tmp_path / "audio")
        state = await audio.until(lambda one: one.get("parts", {}).get("storage") == "full")
        assert state["audio"] == "Heard, transcribed and kept."
        await wait_until(lambda: session._copy.stored == 1_600)
