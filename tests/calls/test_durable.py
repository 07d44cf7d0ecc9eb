"""Acknowledged is durable, and what is not durable yet is tried again, in bounds."""

from __future__ import annotations

import asyncio
import errno
import os
import uuid
from pathlib import Path

import pytest

from calls.events import Kind
from calls.live import housekeeping, recording, store
from calls.live.recording import Recorder
from calls.live.registry import registry
from calls.live.store import Batch, Outcome
from calls.live.threads import in_thread
from calls.live.writer import LogWriter
from calls.speech.base import SAMPLE_RATE
from tenants.context import Business
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.programs import owner_locks
from tests.calls.talking import say_hello, wait_until


async def test_what_the_disk_did_not_sync_is_not_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes every byte, and then it can not say that it has them."""
    stored: list[int] = []
    troubles: list[bool] = []
    one = Recorder(tmp_path / "call.pcm", 1, stored=0, on_stored=stored.append, on_trouble=troubles.append)
    one.add(0, bytes(3_200))
    await one.flush()
    assert stored == [1_600]
    synced = os.fsync

    def refuses(handle: int) -> None:
        if Path(f"/proc/self/fd/{handle}").readlink().suffix == ".pcm":
            raise OSError(errno.EIO, "Input/output error")
        synced(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuses)
        one.add(1_600, bytes(3_200))
        await one.flush()
        assert (stored, troubles) == ([1_600], [True])
    await one.flush()
    assert (stored, troubles) == ([1_600, 3_200], [True, False])


async def test_what_waits_for_a_disk_that_refuses_can_be_heard_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repair that took it for gone would let the client forget the only copy."""
    one = Recorder(tmp_path / "call.pcm", 2, stored=0, on_stored=lambda _: None, on_trouble=lambda _: None)
    whole = bytes(range(200)) * 4 * 40
    one.add(0, whole[:8_000])
    await one.flush()

    def refuses(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", refuses)
    one.add(4_000, whole[16_000:24_000])
    one.add(2_000, whole[8_000:16_000])
    await one.flush()
    assert await one.read(0, 8_000) == whole[:24_000]
    assert await one.read(1_500, 4_500) == whole[6_000:18_000]
    assert await one.read(6_000, 8_000) == b""


async def test_a_storage_that_is_away_costs_half_a_minute_of_memory_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "gone").write_text("a file where the folder should be")
    stored: list[int] = []
    one = Recorder(tmp_path / "gone" / "c.pcm", 1, stored=0, on_stored=stored.append, on_trouble=lambda _: None)
    for second in range(90):
        one.add(second * SAMPLE_RATE, bytes(2 * SAMPLE_RATE))
        if second % 10 == 0:
            await one.flush()
    assert sum(len(pcm) for _, pcm in one._waiting) <= 2 * recording.MAX_WAITING_SAMPLES
    assert stored == []


@pytest.mark.sockets
async def test_what_could_not_be_saved_is_saved_later_although_nothing_more_happens(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A rung that changes is an event, and with it comes another save.
    monkeypatch.setattr(housekeeping, "OFFLINE_AFTER_S", 3_600.0)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        session = registry.get(rep.business, uuid.UUID(call_id))
        assert session is not None
        await wait_until(lambda: session.log.is_clean)
        # Neither signs of life nor the light, which changes once, ask for the save that counts.
        monkeypatch.setattr(session.log, "touch", lambda: None)
        save = store.save
        failed: list[int] = []

        def fails_twice(business: Business, batches: list[Batch]) -> list[Outcome]:
            if len(failed) == 2:
                return save(business, batches)
            failed.append(len(batches))
            return [Outcome.LATE for _ in batches]

        monkeypatch.setattr(store, "save", fails_twice)
        session.append(Kind.NOTE, {"text": "the last word"})
        await wait_until(lambda: len(failed) == 2)
        await wait_until(lambda: session.log.is_clean)
    assert "note" in [row.kind for row in await rep.log(call_id)]


@pytest.mark.sockets
async def test_a_save_that_gets_no_answer_is_given_up(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody holds the call's row: the save comes back, late, while the lock is still held."""
    monkeypatch.setattr(store, "ANSWER_S", 0.5)
    rep = await caller("rep")
    call_id = await rep.start_call()
    batch = Batch(uuid.UUID(call_id), 1, 0, 1, (), 0)
    saved = None
    with owner_locks(rep.business, call_id):
        saving = asyncio.ensure_future(in_thread(store.save)(rep.business, [batch]))
        await asyncio.wait({saving}, timeout=10)
        saved = saving.result() if saving.done() else None
    await saving
    assert saved == [Outcome.LATE]


@pytest.mark.sockets
async def test_what_comes_while_the_log_is_saved_is_saved_before_the_end(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something happens after the last flush and before the end is written: it is in the log, before the end."""
    rep = await caller("rep")
    call_id = await rep.start_call()
    flush = LogWriter.flush
    said: list[str] = []

    async def flushed_and_then(self: LogWriter, log: object, within_s: float) -> bool:
        is_saved = await flush(self, log, within_s)  # type: ignore[arg-type]
        if not said:
            said.append("one more")
            [session] = registry.sessions.values()
            session.append(Kind.NOTE, {"text": said[0]})
        return is_saved

    monkeypatch.setattr(LogWriter, "flush", flushed_and_then)
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        assert (await rep.post(f"/api/calls/{call_id}/end"))[0] == 200
        await events.until_kind("call_ended")
    log = await rep.log(call_id)
    assert [row.kind for row in log][-2:] == ["note", "call_ended"]
    assert [(row.seq, row.kind) for row in log] == [(one["seq"], one["kind"]) for one in events.events()]
