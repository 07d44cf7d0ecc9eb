"""An ack is checked against the disk and the log; one that is ahead of both is found."""

from __future__ import annotations

import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest

from tests.faults import sound
from tests.faults.proof import Proof
from tests.faults.sound import FRAME_SAMPLES, Frame

CALL, NUMBER = str(uuid.uuid4()), 3
TEN = 10 * FRAME_SAMPLES


class Kept:
    """What disk and database of a house hold: `frames` of sound, `words` of the log."""

    def __init__(self, folder: Path) -> None:
        self.words: set[int] = set()
        self.is_away = 0
        house = SimpleNamespace(audio=folder, business_id=1, rows=self._rows)
        self.proof = Proof(cast("Any", house), CALL, NUMBER)
        self.proof.recording.parent.mkdir()

    def record(self, frames: int) -> None:
        self.proof.recording.write_bytes(b"".join(sound.pcm(NUMBER, index) for index in range(frames)))

    def _rows(self, *_: object) -> list[tuple[dict[str, str]]]:
        if self.is_away:
            self.is_away -= 1
            raise psycopg.OperationalError("away")
        return [({"text": sound.word(Frame(NUMBER, index))},) for index in self.words]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


async def test_sound_on_the_disk_proves_an_ack(kept: Kept) -> None:
    kept.record(10)
    await kept.proof._check(TEN)
    assert kept.proof.breaches == []


async def test_words_in_the_log_prove_it_too(kept: Kept) -> None:
    kept.record(5)
    kept.words = sound.words_before(10)
    await kept.proof._check(TEN)
    assert kept.proof.breaches == []


async def test_an_ack_ahead_of_both_is_found(kept: Kept) -> None:
    kept.record(5)
    kept.words = sound.words_before(10) - {7}
    await kept.proof._check(TEN)
    assert len(kept.proof.breaches) == 1
    assert "1 words before it are not in the log" in kept.proof.breaches[0]


async def test_an_ack_without_a_recording_and_without_words_is_found(kept: Kept) -> None:
    await kept.proof._check(TEN)
    assert "no recording" in kept.proof.breaches[0]


async def test_a_database_that_is_away_is_asked_again(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.faults.proof.AGAIN_S", 0.01)
    kept.record(5)
    kept.words, kept.is_away = sound.words_before(10), 2
    await kept.proof._check(TEN)
    assert (kept.proof.breaches, kept.is_away) == ([], 0)
