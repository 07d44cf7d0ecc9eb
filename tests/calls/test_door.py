"""The door: whose audio comes in, by consent."""

from __future__ import annotations

import numpy as np
import pytest

from calls.live.audio import Piece
from calls.live.door import ConsentState, Door, Opening
from coaching.types import Channel
from tenants.consent.rules import Answer, Mode

STEREO = np.array([[11, 21], [12, 22], [13, 23]], dtype="<i2")
MONO = np.array([[11], [12], [13]], dtype="<i2")


@pytest.mark.parametrize(
    ("mode", "answer", "channels", "opening"),
    [
        (Mode.ONE_PARTY, Answer.NONE, 2, Opening.ALL),
        (Mode.ONE_PARTY, Answer.NO, 2, Opening.REP),
        (Mode.ANNOUNCE, Answer.NONE, 2, Opening.NOBODY),
        (Mode.ANNOUNCE, Answer.STAYED, 2, Opening.ALL),
        (Mode.ASK, Answer.NONE, 2, Opening.NOBODY),
        (Mode.ASK, Answer.YES, 2, Opening.ALL),
        (Mode.ASK, Answer.YES, 1, Opening.ALL),
        (Mode.ASK, Answer.NO, 2, Opening.REP),
        (Mode.ASK, Answer.NO, 1, Opening.NOBODY),
        (Mode.ASK, Answer.WITHDRAWN, 2, Opening.REP),
        (Mode.ASK, Answer.WITHDRAWN, 1, Opening.NOBODY),
        (Mode.ASK, Answer.STAYED, 2, Opening.NOBODY),
    ],
)
def test_whose_audio_comes_in(mode: Mode, answer: Answer, channels: int, opening: Opening) -> None:
    door = Door(ConsentState(mode, answer), channels)
    assert door.opening is opening
    assert [door.lets(channel) for channel in (Channel.REP, Channel.CUSTOMER)] == {
        Opening.ALL: [True, True],
        Opening.REP: [True, False],
        Opening.NOBODY: [False, False],
    }[opening]


@pytest.mark.parametrize(
    ("answer", "audio", "expected"),
    [
        (Answer.YES, STEREO, STEREO),
        (Answer.NONE, STEREO, STEREO * 0),
        (Answer.NO, STEREO, STEREO * np.array([1, 0], dtype="<i2")),
        (Answer.NO, MONO, MONO * 0),
    ],
)
def test_what_may_not_come_in_is_silence_of_the_same_length(
    answer: Answer, audio: np.ndarray, expected: np.ndarray
) -> None:
    door = Door(ConsentState(Mode.ASK, answer), audio.shape[1])
    admitted = door.admit(Piece(1_600, audio.tobytes(), samples=3, hole=5))
    assert admitted == Piece(1_600, expected.tobytes(), samples=3, hole=5)


def test_a_refusal_stands_for_the_rest_of_the_call() -> None:
    door = Door(ConsentState(Mode.ASK), 2)
    assert door.put(ConsentState(Mode.ASK, Answer.YES))
    assert door.put(ConsentState(Mode.ASK, Answer.WITHDRAWN))
    assert not door.put(ConsentState(Mode.ASK, Answer.YES))
    assert door.opening is Opening.REP


def test_the_same_answer_twice_changes_nothing() -> None:
    door = Door(ConsentState(Mode.ASK, Answer.YES), 2)
    assert not door.put(ConsentState(Mode.ASK, Answer.YES))
