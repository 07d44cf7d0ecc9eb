"""What Prometheus reads of the coaching path. Labels are bounded: never a business, a member or a call."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

model_seconds = Histogram(
    "salespilot_model_seconds",
    "Time of a model card to its first readable words and to its end.",
    ["step"],
    buckets=(0.1, 0.25, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 6.0),
)
model_errors = Counter("salespilot_model_errors_total", "Model calls that failed.", ["reason"])
cards = Counter(
    "salespilot_cards_total",
    "Cards by lane and outcome: shown, late, stale, held_back, overtaken.",
    ["lane", "outcome"],
)
ungrounded = Counter(
    "salespilot_cards_ungrounded_total",
    "Texts of model cards without ground in the business's material, by field (say, title, why, question) and reason.",
    ["field", "reason"],
)
model_circuits_open = Gauge(
    "salespilot_model_circuits_open", "Models resting after failures, by whose circuit: business, provider.", ["scope"]
)
model_probes = Counter(
    "salespilot_model_probes_total", "Background requests to a resting model, by outcome.", ["scope", "outcome"]
)
