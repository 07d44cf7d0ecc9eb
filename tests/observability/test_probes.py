"""What machines ask of a process: alive, ready, how is it doing. On any host, without a secret in the answer."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.core.cache import cache
from django.test import AsyncClient, Client

from calls.heartbeat import WORKER_SEEN
from tenants.context import public_scope

HOSTS = ["acme.localhost", "localhost", "10.0.0.7", "nobody.example"]


@pytest.fixture
def anyone() -> Client:
    return Client(SERVER_NAME="10.0.0.7")


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.usefixtures("committed_db")
def test_liveness_and_readiness_answer_on_any_host(host: str) -> None:
    client = Client(SERVER_NAME=host)
    assert client.get("/livez").json() == {"status": "ok"}
    assert client.get("/healthz").status_code == 200


@pytest.mark.usefixtures("committed_db")
def test_readiness_names_each_part_in_words(anyone: Client) -> None:
    answer = anyone.get("/healthz").json()
    assert set(answer) == {"status", "database", "cache", "speech", "model", "worker"}
    assert (answer["database"], answer["cache"], answer["worker"]) == ("ok", "ok", "late")
    assert answer["status"] == "degraded", "no worker was seen"


@pytest.mark.usefixtures("committed_db")
def test_a_worker_that_swept_lately_is_ok(anyone: Client) -> None:
    with public_scope():
        cache.set(WORKER_SEEN, time.time())
    answer = anyone.get("/healthz").json()
    assert (answer["worker"], answer["status"]) == ("ok", "ok")
    with public_scope():
        cache.set(WORKER_SEEN, time.time() - 86_400)
    assert anyone.get("/healthz").json()["worker"] == "late"


@pytest.mark.usefixtures("committed_db")
async def test_probes_answer_under_asgi_too() -> None:
    answer = await AsyncClient(SERVER_NAME="10.0.0.7").get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["database"] == "ok"


def test_liveness_touches_no_database(anyone: Client) -> None:
    """Without a database fixture any query would fail this test."""
    assert anyone.get("/livez").status_code == 200


def test_metrics_are_for_this_machine_without_a_token(anyone: Client) -> None:
    text = anyone.get("/metrics").content.decode()
    assert "salespilot_stage_seconds" in text
    assert "salespilot_http_responses_total" in text


@pytest.mark.parametrize(
    "others",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"HTTP_FORWARDED": "for=192.0.2.7"},
    ],
)
def test_metrics_are_for_nobody_else_without_a_token(anyone: Client, others: dict[str, Any]) -> None:
    answer = anyone.get("/metrics", **others)
    assert answer.status_code == 403
    assert b"salespilot_" not in answer.content


def test_with_a_token_only_its_bearer_reads_metrics(anyone: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = "a-token-for-prometheus"
    assert anyone.get("/metrics").status_code == 403
    assert anyone.get("/metrics", HTTP_AUTHORIZATION="Bearer wrong").status_code == 403
    assert anyone.get("/metrics", HTTP_AUTHORIZATION="Bearer é").status_code == 403
    granted = anyone.get("/metrics", HTTP_AUTHORIZATION="Bearer a-token-for-prometheus", REMOTE_ADDR="192.0.2.7")
    assert granted.status_code == 200


@pytest.mark.usefixtures("committed_db")
def test_answers_are_counted_by_class_of_status(anyone: Client) -> None:
    def counted() -> float:
        text = anyone.get("/metrics").content.decode()
        lines = [line for line in text.splitlines() if line.startswith('salespilot_http_responses_total{status="4xx"}')]
        return float(lines[0].split()[-1]) if lines else 0

    before = counted()
    assert anyone.get("/").status_code == 404, "no business has this host"
    assert counted() == before + 1


def test_no_metric_is_labelled_with_a_business_a_member_or_a_call() -> None:
    from prometheus_client import REGISTRY

    import calls.metrics  # noqa: F401
    import coaching.metrics  # noqa: F401

    labels = {
        label
        for metric in REGISTRY.collect()
        if metric.name.startswith("salespilot")
        for sample in metric.samples
        for label in sample.labels
    }
    assert labels.isdisjoint({"business", "tenant", "schema", "member", "call", "call_id", "host"})
