"""Turns database URLs into Django's settings, and keeps the secrets of a local installation."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from salespilot import env

NETWORK = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""A server that is gone without a word counts as gone after some 25 s; the kernel alone takes 15 minutes and more.

What must know sooner says so itself (`tenants.postgresql.patience`).
"""


def from_url(name: str, *, as_owner: bool, pool_max: int) -> dict[str, Any]:
    """Django's settings for the database that `name` names.

    Server-side binding and no prepared statements make stacked statements an error in Postgres
    itself; a pooled connection is wiped between users. See docs/adr/0002 for what rests on this. The
    URL's own parameters win over `NETWORK`.
    """
    value = env.url(name, "postgresql://127.0.0.1:5432/salespilot", schemes=("postgresql", "postgres"))
    parts = urlsplit(value)
    options: dict[str, Any] = {
        **NETWORK,
        **dict(parse_qsl(parts.query)),
        "server_side_binding": True,
        "prepare_threshold": 0,
    }
    if not as_owner:
        options["pool"] = {"min_size": 1, "max_size": pool_max, "timeout": 10, "max_lifetime": 900}
    return {
        "ENGINE": "tenants.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        # A server that restarted leaves dead connections in the pool: each would cost somebody a request.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
        "BUSINESS_ROLES": not as_owner,
    }


def login_role(name: str) -> str:
    """The role that the URL in `name` signs in with; empty when the URL names none."""
    return unquote(urlsplit(env.url(name, "", schemes=("postgresql", "postgres"))).username or "")


def local_secret(path: Path) -> str:
    """The secret in `path`; made, readable by this user only, when the file is not there yet."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_urlsafe(48)
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    path.write_text(secret, encoding="ascii")
    return secret
