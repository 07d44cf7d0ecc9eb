"""From one socket's messages to the stream's events: utterances, lines, progress. No I/O."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from calls.speech.deepgram.audio import SocketClock
from calls.speech.deepgram.messages import Results, UtteranceEnd
from calls.speech.hearing import Hearing
from coaching.types import Channel, Line, Word

NAME = "deepgram"


class Transcript:
    """Each final is one utterance; the interims before it, in its channel, share its number.

    A turn ends with `speech_final`, or, when noise suppresses that, with UtteranceEnd: then an interim of an
    utterance that never comes carries `ends_turn`, with no text.
    """

    def __init__(self, hearing: Hearing, ids: Iterator[int] | None = None) -> None:
        self._hearing = hearing
        self._ids = ids or itertools.count()
        self._open: dict[Channel, int] = {}
        self._in_turn: set[Channel] = set()

    def forget(self) -> None:
        """The socket is lost: what was open will not be finished under its number."""
        self._open.clear()
        self._in_turn.clear()

    def results(self, message: Results, clock: SocketClock) -> None:
        if message.channel >= len(self._hearing.channels):
            return
        channel = self._hearing.channels[message.channel]
        if message.text:
            self._hearing.line(self._line(channel, message, clock))
        elif message.is_final:
            self._hearing.withdraw(channel)
            self._open.pop(channel, None)
        if not message.is_final:
            return
        if message.text and not message.speech_final:
            self._in_turn.add(channel)
        elif message.speech_final:
            self._end_turn(channel, clock.to_ms(message.end_s), is_told=bool(message.text))
        self._hearing.progress(channel, clock.to_ms(message.end_s))

    def utterance_end(self, message: UtteranceEnd) -> None:
        if message.channel < len(self._hearing.channels):
            channel = self._hearing.channels[message.channel]
            self._end_turn(channel, self._hearing.settled_ms[channel], is_told=False)

    def _end_turn(self, channel: Channel, at_ms: int, *, is_told: bool) -> None:
        if channel not in self._in_turn:
            return
        self._in_turn.discard(channel)
        if not is_told and channel not in self._open:
            line = Line(channel, "", at_ms, at_ms, 0.0, False, next(self._ids), NAME, ends_turn=True)  # noqa: FBT003
            self._hearing.outbox.put(line)

    def _line(self, channel: Channel, message: Results, clock: SocketClock) -> Line:
        if channel not in self._open:
            self._open[channel] = next(self._ids)
        utterance = self._open[channel]
        if message.is_final:
            del self._open[channel]
        words = tuple(
            Word(word.text, clock.to_ms(word.start_s), clock.end_to_ms(word.end_s), word.confidence)
            for word in message.words
        )
        return Line(
            channel=channel,
            text=message.text,
            start_ms=words[0].start_ms if words else clock.to_ms(message.start_s),
            end_ms=words[-1].end_ms if words else clock.end_to_ms(message.end_s),
            confidence=message.confidence,
            is_final=message.is_final,
            utterance=utterance,
            provider=NAME,
            words=words,
            ends_turn=message.is_final and message.speech_final,
        )
