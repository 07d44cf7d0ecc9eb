"""Where a replay goes: the address of a running installation, and the host name of the business."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

QUICKSTART_FILES = ("run/quickstart.json", "quickstart.json")
LOCAL_NAMES = {"127.0.0.1", "localhost", "::1"}


class TargetError(Exception):
    """No installation to talk to. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """`host` is what the server is told (the business's name), `connect_to` where the packets go.

    They differ for `*.localhost`, which resolvers outside browsers often do not know.
    """

    scheme: str
    host: str
    port: int
    connect_to: str

    @property
    def authority(self) -> str:
        default = 443 if self.scheme == "https" else 80
        return self.host if self.port == default else f"{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        return self.connect_to != self.host

    @property
    def http(self) -> str:
        return (
            f"{self.scheme}://{self.connect_to}:{self.port}" if self.is_local else f"{self.scheme}://{self.authority}"
        )

    def websocket(self, path: str) -> str:
        return f"{'wss' if self.scheme == 'https' else 'ws'}://{self.authority}{path}"


def target_of(base_url: str, *, business_host: str) -> Target:
    """The target of `base_url`; an address that names no business gets the business's own host name."""
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise TargetError(f"{base_url}: write an address such as http://{business_host}:8000.")
    name = parts.hostname
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if name in LOCAL_NAMES:
        return Target(scheme=parts.scheme, host=business_host, port=port, connect_to="127.0.0.1")
    connect_to = "127.0.0.1" if name.endswith(".localhost") else name
    return Target(scheme=parts.scheme, host=name, port=port, connect_to=connect_to)


def running_base_url(var_dir: Path, *, port: str = "") -> str:
    """The address of the installation that runs here: `port`, or what the quickstart left in `var_dir`."""
    if port:
        return f"http://127.0.0.1:{port}"
    for name in QUICKSTART_FILES:
        try:
            content = json.loads((var_dir / name).read_text(encoding="utf-8"))
            return f"http://127.0.0.1:{int(content['port'])}"
        except FileNotFoundError:
            continue
        except (ValueError, KeyError, TypeError) as error:
            raise TargetError(f"{name}: not readable. Start the installation again, or pass --base-url.") from error
    raise TargetError("Nothing runs here. Start it with `make run`, or pass --base-url http://host:port.")
