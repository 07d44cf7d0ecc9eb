"""The alert rules speak of metrics and labels that exist."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from prometheus_client import REGISTRY

import calls.metrics  # noqa: F401
import coaching.metrics  # noqa: F401
import salespilot.probes  # noqa: F401

RULES = Path(__file__).parents[2] / "deploy" / "prometheus-alerts.yml"


def test_every_rule_reads_metrics_that_exist() -> None:
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    known = {metric.name for metric in REGISTRY.collect()}
    named = {name for rule in group["rules"] for name in re.findall(r"salespilot_\w+", rule["expr"])}
    assert named
    assert {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in named} <= known


def test_every_alert_says_what_it_means() -> None:
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    assert all(rule["annotations"]["summary"] and rule["for"] and rule["labels"]["severity"] for rule in group["rules"])


def test_the_guide_to_metrics_names_every_metric() -> None:
    guide = (RULES.parents[1] / "docs" / "metrics.md").read_text(encoding="utf-8")
    ours = {metric.name for metric in REGISTRY.collect() if metric.name.startswith("salespilot")}
    assert {name for name in ours if name not in guide} == set()
