"""Readiness when a service is really gone: a real server pointed at ports where nothing listens."""

from __future__ import annotations

import contextlib
import http.client
import json
from typing import Any

import pytest

from salespilot.quickstart.processes import free_port
from tests.server import Server

pytestmark = pytest.mark.sockets


def ask(server: Server, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(*server.address, timeout=60)
    try:
        connection.request("GET", path, headers={"Host": "10.0.0.7"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def parts(server: Server) -> tuple[int, dict[str, Any]]:
    status, text = ask(server, "/healthz")
    return status, json.loads(text)


class AliveServer(Server):
    """Counts as started when it is alive: without a database it is never ready."""

    def _is_answering(self) -> bool:
        with contextlib.suppress(OSError):
            return ask(self, "/livez")[0] == 200
        return False


@pytest.mark.usefixtures("committed_db")
def test_without_the_cache_the_process_is_degraded_and_stays_ready() -> None:
    with Server(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0") as server:
        status, found = parts(server)
        assert status == 200
        assert (found["status"], found["cache"], found["worker"]) == ("degraded", "down", "unknown")


@pytest.mark.usefixtures("committed_db")
def test_without_the_database_the_process_is_alive_and_not_ready() -> None:
    nowhere = f"postgresql://app:a-secret-word@127.0.0.1:{free_port()}/salespilot"
    with AliveServer(DATABASE_URL=nowhere) as server:
        status, found = parts(server)
        assert status == 503
        assert (found["status"], found["database"]) == ("down", "down")
        assert ask(server, "/livez")[0] == 200
        page, text = ask(server, "/sign-in/")
        assert page >= 500
        assert "a-secret-word" not in text
        assert "Traceback" not in text
        assert "a-secret-word" not in server.output("web")
