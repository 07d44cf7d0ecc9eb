"""Written turns as spoken lines: sentences with words and times, at an even pace. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from zlib import crc32

from calls.demo.dialogues import Turn
from coaching.types import Channel, Line, Word

PROVIDER = "deepgram"
LETTER_MS = 52
WORD_MS = 95
COMMA_MS = 160
SENTENCE_MS = 380
OPENING_MS = 600

_SENTENCES = re.compile(r"(?<=[.?!])\s+")


def spoken(turns: Sequence[Turn]) -> list[Line]:
    """One final line a sentence, in order, on the call's clock. About 155 words a minute."""
    lines: list[Line] = []
    now_ms = OPENING_MS
    for turn in turns:
        now_ms += round(turn.pause_s * 1_000)
        for line in _turn_lines(turn, now_ms, utterance=len(lines)):
            lines.append(line)
            now_ms = line.end_ms
    return lines


def _turn_lines(turn: Turn, now_ms: int, *, utterance: int) -> Iterator[Line]:
    sentences = _SENTENCES.split(turn.text.strip())
    for number, sentence in enumerate(sentences):
        words = tuple(_words(sentence, now_ms))
        yield Line(
            channel=turn.channel,
            text=sentence,
            start_ms=now_ms,
            end_ms=words[-1].end_ms,
            confidence=round(sum(word.confidence for word in words) / len(words), 3),
            is_final=True,
            utterance=utterance + number,
            provider=PROVIDER,
            words=words,
            ends_turn=number == len(sentences) - 1,
        )
        now_ms = words[-1].end_ms + SENTENCE_MS


def _words(sentence: str, now_ms: int) -> Iterator[Word]:
    for text in sentence.split():
        end_ms = now_ms + WORD_MS + LETTER_MS * len(text)
        yield Word(text=text, start_ms=now_ms, end_ms=end_ms, confidence=0.9 + crc32(text.encode()) % 100 / 1_000)
        now_ms = end_ms + (COMMA_MS if text.endswith((",", ";", ":")) else 0)


def speech_ms(lines: Sequence[Line], channel: Channel) -> int:
    return sum(line.end_ms - line.start_ms for line in lines if line.channel is channel)
