"""Strict readers for settings from the environment. An odd value stops the start with a sentence that says what to do.

Every reader also accepts `NAME_FILE`, the path of a file that holds the value: secrets need not stand in
the environment. `docs/settings.md` lists every name; a test compares it with what is read here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured

READ: set[str] = set()
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")

# Addresses that belong together: with one of them given, none of the group is taken from elsewhere.
_ADDRESSES = (("DATABASE_URL", "DATABASE_OWNER_URL"), ("REDIS_URL",), ("LINK_PORT",))


def adopt_running(path: Path) -> None:
    """Lets a command in another shell find the embedded services that `make run` left word of in `path`.

    Fills only what the environment leaves open; nothing when nothing runs.
    """
    try:
        running = json.loads(path.read_text(encoding="utf-8"))["settings"]
    except (OSError, ValueError, KeyError):
        return
    for group in _ADDRESSES:
        if not any(os.environ.get(name) or os.environ.get(f"{name}_FILE") for name in group):
            os.environ.update({name: running[name] for name in group if name in running})


def text(name: str, default: str = "") -> str:
    """The value without surrounding blanks; `default` when unset or empty."""
    READ.add(name)
    value, path = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if value and path:
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
    if path:
        try:
            value = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: can not read {path} ({error.strerror}).") from error
    return value.strip() or default


def boolean(name: str, default: bool = False) -> bool:
    value = text(name, "true" if default else "false").lower()
    if value not in {"true", "false", "1", "0", "yes", "no"}:
        raise ImproperlyConfigured(f"{name} is {value!r}: write true or false.")
    return value in {"true", "1", "yes"}


def integer(name: str, default: int, *, minimum: int, maximum: int) -> int:
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}: write a whole number.") from None
    if not minimum <= number <= maximum:
        raise ImproperlyConfigured(f"{name} is {number}: write a number from {minimum} to {maximum}.")
    return number


def choice(name: str, default: str, options: Sequence[str]) -> str:
    value = text(name, default)
    if value not in options:
        raise ImproperlyConfigured(f"{name} is {value!r}: write one of {', '.join(options)}.")
    return value


def host(name: str, default: str) -> str:
    """A host name in lower case, without port; `default` is taken as it is."""
    value = text(name, default).lower().rstrip(".")
    if value != default and not _HOST.fullmatch(value):
        raise ImproperlyConfigured(f"{name} is {value!r}: write a host name such as pilot.example.com, without a port.")
    return value


def sockets(name: str, *, port: int) -> list[tuple[str, int]]:
    """IP addresses with their ports, parted by commas: `192.0.2.1, 127.0.0.1:5353, [2001:db8::1]:53`."""
    found = []
    for entry in filter(None, (part.strip() for part in text(name).split(","))):
        try:
            parts = urlsplit(f"//{entry}" if entry.count(":") < 2 or entry.startswith("[") else f"//[{entry}]")
            found.append((str(ip_address(parts.hostname or "")), parts.port or port))
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} holds {entry!r}: write IP addresses, each with or without :port."
            ) from None
    return found


def networks(name: str, default: str) -> list[IPv4Network | IPv6Network]:
    """IP addresses and networks, parted by commas: `127.0.0.1, 10.0.0.0/8`."""
    found = []
    for entry in filter(None, (part.strip() for part in text(name, default).split(","))):
        try:
            found.append(ip_network(entry))
        except ValueError:
            raise ImproperlyConfigured(f"{name} holds {entry!r}: write IP addresses or networks.") from None
    return found


def url(name: str, default: str, *, schemes: Sequence[str]) -> str:
    """A URL with one of `schemes`, or `default`. Never echoes the value: it may hold a password."""
    value = text(name, default)
    if value and not _is_url(value, schemes):
        raise ImproperlyConfigured(f"{name} is not a URL that starts with {' or '.join(f'{s}://' for s in schemes)}.")
    return value


def _is_url(value: str, schemes: Sequence[str]) -> bool:
    try:
        parts: SplitResult = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.netloc or parts.path)
