"""The report as its page shows it: from the stored report and the log, also while the report is not there yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from billing.costs import CallCost
from billing.services import call_costs
from calls import figure_texts, selectors, timeline, versions
from calls.figure_texts import FigureView
from calls.models import Call, CallEvent, Report
from coaching.types import Channel, SignalKind


@dataclass(frozen=True, slots=True)
class LineView:
    """One line of the transcript. `anchor` is its id on the page; `moments` name what happened in it."""

    anchor: str
    channel: str
    text: str
    start_ms: int
    end_ms: int
    is_recovered: bool
    moments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PointView:
    """A key point or next step. `anchor` is empty when it belongs to no line."""

    text: str
    start_ms: int | None
    anchor: str


@dataclass(frozen=True, slots=True)
class MomentView:
    kind: str
    title: str
    state: str
    quote: str
    start_ms: int
    anchor: str


@dataclass(frozen=True, slots=True)
class CardView:
    lane: str
    title: str
    say: str
    source: str
    origin: str
    origin_url: str
    versions: str
    outcome: str
    by_words: bool
    latency_ms: int | None
    start_ms: int
    anchor: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything the page needs. `report` None: not written yet, or failed; lines and timeline are there anyway."""

    report: Report | None
    lines: tuple[LineView, ...]
    timeline: timeline.Timeline
    key_points: tuple[PointView, ...]
    next_steps: tuple[PointView, ...]
    moments: tuple[MomentView, ...]
    figures: tuple[FigureView, ...]
    more_figures: tuple[FigureView, ...]
    cards: tuple[CardView, ...]
    card_counts: Mapping[str, int]
    cost: CallCost | None
    summary_version: str = ""
    card_versions: str = ""


def build(call: Call, *, with_cost: bool, with_versions: bool = False) -> ReportView:
    """Reads what there is of `call`'s report.

    `with_cost` for those who may see money, `with_versions` for those who look after prompts and playbook.
    """
    lines = [_line(event) for event in selectors.lines_of(call)]
    report = selectors.report_of(call)
    moments = [_moment(moment, lines) for moment in (report.moments if report else [])]
    moments.sort(key=lambda moment: moment.start_ms)
    main, more = _figures(report)
    return ReportView(
        report=report,
        lines=tuple(_with_moments(line, moments) for line in lines),
        timeline=_timeline(call, lines, report, moments),
        key_points=_points(report.key_points if report else [], lines),
        next_steps=_points(report.next_steps if report else [], lines),
        moments=tuple(moments),
        figures=main,
        more_figures=more,
        cards=tuple(_card(card, lines, with_versions=with_versions) for card in (report.cards if report else [])),
        card_counts=report.figures.get("cards", {}) if report else {},
        cost=call_costs([call.id])[call.id] if with_cost else None,
        summary_version=_summary_version(report) if with_versions else "",
        card_versions=versions.of_cards(report.cards) if report and with_versions else "",
    )


def _summary_version(report: Report | None) -> str:
    if report is None or report.prompt_version is None:
        return ""
    return versions.named("report prompt", report.prompt_version)


def _line(event: CallEvent) -> LineView:
    payload = event.payload
    return LineView(
        anchor=f"line-{event.seq}",
        channel=payload["channel"],
        text=payload["text"],
        start_ms=payload["start_ms"],
        end_ms=payload["end_ms"],
        is_recovered=payload.get("recovered", False),
    )


def anchor_at(lines: Sequence[LineView], at_ms: int | None) -> str:
    """The line that is spoken at `at_ms`, else the last that began before it, else the first; "" without lines."""
    if at_ms is None or not lines:
        return ""
    within = [line for line in lines if line.start_ms <= at_ms <= line.end_ms]
    before = [line for line in lines if line.start_ms <= at_ms]
    return (within or before or list(lines[:1]))[-1].anchor


def _moment(payload: Mapping[str, Any], lines: Sequence[LineView]) -> MomentView:
    return MomentView(
        kind=payload["kind"],
        title=_title(payload["kind"], payload["topic"]),
        state=payload["state"] if payload["kind"] == SignalKind.OBJECTION else "",
        quote=payload["quote"],
        start_ms=payload["start_ms"],
        anchor=anchor_at(lines, payload["start_ms"]),
    )


def _title(kind: str, topic: str) -> str:
    """As `momentTitle` of static/js/moments.js: a competitor's topic is a name."""
    name, words = (text.replace("_", " ").replace("-", " ") for text in (kind.capitalize(), topic))
    if kind == SignalKind.COMPETITOR:
        words = words.title()
    return f"{name}: {words}" if topic and topic != kind else name


def _with_moments(line: LineView, moments: Sequence[MomentView]) -> LineView:
    titles = tuple(moment.title for moment in moments if moment.anchor == line.anchor)
    return LineView(line.anchor, line.channel, line.text, line.start_ms, line.end_ms, line.is_recovered, titles)


def _points(points: Sequence[Mapping[str, Any]], lines: Sequence[LineView]) -> tuple[PointView, ...]:
    return tuple(
        PointView(point["text"], point.get("start_ms"), anchor_at(lines, point.get("start_ms"))) for point in points
    )


def _made_by(payload: Mapping[str, Any]) -> str:
    """As on the rep's screen (deck.js). Logs of old name no play."""
    match payload["lane"]:
        case "manager":
            return f"From {payload['author']}" if payload.get("author") else "From the manager"
        case "instant" if payload.get("play") == "":
            return "General tip" if payload.get("prompt_version") is None else "Earlier tip"
        case lane:
            return {"instant": "Playbook", "model": "Model"}.get(lane, str(lane))


def _card(payload: Mapping[str, Any], lines: Sequence[LineView], *, with_versions: bool) -> CardView:
    source = payload.get("source")
    return CardView(
        lane=_made_by(payload),
        title=payload["title"],
        say=payload["say"],
        source=source["title"] if source and source["title"] != payload["title"] else "",
        origin=source.get("origin", "") if source else "",
        origin_url=source.get("url", "") if source else "",
        versions=versions.of_card(payload) if with_versions else "",
        outcome=payload["outcome"],
        by_words=payload["evidence"] == "words",
        latency_ms=payload["latency_ms"],
        start_ms=payload["trigger_end_ms"],
        anchor=anchor_at(lines, payload["trigger_end_ms"]),
    )


def _figures(report: Report | None) -> tuple[tuple[FigureView, ...], tuple[FigureView, ...]]:
    figures: Mapping[str, Any] = report.figures.get("figures", {}) if report else {}
    main = tuple(figure_texts.view(name, figures[name]) for name in figure_texts.MAIN if name in figures)
    more = tuple(figure_texts.view(name, figure) for name, figure in figures.items() if name not in figure_texts.MAIN)
    return main, more


def _timeline(
    call: Call, lines: Sequence[LineView], report: Report | None, moments: Sequence[MomentView]
) -> timeline.Timeline:
    """Speech from the report's segments (cut at pauses), from the lines while there is no report."""
    segments: Mapping[str, Any] = report.figures.get("timeline", {}) if report else {}
    stretches = [
        timeline.Stretch(Channel(channel), start_ms, end_ms, anchor_at(lines, start_ms))
        for channel, pieces in segments.items()
        for start_ms, end_ms in pieces
    ] or [timeline.Stretch(Channel(line.channel), line.start_ms, line.end_ms, line.anchor) for line in lines]
    points = [
        timeline.Point(SignalKind(moment.kind), moment.title, moment.start_ms, moment.anchor) for moment in moments
    ]
    return timeline.draw(stretches, points, call.acked_samples // 16)
