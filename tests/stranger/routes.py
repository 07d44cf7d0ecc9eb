"""Every address of both kinds of host, read from the URL configuration: a new one is here without being listed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern
from django.utils.regex_helper import normalize

BUSINESS, PUBLIC = "salespilot.urls", "salespilot.urls_public"
_PARAMETER = re.compile(r"<(?:[a-z_]+:)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """One address: `path` with `%(name)s` for each parameter, and the name it is known by (`admin:…` in the admin)."""

    name: str
    path: str
    parameters: frozenset[str]

    @property
    def is_admin(self) -> bool:
        return self.name.startswith("admin:")

    def at(self, values: Mapping[str, object]) -> str:
        """The path with its parameters filled; fails with what to do when one is not known."""
        missing = self.parameters - set(values)
        assert not missing, f"{self.name}: say in tests/stranger/planted.py what stands for {', '.join(missing)}."
        return self.path % values


def routes(urlconf: str) -> list[Route]:
    return sorted(_walk(get_resolver(urlconf), "/", ""), key=lambda route: (route.name, route.path))


def _walk(resolver: URLResolver, before: str, space: str) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        for piece, parameters in _pieces(entry.pattern):
            path = before + piece
            if isinstance(entry, URLResolver):
                inner = f"{space}{entry.namespace}:" if entry.namespace else space
                yield from _walk(entry, path, inner)
            elif isinstance(entry, URLPattern):
                name = space + (entry.name or entry.lookup_str.rpartition(".")[2])
                known = parameters | frozenset(re.findall(r"%\((\w+)\)s", before))
                yield Route(name, path, known)


def _pieces(pattern: object) -> Iterator[tuple[str, frozenset[str]]]:
    if isinstance(pattern, RoutePattern):
        route = str(pattern).replace("%", "%%")
        yield _PARAMETER.sub(r"%(\1)s", route), frozenset(_PARAMETER.findall(route))
    elif isinstance(pattern, RegexPattern):
        for piece, names in normalize(str(pattern).removeprefix("^")):
            yield piece, frozenset(names)
    else:
        raise TypeError(f"Teach tests/stranger/routes.py to read {type(pattern).__name__}.")
