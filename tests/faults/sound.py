"""Audio that says itself what it is: each frame of 100 ms carries the number of its call and its own. Pure.

An utterance lasts a second: 800 ms of sounding frames, one word each, in the middle of 200 quiet ones. Customer and
rep take turns. Whoever holds the audio can say which words are in it; no two frames of a house are alike, so that a
lost, doubled or shifted sample is found wherever audio is kept.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
FRAME_MS = 100
FRAME_SAMPLES = 1_600
WIDTH = 4
FRAME_BYTES = FRAME_SAMPLES * WIDTH
FRAMES_OF_UTTERANCE = 10
LOUD, QUIET = 4_000, 3
REP, CUSTOMER = 0, 1
TRIGGER = "but honestly that is too expensive for us"

# Too quiet for any meter to hear.
MARK = struct.pack("<8h", 7, -7, 5, -5, 3, -3, 1, -1)
DIGITS = struct.Struct("<16h")
FRAME_BITS = 24
_WORD = re.compile(r"zq([a-p]+)zq", re.IGNORECASE)

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True, order=True)
class Frame:
    """Frame `index` of the call `call` (a number that the house gives). `at_byte`: where it was found."""

    call: int
    index: int
    at_byte: int = 0


def speaker(index: int) -> int:
    """Whose turn it is, whether or not the frame sounds."""
    return CUSTOMER if index // FRAMES_OF_UTTERANCE % 2 == 0 else REP


def sounds(index: int) -> bool:
    return 0 < index % FRAMES_OF_UTTERANCE < FRAMES_OF_UTTERANCE - 1


def words_before(frames: int) -> set[int]:
    """The numbers of the words in the first `frames` frames."""
    return {index for index in range(frames) if sounds(index)}


@lru_cache(maxsize=4_096)
def pcm(call: int, index: int) -> bytes:
    """The frame itself: PCM16 of two channels, interleaved."""
    noise = np.random.default_rng((call, index))
    both: Samples = noise.integers(-QUIET, QUIET + 1, (FRAME_SAMPLES, 2)).astype(np.int16)
    if sounds(index):
        both[:, speaker(index)] = noise.integers(-LOUD, LOUD + 1, FRAME_SAMPLES)
    number = call << FRAME_BITS | index
    head = MARK + DIGITS.pack(*(number >> 4 * place & 15 for place in range(16)))
    return head + both.tobytes()[len(head) :]


def frames_in(audio: bytes) -> Iterator[Frame]:
    """Those of which at least half is there, in the order they stand. What is not genuine is no frame."""
    at = audio.find(MARK)
    while at >= 0 and len(audio) - at >= FRAME_BYTES // 2:
        digits = DIGITS.unpack_from(audio, at + len(MARK))
        number = sum((digit & 15) << 4 * place for place, digit in enumerate(digits))
        found = Frame(number >> FRAME_BITS, number & (1 << FRAME_BITS) - 1, at)
        held = audio[at : at + FRAME_BYTES]
        if pcm(found.call, found.index)[: len(held)] == held:
            yield found
        at = audio.find(MARK, at + len(MARK))


def word(frame: Frame) -> str:
    """Of letters only, so that nobody takes it for a price or a card's number."""
    letters, rest = "", frame.call << FRAME_BITS | frame.index
    while rest:
        rest, digit = divmod(rest, 16)
        letters = chr(97 + digit) + letters
    return f"zq{letters}zq"


def words_in(text: str) -> list[Frame]:
    return [_frame(found) for found in _WORD.findall(text)]


def _frame(letters: str) -> Frame:
    number = 0
    for letter in letters.lower():
        number = number * 16 + ord(letter) - 97
    return Frame(number >> FRAME_BITS, number & (1 << FRAME_BITS) - 1)
