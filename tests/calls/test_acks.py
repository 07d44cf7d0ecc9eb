"""The ack means durable: it never passes a gap, an unsaved line or the slower channel, unless the audio is stored."""

from __future__ import annotations

from calls.live.acks import Watermarks
from coaching.types import Channel


def test_the_slower_channel_decides() -> None:
    marks = Watermarks(2, settled=0, stored=None)
    marks.settle(Channel.REP, 5_000)
    assert marks.transcribed(10**9) == 0
    marks.settle(Channel.CUSTOMER, 3_000)
    assert marks.transcribed(10**9) == 48_000
    assert marks.transcribed(16_000) == 16_000


def test_nothing_is_acknowledged_before_it_is_committed() -> None:
    marks = Watermarks(1, settled=0, stored=None)
    marks.settle(Channel.REP, 2_000)
    assert marks.ack == 0
    marks.commit(marks.transcribed(10**9))
    assert marks.ack == 32_000


def test_a_gap_holds_the_ack_until_it_is_closed() -> None:
    marks = Watermarks(1, settled=0, stored=None)
    marks.open_gap(1_000, 2_000)
    marks.settle(Channel.REP, 9_000)
    assert marks.transcribed(10**9) == 16_000
    marks.close_gap(1_000, 2_000)
    assert marks.transcribed(10**9) == 144_000


def test_a_gap_may_be_closed_in_parts_and_together_with_another() -> None:
    marks = Watermarks(1, settled=0, stored=None)
    marks.open_gap(1_000, 5_000)
    marks.open_gap(3_000, 8_000)
    marks.settle(Channel.REP, 20_000)
    marks.close_gap(1_000, 2_000)
    assert marks.transcribed(10**9) == 32_000
    marks.close_gap(2_000, 6_000)
    assert marks.transcribed(10**9) == 96_000
    marks.close_gap(6_000, 8_000)
    assert not marks.has_gaps
    assert marks.transcribed(10**9) == 320_000


def test_stored_audio_is_safe_without_any_line_and_marks_never_go_back() -> None:
    marks = Watermarks(2, settled=1_600, stored=3_200)
    assert marks.ack == 3_200
    marks.store(1_000)
    marks.settle(Channel.REP, 0)
    marks.settle(Channel.CUSTOMER, 0)
    assert marks.ack == 3_200
    assert marks.transcribed(10**9) == 1_600


def test_a_mono_call_has_one_channel() -> None:
    marks = Watermarks(1, settled=0, stored=None)
    marks.settle(Channel.REP, 100)
    marks.settle(Channel.CUSTOMER, 5)
    assert marks.transcribed(10**9) == 1_600
