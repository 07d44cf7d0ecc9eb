"""The words of a report: by the model when one is configured and answers, else extractive and labelled so."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from coaching import context, extractive, metrics
from coaching.llm.base import ModelError, Summary, SummaryRequest
from coaching.types import Line, Material, Moment

log = logging.getLogger(__name__)
MAX_POINTS = 10


def write_summary(material: Material, lines: Sequence[Line], moments: Sequence[Moment]) -> Summary:
    """Blocking, for tasks: up to a few minutes when the model is slow. Never raises because of the model.

    Each point carries the `start_ms` of its line, or None when the model named none.
    """
    if not lines or not (settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL):
        return extractive.summarise(lines, moments)
    from coaching.llm import reports  # noqa: PLC0415 - the SDK costs a second to import

    messages = context.summary_messages(material, lines, moments)
    request = SummaryRequest(messages, temperature=material.report_prompt.temperature)
    model = settings.OPENAI_REPORT_MODEL
    try:
        answer, usage = reports.write(
            request, model=model, api_key=settings.OPENAI_API_KEY, base_url=settings.OPENAI_BASE_URL
        )
    except ModelError as error:
        metrics.model_errors.labels(error.reason).inc()
        log.warning("the model wrote no report: %s", error.reason)
        return extractive.summarise(lines, moments)
    return Summary(
        text=answer["text"].strip(),
        key_points=_points(answer.get("key_points"), lines),
        next_steps=_points(answer.get("next_steps"), lines),
        origin="model",
        model=model,
        usage=usage,
    )


def _points(value: Any, lines: Sequence[Line]) -> tuple[tuple[str, int | None], ...]:
    """Points with the positions of their lines; whatever does not look like a point is left out."""
    points = []
    for item in value if isinstance(value, list) else []:
        text = item.get("text") if isinstance(item, dict) else None
        if not isinstance(text, str) or not text.strip():
            continue
        number = item.get("line")
        is_line = isinstance(number, int) and 0 <= number < len(lines)
        points.append((text.strip(), lines[number].start_ms if is_line else None))
    return tuple(points[:MAX_POINTS])
