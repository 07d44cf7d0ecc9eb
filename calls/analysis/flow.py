"""How the two talk to each other: patience, interruptions, overtalk, silence (METRICS.md). Pure."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from calls.analysis.figures import Figure, Span, ratio
from calls.analysis.intervals import Interval, gaps, intersection, total_ms, union
from calls.analysis.speech import TURN_GAP_MS, Speech, SpokenWord, Turn
from coaching.types import Channel

PATIENCE_CAP_MS = 10_000
RUSHED_MS = 500
OVERLAP_MS = 500
STOP_MS = 1_000
RESUME_MS = 5_000
SILENCE_MS = 3_000

_SENTENCE_ENDS = (".", "?", "!")


@dataclass(frozen=True, slots=True)
class Interruption:
    """`by` came in at `start_ms` while the other role's turn was unfinished."""

    by: Channel
    start_ms: int
    end_ms: int


def patience(speech: Speech) -> tuple[Figure, Figure]:
    """Median and mean of the pause before the rep's turns, over pauses of 0 and more, each capped at 10 s."""
    replies = [(min(pause, PATIENCE_CAP_MS), turn) for pause, turn in _replies(speech) if pause >= 0]
    spans = tuple(Span(None, turn.start_ms - pause, turn.start_ms) for pause, turn in replies)
    note = "" if replies else "Not available: the rep never answered after a pause."
    pauses = [pause for pause, _ in replies]
    denominator = "replies after a pause"
    return (
        Figure("patience_median", median(pauses) if pauses else None, "ms", denominator, spans, note),
        Figure("patience_mean", fmean(pauses) if pauses else None, "ms", denominator, spans, note),
    )


def rushed_replies(speech: Speech) -> Figure:
    """Rep turns that start less than 500 ms after the customer stops; starting before that is no reply."""
    rushed = [turn for pause, turn in _replies(speech) if 0 <= pause < RUSHED_MS]
    return Figure(
        "rushed_replies",
        len(rushed),
        "count",
        spans=tuple(Span(turn.channel, turn.start_ms, turn.end_ms) for turn in rushed),
    )


def _replies(speech: Speech) -> Iterator[tuple[int, Turn]]:
    """Rep turns that follow a customer turn, with the pause between; negative when they overlap."""
    for before, after in itertools.pairwise(speech.turns):
        if before.channel is Channel.CUSTOMER and after.channel is Channel.REP:
            yield after.start_ms - before.end_ms, after


def interruptions(speech: Speech) -> list[Interruption]:
    """Each turn that starts inside an unfinished turn of the other role.

    Unfinished, at the start of the new turn, is speech that goes on or a sentence without its end, and
    (a) both then speak for 0.5 s or longer; or (b) the other stops within 1 s in mid-sentence; or (c) the other
    broke off in mid-sentence less than 1 s before and takes the sentence up again within 5 s. Sentences need
    punctuation: where the recogniser writes none, only overlapping speech counts. A back-channel is no turn and
    so never an interruption.
    """
    is_punctuated = _is_punctuated(speech)
    words = {channel: _words(speech, channel) for channel in Channel}
    found = []
    for turn in speech.turns:
        other = words[Channel.CUSTOMER if turn.channel is Channel.REP else Channel.REP]
        if end_ms := _interrupted_until(turn, other, words[turn.channel], is_punctuated=is_punctuated):
            found.append(Interruption(turn.channel, turn.start_ms, end_ms))
    return found


def _words(speech: Speech, channel: Channel) -> list[SpokenWord]:
    """The words of a role's turns, in order; a back-channel holds no turn that could be interrupted."""
    return sorted(
        (word for turn in speech.turns if turn.channel is channel for word in turn.words),
        key=lambda word: word.start_ms,
    )


def _is_punctuated(speech: Speech) -> bool:
    ended = sum(turn.text.endswith(_SENTENCE_ENDS) for turn in speech.turns)
    return 2 * ended >= len(speech.turns)


def _interrupted_until(
    turn: Turn, other: Sequence[SpokenWord], own: Sequence[SpokenWord], *, is_punctuated: bool
) -> int | None:
    """When the interruption ends, or None when `turn` is none."""
    here = bisect.bisect_left(other, turn.start_ms, key=lambda word: word.start_ms)
    if here == 0:
        return None
    before, after = other[here - 1], other[here:]
    is_speaking = before.end_ms > turn.start_ms
    is_open = is_punctuated and not before.text.endswith(_SENTENCE_ENDS)
    if is_speaking or is_open:
        going_on = _stretch(before, after, gap_ms=TURN_GAP_MS)
        if len(going_on) > 1 and (end_ms := _overlap_end(turn, going_on, own)):
            return end_ms
    if is_speaking and is_punctuated:
        last = _stretch(before, after, gap_ms=STOP_MS)[-1]
        is_cut_off = last.end_ms <= turn.start_ms + STOP_MS and not last.text.endswith(_SENTENCE_ENDS)
        return last.end_ms if is_cut_off else None
    return turn.end_ms if is_open and _is_taken_up(turn, before, after) else None


def _stretch(before: SpokenWord, after: Sequence[SpokenWord], *, gap_ms: int) -> list[SpokenWord]:
    """`before` and the words after it, up to a pause of `gap_ms`."""
    words, end_ms = [before], before.end_ms
    for word in after:
        if word.start_ms - end_ms >= gap_ms:
            break
        words.append(word)
        end_ms = max(end_ms, word.end_ms)
    return words


def _overlap_end(turn: Turn, theirs: Sequence[SpokenWord], own: Sequence[SpokenWord]) -> int | None:
    """When both stop speaking at once, if they start to within 1 s and do for 0.5 s or longer."""
    mine = [word for word in own if turn.start_ms <= word.start_ms <= turn.end_ms]
    for start, end in intersection(_spoken(mine), _spoken(theirs)):
        if start <= turn.start_ms + STOP_MS and end - start >= OVERLAP_MS:
            return end
    return None


def _spoken(words: Sequence[SpokenWord]) -> list[Interval]:
    """Speech without the short holes between words, in which a listener hears no pause."""
    joined = union((word.start_ms, word.end_ms) for word in words)
    bridged: list[Interval] = []
    for start, end in joined:
        if bridged and start - bridged[-1][1] <= OVERLAP_MS:
            bridged[-1] = (bridged[-1][0], end)
        else:
            bridged.append((start, end))
    return bridged


def _is_taken_up(turn: Turn, before: SpokenWord, after: Sequence[SpokenWord]) -> bool:
    """Broken off just before `turn`, silent during it, and continued in lower case soon after."""
    if turn.start_ms - before.end_ms > STOP_MS or not after:
        return False
    is_soon = turn.end_ms <= after[0].start_ms <= before.end_ms + RESUME_MS
    return is_soon and after[0].text[:1].islower()


def interruption_figures(speech: Speech) -> list[Figure]:
    """Count and rate per own turn, by who interrupted."""
    found = interruptions(speech)
    figures = []
    for channel in Channel:
        mine = tuple(Span(each.by, each.start_ms, each.end_ms) for each in found if each.by is channel)
        turns = sum(turn.channel is channel for turn in speech.turns)
        figures.append(Figure(f"interruptions_by_{channel}", len(mine), "count", spans=mine))
        figures.append(
            ratio(
                f"interruption_rate_{channel}",
                len(mine),
                turns,
                unit="per_turn",
                denominator=f"turns of the {channel}",
                spans=mine,
            )
        )
    return figures


def overtalk(speech: Speech) -> list[Figure]:
    """Time both speak: total, number of pieces, longest piece. Back-channels are speech too."""
    both = intersection(*(union((piece.start_ms, piece.end_ms) for piece in speech.of(channel)) for channel in Channel))
    spans = tuple(Span(None, start, end) for start, end in both)
    longest = max(spans, key=lambda span: span.length_ms, default=None)
    return [
        Figure("overtalk_total", total_ms(both), "ms", spans=spans),
        Figure("overtalk_count", len(both), "count", spans=spans),
        Figure("overtalk_longest", longest.length_ms if longest else 0, "ms", spans=(longest,) if longest else ()),
    ]


def non_talk(speech: Speech, *, hold_ms: int = 0) -> Figure:
    """Hold time and every silence longer than 3 s between first and last speech."""
    said = union((piece.start_ms, piece.end_ms) for piece in speech.segments)
    silences = [(start, end) for start, end in gaps(said) if end - start > SILENCE_MS]
    spans = tuple(Span(None, start, end) for start, end in silences)
    return Figure("non_talk_time", total_ms(silences) + hold_ms, "ms", spans=spans)
