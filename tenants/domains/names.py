"""What may be a host name: a business's word under the installation's domain, or a whole name of its own."""

from __future__ import annotations

import re
from ipaddress import ip_address

from django.conf import settings

LONGEST_NAME = 253
# A schema's name is made from it and may need a number behind; Postgres and roles leave 41 letters.
LONGEST_WORD, SHORTEST_WORD = 38, 3

# Names that people take for the installation's own, that mail and browsers look for, or that Postgres keeps.
RESERVED = frozenset(
    {
        *("www", "www1", "www2", "web", "app", "apps", "api", "admin", "administrator", "root", "operator"),
        *("operators", "partner", "partners", "team", "teams"),
        *("mail", "email", "smtp", "imap", "pop", "pop3", "mx", "mx1", "mx2", "webmail", "autoconfig", "autodiscover"),
        *("dns", "ns", "ns1", "ns2", "ns3", "ftp", "sftp", "ssh", "vpn", "proxy", "gateway", "cdn", "static", "assets"),
        *("media", "files", "upload", "uploads", "download", "downloads", "images", "img", "css", "js"),
        *("login", "logout", "signin", "signup", "sign-in", "sign-up", "sign-out", "register", "account", "accounts"),
        *("auth", "sso", "oauth", "saml", "password", "security", "secure", "abuse", "postmaster", "hostmaster"),
        *("webmaster", "noreply", "no-reply", "support", "help", "docs", "status", "blog", "news", "about", "legal"),
        *("privacy", "terms", "imprint", "contact", "billing", "invoice", "invoices", "payment", "payments", "pay"),
        *("shop", "store", "sales-pilot", "salespilot", "pilot", "demo", "test", "testing", "staging", "stage", "dev"),
        *("beta", "alpha", "internal", "intranet", "local", "localhost", "localdomain", "broadcasthost", "metrics"),
        *("monitor", "monitoring", "health", "healthz", "livez", "grafana", "prometheus", "sentry", "wpad", "isatap"),
        *("tls", "ssl", "cert", "certs", "public", "information-schema", "isolation", "postgres", "all", "any"),
    }
)

_WORD = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


class NameRefused(ValueError):
    """The name can not be had; its text is a sentence for whoever asked."""


def word_of(text: str) -> str:
    """The sub-domain's one label, in lower case. Raises `NameRefused`. Whether it is taken, `free.is_free` says."""
    word = text.strip().lower()
    if not SHORTEST_WORD <= len(word) <= LONGEST_WORD or not _WORD.fullmatch(word):
        raise NameRefused(
            f"Use {SHORTEST_WORD} to {LONGEST_WORD} letters, digits and single hyphens; begin with a letter."
        )
    if word in RESERVED or word.startswith(("pg-", "xn-")):
        raise NameRefused("This address is kept for the installation itself. Choose another.")
    return word


def subdomain(word: str) -> str:
    """The host name of a sub-domain: `acme` → `acme.salespilot.example`."""
    return f"{word}.{settings.BUSINESS_DOMAIN}"


def own_name(text: str) -> str:
    """The host name in what somebody typed or pasted, in ASCII and lower case. Raises `NameRefused`."""
    name = re.sub(r"^[a-z]+://", "", text.strip().lower()).partition("/")[0].partition(":")[0].rstrip(".")
    try:
        name = name.encode("idna").decode("ascii")
    except UnicodeError:
        raise NameRefused("This is no host name: write one such as calls.example.com.") from None
    labels = name.split(".")
    if len(name) > LONGEST_NAME or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise NameRefused("This is no whole host name: write one such as calls.example.com.")
    if _is_address(name) or labels[-1].isdecimal():
        raise NameRefused("This is an IP address: write a host name such as calls.example.com.")
    if _is_ours(name):
        raise NameRefused("This name belongs to the installation: choose a sub-domain of it instead.")
    return name


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_ours(name: str) -> bool:
    own = (settings.PUBLIC_HOST, settings.DOMAIN_TARGET, settings.BUSINESS_DOMAIN)
    return name in own or name.endswith(f".{settings.BUSINESS_DOMAIN}")
