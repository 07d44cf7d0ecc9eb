"""The log numbers without holes, keeps what is not saved, and gives back what memory holds. Nothing here waits."""

from __future__ import annotations

import json
import uuid

import pytest

from calls.events import Kind
from calls.live import log as log_module
from calls.live.log import RING_EVENTS, DurableState, EventLog, LogFullError, to_json
from calls.live.store import Batch, Entry
from tenants.context import Business

ACME = Business(id=1, schema_name="acme", name="Acme")


class Keeper:
    def __init__(self) -> None:
        self.late: list[bool] = []
        self.batches: list[Batch] = []
        self.lost = 0

    def durable_state(self) -> DurableState:
        return DurableState(acked_samples=160, stored_samples=None, is_alive=True)

    def saved(self, batch: Batch) -> None:
        self.batches.append(batch)

    def saving_is_late(self, is_late: bool) -> None:
        self.late.append(is_late)

    def superseded(self) -> None:
        self.lost += 1


def make_log(keeper: Keeper, last_seq: int = 0) -> EventLog:
    return EventLog(
        business=ACME, call_id=uuid.uuid4(), member_id=1, epoch=3, last_seq=last_seq, keeper=keeper,
        on_dirty=lambda _: None,
    )  # fmt: skip


def test_events_are_numbered_on_from_what_is_there_and_told_at_once() -> None:
    log, told = make_log(Keeper(), last_seq=41), list[Entry]()
    log.listen(told.append)
    log.append(Kind.NOTE, {"text": "a"})
    log.append(Kind.NOTE, {"text": "b"})
    assert [entry.seq for entry in told] == [42, 43]
    message = json.loads(told[0].to_text())
    assert message == {**told[0].event.to_wire(), "at": message["at"]}


def test_a_batch_holds_everything_unsaved_and_what_comes_later_waits() -> None:
    keeper = Keeper()
    log = make_log(keeper)
    log.append(Kind.NOTE, {})
    batch = log.take_batch()
    log.append(Kind.NOTE, {})
    log.note_repaired(0, 100)
    log.committed(batch)
    assert (batch.last_seq, [entry.seq for entry in batch.entries], batch.epoch) == (1, [1], 3)
    second = log.take_batch()
    assert [entry.seq for entry in second.entries] == [2]
    assert second.repaired == ((0, 100),)
    log.committed(second)
    assert log.is_clean
    assert keeper.batches == [batch, second]


def test_memory_reaches_back_as_far_as_it_says() -> None:
    log = make_log(Keeper())
    for _ in range(RING_EVENTS + 50):
        log.append(Kind.NOTE, {})
    assert [entry.seq for entry in log.after(0) or []] == list(range(1, RING_EVENTS + 51))
    log.committed(log.take_batch())
    assert log.after(10) is None
    assert [entry.seq for entry in log.after(RING_EVENTS + 48) or []] == [RING_EVENTS + 49, RING_EVENTS + 50]
    assert log.after(RING_EVENTS + 50) == []
    assert log.after(99_999) == []


def test_a_log_that_can_not_be_saved_for_too_long_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "MAX_UNSAVED", 3)
    log = make_log(Keeper())
    for _ in range(3):
        log.append(Kind.NOTE, {})
    with pytest.raises(LogFullError):
        log.append(Kind.NOTE, {})
    assert log.last_seq == 3


def test_late_is_told_once_and_ends_with_the_next_commit() -> None:
    keeper = Keeper()
    log = make_log(keeper)
    log.append(Kind.NOTE, {})
    log.note_late(is_late=True)
    log.note_late(is_late=True)
    log.committed(log.take_batch())
    assert keeper.late == [True, False]


def test_a_superseded_log_takes_nothing_more() -> None:
    keeper, told = Keeper(), list[Entry]()
    log = make_log(keeper)
    log.listen(told.append)
    log.superseded()
    log.superseded()
    assert keeper.lost == 1
    assert log.append(Kind.NOTE, {}).seq == 0
    assert told == []


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "plain", 'quote " and \\u0000 as text', "ünï"])
def test_payloads_become_json_that_postgres_takes(text: str) -> None:
    found = to_json({"text": text, "words": [[text, 1]]})
    assert "\\u0000" not in found.replace("\\\\u0000", "")
    found.encode()
    value = json.loads(found)["text"]
    assert value == text.replace("\x00", "").replace("\ud800", "?")
