"""The words of a report: by the model when one is configured and answers, else extractive and labelled so."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from coaching import context, extractive, metrics
from coaching.llm.base import ModelError, Summary, SummaryRequest
from coaching.types import Line, Material, Moment
from tenants.house.vendor_keys import model_key

log = logging.getLogger(__name__)
MAX_POINTS = 10


def write_summary(material: Material, lines: Sequence[Line], moments: Sequence[Moment]) -> Summary:
    """Blocking, for tasks: up to a few minutes when the model is slow. Never raises because of the model.

    Each point carries the `start_ms` of its line, or None when the model named none.
    """
    if not lines or not has_model():
        return extractive.summarise(lines, moments)
    try:
        return ask_model(material, lines, moments)
    except ModelError as error:
        metrics.model_errors.labels(error.reason).inc()
        log.warning("the model wrote no report: %s", error.reason)
        return extractive.summarise(lines, moments)


def has_model() -> bool:
    return bool(settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL or model_key())


def ask_model(material: Material, lines: Sequence[Line], moments: Sequence[Moment]) -> Summary:
    """The report by the model, with the published version's examples, settings and limits. Raises `ModelError`."""
    from coaching.llm import reports  # noqa: PLC0415 - the SDK costs a second to import

    prompt = material.report_prompt
    request = SummaryRequest(
        context.summary_messages(material, lines, moments),
        total_s=prompt.limits.deadline_ms / 1_000,
        temperature=prompt.temperature,
        max_output_tokens=prompt.limits.max_output_tokens,
        max_tries=prompt.limits.max_requests,
    )
    model = prompt.model or settings.OPENAI_REPORT_MODEL
    api_key = model_key() or settings.OPENAI_API_KEY
    answer, usage = reports.write(request, model=model, api_key=api_key, base_url=settings.OPENAI_BASE_URL)
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
