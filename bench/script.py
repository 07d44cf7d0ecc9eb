"""One standard call-minute: what is said when, for the simulated vendor, and how text carries a time stamp.

60 utterances of one second a minute, in turns of six, sides taking turns. Each gives three interims and one
final, 280 ms after its last audio. Every customer turn holds one sentence that the playbook answers.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

UTTERANCE_MS = 1_000
TURN_UTTERANCES = 6
INTERIM_MS = (300, 600, 900)
FINAL_AFTER_MS = 280
WORD_MS = 110
CHANNELS = 2
FILLER = "so we talked about this in the last meeting with everyone"
TRIGGERS = (
    "but honestly that is too expensive for us",
    "we are also looking at other vendors right now",
    "I need to talk to my boss first",
    "can you send me a proposal by next week",
    "it is just not a good time right now",
)
FRAME_MS = 100
# A frame begins with a mark and the time it was sent, as samples too small for a meter to hear.
MARK = struct.pack("<8h", 7, -7, 5, -5, 3, -3, 1, -1)
TIME = struct.Struct("<16h")
MARK_BYTES = len(MARK) + TIME.size

_STAMP = re.compile(r"\bzq([a-p]+)zq\b")


@dataclass(frozen=True, slots=True)
class Cue:
    """One result to be sent once the audio has reached `at_ms`. Channel 0 is the rep."""

    at_ms: int
    channel: int
    text: str
    start_ms: int
    end_ms: int
    is_final: bool
    ends_turn: bool


def cues() -> Iterator[Cue]:
    """For ever, in order of `at_ms`; the customer begins."""
    pending: list[Cue] = []
    number = 0
    while True:
        pending.extend(_utterance(number))
        pending.sort(key=lambda cue: cue.at_ms)
        number += 1
        horizon = number * UTTERANCE_MS
        while pending and pending[0].at_ms < horizon:
            yield pending.pop(0)


def channel_at(at_ms: int) -> int:
    turn = at_ms // UTTERANCE_MS // TURN_UTTERANCES
    return 1 if turn % 2 == 0 else 0


def _utterance(number: int) -> Iterator[Cue]:
    start_ms = number * UTTERANCE_MS
    channel = channel_at(start_ms)
    turn, position = divmod(number, TURN_UTTERANCES)
    text = TRIGGERS[turn // 2 % len(TRIGGERS)] if channel == 1 and position == 2 else FILLER
    words = text.split()
    for after_ms in INTERIM_MS:
        said = words[: max(1, after_ms // WORD_MS)]
        yield Cue(
            at_ms=start_ms + after_ms,
            channel=channel,
            text=" ".join(said),
            start_ms=start_ms,
            end_ms=start_ms + after_ms,
            is_final=False,
            ends_turn=False,
        )
    yield Cue(
        at_ms=start_ms + UTTERANCE_MS + FINAL_AFTER_MS,
        channel=channel,
        text=text,
        start_ms=start_ms,
        end_ms=start_ms + UTTERANCE_MS,
        is_final=True,
        ends_turn=position == TURN_UTTERANCES - 1,
    )


def mark(now_us: int) -> bytes:
    return MARK + TIME.pack(*(now_us >> 4 * place & 15 for place in range(16)))


def marks_in(audio: bytes) -> Iterator[int]:
    """The times, in microseconds, that the frames in `audio` were sent at."""
    at = audio.find(MARK)
    while at >= 0:
        digits = TIME.unpack_from(audio, at + len(MARK))
        yield sum(digit << 4 * place for place, digit in enumerate(digits))
        at = audio.find(MARK, at + MARK_BYTES)


def stamp(now_us: int) -> str:
    """A time as a word of letters only, so that nobody takes it for a price."""
    letters = ""
    while now_us:
        now_us, rest = divmod(now_us, 16)
        letters = chr(97 + rest) + letters
    return f"zq{letters}zq"


def stamps_in(text: str) -> list[int]:
    """The times that `text` carries, in microseconds."""
    return [_number(found) for found in _STAMP.findall(text)]


def _number(letters: str) -> int:
    value = 0
    for letter in letters:
        value = value * 16 + ord(letter) - 97
    return value
