"""What a proxy is told before it has a certificate issued."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants.context import Business, business_scope, public_scope
from tenants.domains import services
from tenants.selectors import hosts
from tests.conftest import MakeMember
from tests.domains.conftest import Prove
from tests.domains.test_own_domain import NAME, ask, check
from tests.server import Server

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("committed_db", "only_first_hosts")]


def answer(domain: str, host: str = "10.0.0.5:8001", **extra: str) -> int:
    return Client(SERVER_NAME=host).get("/tls/ask", {"domain": domain}, **extra).status_code  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["10.0.0.5:8001", "localhost", "acme.localhost", "nowhere.test"])
def test_hosts_that_lead_somewhere_get_one_whatever_host_is_asked(host: str) -> None:
    assert answer("acme.localhost", host) == 200
    assert answer("ACME.localhost.", host) == 200
    assert answer("localhost", host) == 200
    assert answer("nowhere.test", host) == 404


@pytest.mark.parametrize(
    "domain", ["", " ", "acme", "192.0.2.1", "[::1]", "acme.localhost:443", "x" * 300, "a\x00b", "é.test"]
)
def test_odd_names_get_none(domain: str) -> None:
    assert answer(domain) == 404


def test_a_domain_gets_one_from_its_proof_to_its_end(acme: Business, globex: Business, prove: Prove) -> None:
    domain = ask(acme)
    ask(globex)
    assert answer(NAME) == 404
    prove(acme, NAME)
    check(acme, domain)
    assert answer(NAME) == 200
    with business_scope(acme):
        services.withdraw(domain.pk, by=None)
    assert answer(NAME) == 404


def test_who_is_not_allowed_is_told_nothing(settings: Any) -> None:
    assert answer("acme.localhost", REMOTE_ADDR="192.0.2.7") == 403
    assert answer("nowhere.test", REMOTE_ADDR="192.0.2.7") == 403
    assert answer("acme.localhost", REMOTE_ADDR="") == 403
    settings.TLS_ASK_ALLOWED = [ip_network("192.0.2.0/24")]
    assert answer("acme.localhost", REMOTE_ADDR="192.0.2.7") == 200
    assert answer("acme.localhost", REMOTE_ADDR="::ffff:192.0.2.7") == 200
    assert answer("acme.localhost") == 403


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA"])
def test_what_the_proxy_passes_on_is_the_public_s(header: str) -> None:
    assert answer("acme.localhost", **{header: "127.0.0.1"}) == 403


def test_it_costs_one_query_and_then_none() -> None:
    hosts.forget()
    with public_scope(), CaptureQueriesContext(connection) as asked:
        services_answer = [hosts.find("acme.localhost") is not None for _ in range(3)]
    assert services_answer == [True] * 3
    assert len(asked) == 1
    assert "domain" in asked[0]["sql"]


def test_without_the_database_a_known_host_keeps_its_certificate_and_others_wait(
    businesses: Any, member: MakeMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answer("acme.localhost") == 200
    connections.close_all()
    connections["default"].close_pool()  # type: ignore[attr-defined]
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    try:
        assert answer("acme.localhost") == 200
        assert answer("never-seen.test") == 503
    finally:
        connections["default"].close_pool()  # type: ignore[attr-defined]


@pytest.mark.sockets
@pytest.mark.parametrize("web_server", ["daphne", "uvicorn"])
def test_a_real_server_answers_a_proxy_beside_it(businesses: Any, web_server: Any) -> None:
    import http.client

    with Server(web_server=web_server) as server:

        def ask_it(domain: str, **headers: str) -> int:
            link = http.client.HTTPConnection(*server.address, timeout=20)
            link.request("GET", f"/tls/ask?domain={domain}", headers={"Host": "salespilot.internal:8001", **headers})
            return link.getresponse().status

        assert ask_it("acme.localhost") == 200
        assert ask_it("nowhere.test") == 404
        assert ask_it("acme.localhost", **{"X-Forwarded-For": "192.0.2.7"}) == 403
