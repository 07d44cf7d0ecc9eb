"""The bookkeeping of a replay: latencies on the audio's own clock, each event once."""

from __future__ import annotations

from typing import Any

from calls.replay.collected import Collected, Timeline, percentiles, summary


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def event(seq: int, kind: str, **payload: Any) -> dict[str, Any]:
    return {"type": "event", "seq": seq, "at": 0, "kind": kind, "payload": payload}


def test_an_instant_is_sent_with_the_first_frame_that_reaches_it() -> None:
    timeline = Timeline()
    timeline.sent(1_600, 1.0)
    timeline.sent(3_200, 1.1)
    timeline.sent(1_600, 9.0)
    assert timeline.since(1_600, 1.5) == 500
    assert timeline.since(1_601, 1.5) is not None
    assert round(timeline.since(1_601, 1.5) or 0) == 400
    assert timeline.since(3_201, 1.5) is None


def test_acks_count_once_and_only_forward() -> None:
    clock = Clock()
    collected = Collected(clock=clock)
    collected.timeline.sent(1_600, 0.0)
    clock.now = 0.2
    for samples in (1_600, 1_600, 800):
        collected.acked(samples)
    assert collected.acked_samples == 1_600
    assert collected.latencies_ms["uplink_ack"] == [200.0]


def test_an_event_seen_before_a_reconnect_is_not_taken_twice() -> None:
    collected = Collected(clock=Clock())
    for seq in (1, 2, 2, 1, 3):
        collected.took(event(seq, "state", rung="full"))
    assert [row["seq"] for row in collected.events] == [1, 2, 3]
    assert collected.last_seq == 3


def test_lines_and_cards_are_timed_from_the_end_of_their_words() -> None:
    clock = Clock()
    collected = Collected(clock=clock)
    collected.timeline.sent(16_000, 1.0)
    clock.now = 1.6
    line = {"channel": "rep", "end_ms": 1_000, "recovered": False}
    collected.took({"type": "interim", **line})
    collected.took(event(1, "line", **line))
    collected.took(event(2, "card", id="c", lane="instant", trigger_end_ms=1_000))
    collected.took(event(3, "line", **{**line, "recovered": True}))
    assert {stage: round(values[0]) for stage, values in collected.latencies_ms.items()} == {
        "interim": 600,
        "final": 600,
        "card_instant": 600,
    }
    assert len(collected.latencies_ms["final"]) == 1


def test_the_summary_groups_lines_by_side_and_keeps_the_last_word_of_moments_and_cards() -> None:
    collected = Collected(clock=Clock())
    collected.took(event(1, "line", channel="rep", text="a", end_ms=1, recovered=False))
    collected.took(event(2, "line", channel="customer", text="b", end_ms=2, recovered=False))
    collected.took(event(3, "moment", id="m", state="raised"))
    collected.took(event(4, "moment", id="m", state="handled"))
    collected.took(event(5, "call_ended", reason="hung_up", duration_ms=3))
    found = summary(collected)
    assert [line["text"] for line in found["lines"]["rep"]] == ["a"]
    assert [line["text"] for line in found["lines"]["customer"]] == ["b"]
    assert [moment["state"] for moment in found["moments"]] == ["handled"]
    assert collected.has_ended()


def test_percentiles_are_nearest_rank() -> None:
    assert percentiles([float(value) for value in range(1, 101)]) == {"p50": 50, "p95": 95, "p99": 99, "n": 100}
    assert percentiles([7.0]) == {"p50": 7, "p95": 7, "p99": 7, "n": 1}
    assert percentiles([]) == {"n": 0}
