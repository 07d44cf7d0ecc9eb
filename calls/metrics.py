"""What Prometheus reads of the call path. Labels are bounded: never a business, a member or a call."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)

stage_seconds = Histogram(
    "salespilot_stage_seconds",
    "Latency of one stage of a call: uplink, speech, detection, first_token, commit, paint, card_instant, card_model.",
    ["stage"],
    buckets=SECONDS,
)
errors = Counter(
    "salespilot_errors_total",
    "Errors by service: speech, model, database, cache, storage, writer, feed, session.",
    ["service"],
)
sockets_open = Gauge("salespilot_sockets_open", "Open call sockets.", ["socket"])
sockets_closed = Counter("salespilot_sockets_closed_total", "Closed call sockets by code.", ["socket", "code"])
calls_live = Gauge("salespilot_calls_live", "Calls this process owns.")
moving = Gauge("salespilot_moving", "1 while this process sends its calls to others before it stops.")
calls_by_rung = Gauge("salespilot_calls_by_rung", "Calls this process owns, by the rung they stand on.", ["rung"])
events_logged = Counter("salespilot_events_total", "Events logged, by kind.", ["kind"])
rung_changes = Counter("salespilot_rung_changes_total", "Changes of the ladder, by the rung reached.", ["rung"])
redactions = Counter(
    "salespilot_redactions_total", "Secret numbers taken out of lines, notes and names, by kind of number.", ["kind"]
)
speech_slots_in_use = Gauge(
    "salespilot_speech_slots_in_use",
    "Slots for live streams at the speech vendor that this process holds: of the shared account, of own ones.",
    ["account"],
)
speech_slots_waiting = Gauge("salespilot_speech_slots_waiting", "Streams that wait for a slot.", ["account"])
speech_slots_refused = Counter(
    "salespilot_speech_slots_refused_total",
    "Times a stream asked for a slot in vain: our own limit, or the vendor's answer 429.",
    ["by"],
)
frames = Counter("salespilot_frames_total", "Audio frames taken.")
frames_refused = Counter("salespilot_frames_refused_total", "Audio frames refused, by reason.", ["reason"])


def count_redactions(kinds: Iterable[str]) -> None:
    for kind in kinds:
        redactions.labels(kind).inc()
