"""After a take-over audio is heard twice where one side was further on: each word stands in the log once."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from calls.live.known import Known
from calls.speech.browser import NAME as BROWSER
from coaching.types import Channel, Line, Word


def said(channel: Channel, start_ms: int, text: str, *, each_ms: int = 500, has_words: bool = True) -> Line:
    texts = text.split()
    edges = [start_ms + each_ms * index for index in range(len(texts) + 1)]
    words = tuple(Word(one, *span, 0.9) for one, span in zip(texts, pairwise(edges), strict=True))
    return Line(channel, text, start_ms, edges[-1], 0.9, True, 1, "x", words if has_words else ())


KNOWN = Known([said(Channel.REP, 1_000, "one two three four"), said(Channel.REP, 9_000, "nine ten")], [(4_000, 8_000)])


def test_what_the_log_has_is_not_new() -> None:
    assert KNOWN.new_of(said(Channel.REP, 1_050, "one two three")) is None
    assert KNOWN.new_of(said(Channel.REP, 9_000, "nine ten", has_words=False)) is None


def test_the_other_side_and_what_follows_are_new() -> None:
    for line in (said(Channel.CUSTOMER, 1_000, "one two"), said(Channel.REP, 10_500, "eleven")):
        assert KNOWN.new_of(line) is line


def test_a_line_across_the_edge_is_cut_at_it() -> None:
    new = KNOWN.new_of(said(Channel.REP, 9_000, "nine ten eleven twelve"))
    assert new is not None
    assert (new.text, new.start_ms) == ("eleven twelve", 10_000)


def test_what_lies_in_an_open_gap_is_new() -> None:
    line = said(Channel.REP, 5_000, "in the gap")
    assert KNOWN.new_of(line) is line
    assert Known([said(Channel.REP, 9_000, "nine")]).new_of(line) is None, "without a gap nothing was there"


def test_a_browsers_line_proves_no_silence_before_it_but_is_not_told_again() -> None:
    known = Known(
        [said(Channel.REP, 1_000, "one two"), replace(said(Channel.REP, 9_000, "nine ten"), provider=BROWSER)]
    )
    unheard = said(Channel.REP, 5_000, "never heard")
    assert known.new_of(unheard) is unheard
    assert known.new_of(said(Channel.REP, 9_000, "nine ten")) is None


def test_a_call_that_was_never_taken_over_knows_nothing() -> None:
    line = said(Channel.REP, 0, "hello")
    assert Known().new_of(line) is line
