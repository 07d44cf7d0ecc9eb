"""Turns MAIL_URL into Django's settings for mail."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

SCHEMES = ("smtp", "smtps", "file")
PORTS = {"starttls": 587, "implicit": 465, "none": 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails go: an SMTP server, or with `folder` into files. `tls` is starttls, implicit or none."""

    backend: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    tls: str = "none"
    folder: str = ""

    def __repr__(self) -> str:
        return f"MailServer({self.host or self.folder})"


def from_url(url: str) -> MailServer:
    """`smtp://user:password@host:port?tls=starttls`, `smtps://…`, or `file:///folder`.

    Raises `ImproperlyConfigured`, which never repeats the URL: it holds a password.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return MailServer("tenants.mail_folder.FolderBackend", folder=unquote(parts.path))
    query = parse_qs(parts.query)
    tls = query.pop("tls", ["implicit" if parts.scheme == "smtps" else "starttls"])[-1]
    if query or tls not in PORTS or (parts.scheme == "smtps" and tls != "implicit"):
        raise ImproperlyConfigured(
            "MAIL_URL takes one option: ?tls=starttls (as without), ?tls=implicit (as smtps://) or ?tls=none."
        )
    if not parts.hostname:
        raise ImproperlyConfigured("MAIL_URL names no host: write smtp://user:password@host:587.")
    if bool(parts.username) != bool(parts.password):
        raise ImproperlyConfigured("MAIL_URL has half a login: write both user and password, %-encoded, or neither.")
    return MailServer(
        "django.core.mail.backends.smtp.EmailBackend",
        host=parts.hostname,
        port=parts.port or PORTS[tls],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls,
    )


def sender(address: str, *, host: str) -> str:
    """The address that mails come from: `address`, else one at `host`. Raises `ImproperlyConfigured`."""
    if not address:
        return f"sales-pilot@{host}"
    try:
        validate_email(address)
    except ValidationError:
        raise ImproperlyConfigured("MAIL_FROM is no mail address: write one, for example pilot@example.com.") from None
    return address
