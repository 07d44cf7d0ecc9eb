"""The installation under measurement: an embedded database and queue of its own, one business, one rep with a key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests import services

BUSINESS = "acme"
HOST = "acme.localhost"


def set_up() -> str:
    """Starts the services, makes the business with its playbook. Returns the rep's API key."""
    services.start()
    subprocess.run(
        [sys.executable, "-m", "tests.owner"],
        cwd=services.ROOT,
        env={**os.environ, "SALESPILOT_AS_OWNER": "true"},
        check=True,
    )
    import django

    django.setup()
    from django.db import connections

    from calls.demo.build import give_material
    from calls.demo.businesses import ACME
    from tenants.context import business_scope
    from tenants.house.models import Policy
    from tenants.members.models import ApiKey, Member, Role
    from tenants.selectors import business_by_schema

    with business_scope(business_by_schema(BUSINESS)):
        give_material(ACME)
        # The standard call-minute asks for ten suggestions a minute; people get far fewer.
        Policy.objects.update(cards_per_10_minutes=100, seconds_between_cards=1)
        rep = Member.objects.create_member(email="rep@bench.example", name="Rep", roles=[Role.REP])
        _, secret = ApiKey.issue(member=rep, name="bench")
    connections.close_all()
    return secret


def data_directories() -> tuple[Path, Path]:
    """Where this run's Postgres and Valkey work."""
    directory = Path(os.environ[services.RUN_DIR])
    return directory / "pg", directory / "kv"


def new_calls(port: int, key: str, count: int) -> list[dict[str, str]]:
    return [_post(port, key, "/api/calls", {"channels": 2, "source": "browser"}) for _ in range(count)]


def end_calls(port: int, key: str, calls: list[dict[str, str]]) -> None:
    for call in calls:
        _post(port, key, f"/api/calls/{call['id']}/end", {})


def _post(port: int, key: str, path: str, body: dict[str, Any]) -> dict[str, str]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        method="POST",
        data=json.dumps(body).encode(),
        headers={"Host": f"{HOST}:{port}", "Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        content: dict[str, str] = json.loads(answer.read() or b"{}")
    return content
