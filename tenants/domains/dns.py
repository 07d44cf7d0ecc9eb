"""Asking DNS about a name, and saying in plain words what was found and what was expected. No database here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
from django.conf import settings

from tenants.domains.proof import Records

TRY_SECONDS, ANSWER_SECONDS = 2.0, 4.0
MOST_SHOWN, LONGEST_SHOWN = 3, 80


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, a sentence each; nothing when all is right."""

    problems: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        return not self.problems

    @property
    def words(self) -> str:
        return "\n".join(self.problems)


class _Unanswered(Exception):
    """No answer that counts; its text is the sentence to show."""


def look(wanted: Records) -> Finding:
    """Both records, asked of the name servers now. Takes at most some 16 s, when nobody answers; raises nothing."""
    resolver = make_resolver()
    problems = []
    for check in (_owner_problem, _target_problem):
        try:
            problem = check(resolver, wanted)
        except _Unanswered as error:
            problem = str(error)
        if problem:
            problems.append(problem)
    return Finding(tuple(problems))


def make_resolver() -> dns.resolver.Resolver:
    """With `DNS_SERVERS`, or as this machine is set up. Its own cache: what was wrong a minute ago may be right."""
    resolver = dns.resolver.Resolver(configure=not settings.DNS_SERVERS)
    if settings.DNS_SERVERS:
        resolver.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in settings.DNS_SERVERS]
    resolver.timeout, resolver.lifetime = TRY_SECONDS, ANSWER_SECONDS
    resolver.search = []
    return resolver


def _owner_problem(resolver: dns.resolver.Resolver, wanted: Records) -> str:
    found = _texts(resolver, wanted.txt_name)
    if wanted.txt_value in found:
        return ""
    expected = f"expected is {_quoted([wanted.txt_value])}"
    if not found:
        return f"There is no TXT record at {wanted.txt_name}; {expected}."
    return f"The TXT record at {wanted.txt_name} says {_quoted(found)}; {expected}."


def _target_problem(resolver: dns.resolver.Resolver, wanted: Records) -> str:
    """A CNAME to us, or, for a name that can have none (the top of a zone), nothing but our addresses."""
    target = dns.name.from_text(wanted.target)
    aliases = _ask(resolver, wanted.name, "CNAME")
    if aliases:
        if dns.name.from_text(aliases[0]) == target:
            return ""
        shown = aliases[0].rstrip(".")
        return f"{wanted.name} is a CNAME of {_short(shown)}; expected is a CNAME of {wanted.target}."
    found = _addresses(resolver, wanted.name)
    if not found:
        return f"There is no CNAME record at {wanted.name}; expected is a CNAME of {wanted.target}."
    ours = _addresses(resolver, wanted.target)
    if found <= ours:
        return ""
    stray = _listed(sorted(found - ours))
    return f"{wanted.name} leads to {stray}; expected is a CNAME of {wanted.target}, or its addresses and no others."


def _addresses(resolver: dns.resolver.Resolver, name: str) -> set[str]:
    return {*_ask(resolver, name, "A"), *_ask(resolver, name, "AAAA")}


def _texts(resolver: dns.resolver.Resolver, name: str) -> list[str]:
    """Each TXT record as one text: what is longer than 255 bytes comes in pieces."""
    answer = _answer(resolver, name, "TXT")
    return [b"".join(record.strings).decode("utf-8", "replace").strip() for record in answer]


def _ask(resolver: dns.resolver.Resolver, name: str, kind: str) -> list[str]:
    return [record.to_text() for record in _answer(resolver, name, kind)]


def _answer(resolver: dns.resolver.Resolver, name: str, kind: str) -> list[Any]:
    """The records, none when the name has none of this kind or does not exist. Raises `_Unanswered`."""
    try:
        return list(resolver.resolve(name, kind, raise_on_no_answer=False).rrset or [])
    except dns.resolver.NXDOMAIN:
        if kind == "TXT":
            raise _Unanswered(f"The name {name} does not exist yet: add the TXT record.") from None
        raise _Unanswered(f"The name {name} does not exist yet: add the CNAME record.") from None
    except dns.resolver.LifetimeTimeout:
        raise _Unanswered(f"The name servers did not answer within {ANSWER_SECONDS:.0f} s about {name}.") from None
    except dns.resolver.NoNameservers:
        raise _Unanswered(f"The name servers of {name} answer with an error (SERVFAIL or refused).") from None
    except dns.exception.DNSException as error:
        raise _Unanswered(f"DNS can not be asked about {name}: {type(error).__name__}.") from None


def _quoted(values: list[str]) -> str:
    return _listed([f"“{_short(value)}”" for value in values])


def _listed(values: list[str]) -> str:
    shown = ", ".join(values[:MOST_SHOWN])
    return f"{shown} and {len(values) - MOST_SHOWN} more" if len(values) > MOST_SHOWN else shown


def _short(value: str) -> str:
    printable = "".join(letter if letter.isprintable() else "�" for letter in value)
    return printable if len(printable) <= LONGEST_SHOWN else f"{printable[:LONGEST_SHOWN]}…"
