"""HTTP to addresses that a business entered: not to our own network, not for long, not without end."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter

TIMEOUT_S = 8
MAX_REDIRECTS = 3


class AddressRefused(requests.ConnectionError):
    """The address leads into our own network, or is not https."""


class OutsideOnly(HTTPAdapter):
    """Looks at every address, those of redirects too, before anything is sent.

    A name that resolves differently a moment later would get past: what is asked here answers JSON or XML to us only,
    never to the person who entered the name.
    """

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        check_address(request.url or "")
        kwargs["timeout"] = kwargs.get("timeout") or TIMEOUT_S
        return super().send(request, *args, **kwargs)


def session() -> requests.Session:
    """For the adapter of allauth and for our own look-ups."""
    made = requests.Session()
    made.max_redirects = MAX_REDIRECTS
    # Proxies and credentials of the machine are not for addresses of strangers.
    made.trust_env = False
    for scheme in ("https://", "http://"):
        made.mount(scheme, OutsideOnly())
    return made


def check_address(url: str) -> None:
    """Raises `AddressRefused`."""
    if settings.SSO_PRIVATE_ADDRESSES:
        return
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise AddressRefused("The address must begin with https://.")
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise AddressRefused("There is no such host.") from error
    if not _are_public(str(entry[4][0]) for entry in found):
        raise AddressRefused("The address leads into a private network.")


def _are_public(addresses: Iterable[str]) -> bool:
    return all(ipaddress.ip_address(address.partition("%")[0]).is_global for address in addresses)
