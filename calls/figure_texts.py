"""Figures as people read them: name, value with its unit, definition, guide value with its source. Pure.

Definitions and guide values are those of METRICS.md; a business's own guide values come in as `guides`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Guide:
    """What a figure should be: at least `low`, at most `high`, either may be open."""

    low: float | None
    high: float | None
    words: str

    def is_met(self, value: float) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True, slots=True)
class FigureText:
    label: str
    definition: str
    guide: Guide | None = None


@dataclass(frozen=True, slots=True)
class FigureView:
    """One figure on the page. `tone` is `good`, `off` or empty (no guide, or no value)."""

    name: str
    label: str
    value: str
    definition: str
    guide: str
    note: str
    tone: str
    spans: list[list[Any]]


MAIN = (
    "talk_ratio_speech",
    "longest_monologue",
    "longest_customer_story",
    "interactivity",
    "patience_median",
    "question_rate",
    "talk_speed_rep",
    "sentiment",
)

TEXTS: Mapping[str, FigureText] = {
    "talk_ratio_speech": FigureText(
        "Rep talks",
        "The rep's share of all speech.",
        Guide(None, 0.65, "Best near 43 %, harm above 65 % (Gong Labs, 25,537 calls)"),
    ),
    "talk_ratio_clock": FigureText(
        "Rep talks, of the clock", "The rep's share of the whole conversation, silence included."
    ),
    "talk_time_rep": FigureText("Talk time, rep", "How long the rep spoke."),
    "talk_time_customer": FigureText("Talk time, customer", "How long the customer spoke."),
    "longest_monologue": FigureText(
        "Longest monologue", "The rep's longest turn.", Guide(None, 150_000, "At most 2:30 (Gong)")
    ),
    "longest_customer_story": FigureText("Longest customer story", "The customer's longest turn. More is better."),
    "interactivity": FigureText(
        "Interactivity",
        "Changes of speaker in 5 minutes; replies of fewer than three words do not count.",
        Guide(5, None, "At least 5 (Gong)"),
    ),
    "patience_median": FigureText(
        "Patience",
        "The pause the rep leaves after the customer stops: the median.",
        Guide(600, 1000, "0.6 to 1.0 s (Gong)"),
    ),
    "patience_mean": FigureText("Patience, mean", "The same pause on average, each cut at 10 s."),
    "rushed_replies": FigureText(
        "Rushed replies", "Times the rep began less than half a second after the customer stopped."
    ),
    "question_rate": FigureText(
        "Questions per hour",
        "Substantive questions by the rep: at least three words, no tags such as “right?”.",
        Guide(18, None, "At least 18 per hour (Gong)"),
    ),
    "questions": FigureText("Questions", "Substantive questions by the rep."),
    "open_questions": FigureText("Open questions", "Questions that start with what, how, why, tell me and the like."),
    "talk_speed_rep": FigureText(
        "Talk speed, rep", "Words per minute of the rep's own speech.", Guide(120, 160, "120 to 160 words per minute")
    ),
    "talk_speed_customer": FigureText("Talk speed, customer", "Words per minute of the customer's own speech."),
    "filler_rate_rep": FigureText("Fillers, rep", "“Um”, “you know” and the like, per minute of own speech."),
    "filler_rate_customer": FigureText("Fillers, customer", "Fillers per minute of the customer's own speech."),
    "interruptions_by_rep": FigureText("Interruptions by the rep", "The rep began inside the customer's turn."),
    "interruptions_by_customer": FigureText(
        "Interruptions by the customer", "The customer began inside the rep's turn."
    ),
    "interruption_rate_rep": FigureText("Interruptions by the rep, per turn", "Share of customer turns interrupted."),
    "interruption_rate_customer": FigureText(
        "Interruptions by the customer, per turn", "Share of rep turns interrupted."
    ),
    "overtalk_total": FigureText("Both speak", "How long both spoke at once."),
    "overtalk_count": FigureText("Both speak, times", "How often both spoke at once."),
    "overtalk_longest": FigureText("Both speak, longest", "The longest time both spoke at once."),
    "active_listening": FigureText("Active listening", "Short signs of listening such as “mm” or “got it”."),
    "non_talk_time": FigureText("Quiet", "Hold time and every silence longer than 3 s."),
    "call_clock": FigureText("Conversation", "From the first to the last word."),
    "coverage": FigureText(
        "Coverage", "Transcribed speech of all speech captured.", Guide(0.99, None, "At least 99 %")
    ),
    "sentiment": FigureText(
        "Customer sentiment", "From −5 to +5, from the customer's words only, never from voices and never of the rep."
    ),
    "sentiment_shift": FigureText("Sentiment, end against start", "How the customer's sentiment moved over the call."),
    "sentiment_quarter_1": FigureText("Sentiment, first quarter", "The customer's words in the first quarter."),
    "sentiment_quarter_2": FigureText("Sentiment, second quarter", "The customer's words in the second quarter."),
    "sentiment_quarter_3": FigureText("Sentiment, third quarter", "The customer's words in the third quarter."),
    "sentiment_quarter_4": FigureText("Sentiment, last quarter", "The customer's words in the last quarter."),
}


def view(name: str, figure: Mapping[str, Any], guides: Mapping[str, Guide] | None = None) -> FigureView:
    """A figure of a report. What is not available stays so and says why; nothing is guessed."""
    text = TEXTS.get(name) or FigureText(name.replace("_", " ").capitalize(), "")
    guide = (guides or {}).get(name, text.guide)
    value: float | None = figure.get("value")
    tone = "" if value is None or guide is None else ("good" if guide.is_met(value) else "off")
    return FigureView(
        name=name,
        label=text.label,
        value=value_text(value, str(figure.get("unit", ""))),
        definition=text.definition,
        guide=guide.words if guide else "",
        note=str(figure.get("note", "")),
        tone=tone,
        spans=list(figure.get("spans", [])),
    )


def value_text(value: float | None, unit: str) -> str:
    """`0.43, ratio` → `43 %`; `95000, ms` → `1:35`; `820, ms` → `0.8 s`; None → `Not available`."""
    if value is None:
        return "Not available"
    if unit == "ratio":
        return f"{value * 100:.0f} %"
    if unit == "ms":
        return _length(value)
    if unit == "score":
        return f"{value:+.1f}".replace("-", "−") if round(value, 1) else "0.0"
    return f"{value:.1f}" if unit in {"per_5_min", "per_min"} else f"{value:.0f}"


def _length(milliseconds: float) -> str:
    if milliseconds < MINUTE_MS:
        return f"{milliseconds / 1000:.1f} s"
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes}:{seconds:02}"
